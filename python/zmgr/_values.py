"""What zmgr answers with: frozen values that can be compared, hashed and pickled."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from ._errors import ZmgrError
    from ._zmgr import Zone

IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
IPNetwork = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
IPInterface = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]


class _Word(str, enum.Enum):
    """An enumeration whose members are their words."""

    def __str__(self) -> str:
        return str(self.value)


class ZoneState(_Word):
    """What the registry says of a zone."""

    CREATING = "creating"
    READY = "ready"
    DESTROYING = "destroying"
    FAILED = "failed"
    UNREADABLE = "unreadable"


class ZoneStatus(_Word):
    """What the host says of a zone."""

    CONFIGURED = "configured"
    INCOMPLETE = "incomplete"
    INSTALLED = "installed"
    READY = "ready"
    RUNNING = "running"
    SHUTTING_DOWN = "shutting_down"
    DOWN = "down"
    MOUNTED = "mounted"
    ABSENT = "absent"


class Severity(_Word):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Diagnostic:
    """One finding with its place: a fault of a document, or one of several failures of a call."""

    severity: Severity
    code: str
    message: str
    help: str | None = None
    path: Path | None = None
    #: From 1.
    line: int | None = None
    #: In characters, from 1.
    column: int | None = None
    #: The bytes of the file that it is about: first and past the last.
    span: tuple[int, int] | None = None
    #: The line of the file as it stands.
    snippet: str | None = None

    def __str__(self) -> str:
        place = [str(part) for part in (self.path, self.line, self.column) if part is not None]
        return f"{':'.join(place)}: {self.message}" if place else self.message

    @classmethod
    def _from_json(cls, d: dict[str, Any]) -> Diagnostic:
        return cls(
            severity=Severity(d["severity"]),
            code=d["code"],
            message=d["message"],
            help=d["help"],
            path=None if d["path"] is None else Path(d["path"]),
            line=d["line"],
            column=d["column"],
            span=None if d["span"] is None else (d["span"][0], d["span"][1]),
            snippet=d["snippet"],
        )


@dataclass(frozen=True)
class Command:
    """A command of the host that failed."""

    #: The program and its arguments.
    argv: tuple[str, ...]
    #: The exit status; None when a signal ended it.
    status: int | None
    #: The signal that ended it.
    signal: int | None
    #: The last lines of standard output.
    stdout: str
    #: The last lines of standard error.
    stderr: str
    #: The file that holds all that it printed.
    log: Path | None

    @classmethod
    def _from_json(cls, c: dict[str, Any]) -> Command:
        log = None if c["log"] is None else Path(c["log"])
        return cls(tuple(c["argv"]), c["status"], c["signal"], c["stdout"], c["stderr"], log)


@dataclass(frozen=True)
class Address:
    """One address of a net."""

    #: The address with the prefix length of its network.
    address: IPInterface
    gateway: IPAddress | None = None


@dataclass(frozen=True)
class Net:
    """One net of a zone."""

    name: str
    pool: str | None
    addresses: tuple[Address, ...]
    #: The VNIC that was made for it.
    vnic: str | None
    #: The link below the VNIC.
    stub: str | None
    #: The MAC address of the VNIC, as dladm prints it.
    mac: str | None
    vlan: int | None
    #: The existing link that it uses in place of a VNIC.
    physical: str | None
    #: Whether zmgr made the VNIC, and so may delete it.
    managed: bool

    @property
    def address(self) -> IPInterface | None:
        """The first address."""
        return self.addresses[0].address if self.addresses else None

    @property
    def gateway(self) -> IPAddress | None:
        """The gateway of the first address."""
        return self.addresses[0].gateway if self.addresses else None

    @classmethod
    def _from_json(cls, n: dict[str, Any]) -> Net:
        return cls(
            name=n["name"],
            pool=n["pool"],
            addresses=tuple(
                Address(
                    ipaddress.ip_interface(a["address"]),
                    None if a["gateway"] is None else ipaddress.ip_address(a["gateway"]),
                )
                for a in n["addresses"]
            ),
            vnic=n["vnic"],
            stub=n["stub"],
            mac=n["mac"],
            vlan=n["vlan"],
            physical=n["physical"],
            managed=n["managed"],
        )


class EventKind(_Word):
    """What happened."""

    STARTED = "started"
    STEP_STARTED = "step-started"
    COMMAND = "command"
    RUNNING = "running"
    STEP_DONE = "step-done"
    STEP_FAILED = "step-failed"
    UNDOING = "undoing"
    WARNING = "warning"
    LOG = "log"
    FINISHED = "finished"
    OTHER = "other"


@dataclass(frozen=True)
class Event:
    """One thing that happened while an operation runs."""

    kind: EventKind
    zone: str
    #: The step's id within the plan, such as ``install``; empty for events of the zone as a whole.
    step: str
    #: Which step, from 1; 0 for events of the zone as a whole.
    position: int
    #: How many steps there are.
    steps: int
    #: The words of a command, the last line that it printed, why a step failed, a warning, the path of a log.
    message: str | None = None
    #: Seconds that the step or the command has taken.
    elapsed: float | None = None
    #: False for a step that failed and for a zone that did not come to what was asked.
    ok: bool = True


@dataclass(frozen=True)
class Outcome:
    """What became of one zone."""

    name: str
    #: In a word: ``created``, ``destroyed``, ``adopted``, ``skipped``, …
    action: str
    #: The zone as it is now, where it still is and nothing failed.
    zone: Zone | None
    #: Why it failed.
    error: ZmgrError | None
    #: What a person should know, and which stopped nothing.
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What became of each zone of an operation, in the order of the request."""

    outcomes: tuple[Outcome, ...]

    @property
    def zones(self) -> list[Zone]:
        """The zones of which everything asked was done and which still are."""
        return [o.zone for o in self.outcomes if o.zone is not None]

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)

    def __len__(self) -> int:
        return len(self.outcomes)


@dataclass(frozen=True)
class PlannedFile:
    """A file that a step writes."""

    path: str
    #: In full; empty where the file goes.
    text: str


@dataclass(frozen=True)
class PlannedStep:
    """One step of a change."""

    id: str
    kind: str
    #: The command, where it runs one: the absolute path of the program, then its arguments.
    argv: tuple[str, ...]
    files: tuple[PlannedFile, ...]
    #: The command that takes it back, where one does.
    undo: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """What a plan would do to one zone."""

    zone: str
    entry_id: str
    steps: tuple[PlannedStep, ...]
    #: What else a person should know before approving.
    notes: tuple[str, ...]

    @classmethod
    def _from_json(cls, c: dict[str, Any]) -> Change:
        return cls(
            zone=c["zone"],
            entry_id=c["entry_id"],
            steps=tuple(
                PlannedStep(
                    id=s["id"],
                    kind=s["kind"],
                    argv=tuple(s.get("argv", ())),
                    files=tuple(PlannedFile(f["path"], f["text"]) for f in s.get("files", ())),
                    undo=tuple(s.get("undo", ())),
                )
                for s in c["steps"]
            ),
            notes=tuple(c.get("notes", ())),
        )


@dataclass(frozen=True)
class Allocation:
    """What an owner holds of a pool."""

    pool: str
    owner: str
    #: IPv4 first, each with the prefix length of its network.
    addresses: tuple[IPInterface, ...]
    #: What tells this reservation from earlier and later ones of the same name.
    id: str

    @classmethod
    def _from_json(cls, a: dict[str, Any]) -> Allocation:
        addresses = tuple(ipaddress.ip_interface(text) for text in a["addresses"])
        return cls(a["pool"], a["owner"], addresses, a["id"])


@dataclass(frozen=True)
class AddressRun:
    """A run of addresses, both ends included."""

    first: IPAddress
    last: IPAddress
    count: int


@dataclass(frozen=True)
class UsedRun:
    """Neighbouring addresses of a pool that are taken for the same."""

    first: IPAddress
    last: IPAddress
    count: int
    #: ``zone``, ``reservation``, ``host``, ``gateway``, ``excluded``, ``reserved`` or ``free``.
    taken_for: str


@dataclass(frozen=True)
class FamilyUsage:
    """Where the addresses of one family of a pool went. The parts add up to ``total``."""

    #: ``ipv4`` or ``ipv6``.
    family: str
    #: The addresses of the ranges that a host may have.
    total: int
    #: Held by anybody: by zones, reservations and the host.
    used: int
    zones: int
    reservations: int
    host: int
    gateways: int
    excluded: int
    #: Reserved in the pool for somebody who does not hold it yet.
    reserved: int
    free: int
    #: Held, in one of the networks, but outside the ranges. Not part of ``total``.
    outside: int
    largest_free: AddressRun | None
    #: Every address of the ranges, ascending: neighbours that are taken for the same are one run.
    map: tuple[UsedRun, ...]


@dataclass(frozen=True)
class FleetZone:
    """One zone of a fleet of hosts."""

    #: Name of its host: the node ``host`` of that tree's config.kdl, otherwise the path of the tree.
    host: str
    name: str
    id: str | None
    template: str | None
    #: Addresses that its file asks for or that were applied.
    addresses: tuple[IPInterface, ...]
    macs: tuple[str, ...]
    #: Its file.
    file: Path

    @classmethod
    def _from_json(cls, z: dict[str, Any]) -> FleetZone:
        return cls(
            host=z["host"],
            name=z["name"],
            id=z["id"],
            template=z["template"],
            addresses=tuple(ipaddress.ip_interface(address) for address in z["addresses"]),
            macs=tuple(z["macs"]),
            file=Path(z["file"]),
        )


@dataclass(frozen=True)
class HeldAddress:
    """An address and who holds it."""

    address: IPAddress
    #: ``zone``, ``reservation``, ``host``, ``host-zone`` or ``gateway``.
    kind: str
    name: str
    #: Whether the pool could give it.
    in_range: bool


def _run(r: dict[str, Any]) -> tuple[IPAddress, IPAddress, int]:
    return ipaddress.ip_address(r["first"]), ipaddress.ip_address(r["last"]), int(r["count"])


@dataclass(frozen=True)
class PoolUsage:
    """How full a pool is and who holds its addresses."""

    pool: str
    families: tuple[FamilyUsage, ...]
    #: Every address in its networks that somebody holds, ascending, IPv4 first.
    holders: tuple[HeldAddress, ...]
    #: Files that cannot be read and may hold more: while there are any, the pool gives nothing.
    unknown: tuple[Diagnostic, ...]

    @classmethod
    def _from_json(cls, u: dict[str, Any]) -> PoolUsage:
        counts = ("total", "used", "zones", "reservations", "host", "gateways", "excluded", "reserved", "free", "outside")
        families = []
        for f in u["families"]:
            free = f["largest-free"]
            # Counts beyond 64 bits come as text.
            numbers = {name: int(f[name]) for name in counts}
            families.append(
                FamilyUsage(
                    family=f["family"],
                    largest_free=None if free is None else AddressRun(*_run(free)),
                    map=tuple(UsedRun(*_run(part), part["taken-for"]) for part in f["map"]),
                    **numbers,
                )
            )
        holders = (
            HeldAddress(ipaddress.ip_address(h["address"]), h["kind"], h["name"], h["in-range"]) for h in u["holders"]
        )
        unknown = (Diagnostic._from_json(d) for d in u["unknown"])
        return cls(u["pool"], tuple(families), tuple(holders), tuple(unknown))


@dataclass(frozen=True)
class ExecResult:
    """How a command inside a zone ended."""

    status: int
    #: What it wrote, unless ``output=`` heard it.
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True)
class Config:
    """``config.kdl``: what holds for the whole tree. Times are in seconds."""

    zonepath_prefix: str
    default_template: str | None
    lock_timeout: float
    #: ``rollback`` or ``keep``.
    on_failure: str
    vnic_name: str
    timeouts: dict[str, float]
    log_dir: str
    #: The layer beneath every template.
    defaults: dict[str, Any]

    @classmethod
    def _from_json(cls, c: dict[str, Any]) -> Config:
        return cls(**c)


@dataclass(frozen=True)
class Template:
    """``templates/NAME.kdl``: what zones have in common."""

    name: str
    extends: str | None
    nets: tuple[dict[str, Any], ...]
    settings: dict[str, Any]

    @classmethod
    def _from_json(cls, t: dict[str, Any]) -> Template:
        return cls(t["name"], t["extends"], tuple(t["nets"]), t["settings"])


@dataclass(frozen=True)
class PoolNetwork:
    """One network of a pool."""

    network: IPNetwork
    gateway: IPAddress | None
    #: First and last address of each; none means the whole network.
    ranges: tuple[tuple[IPAddress, IPAddress], ...]
    #: First and last address of what is never given.
    excludes: tuple[tuple[IPAddress, IPAddress], ...]
    #: Single addresses kept for a zone or owner of this name.
    reserves: tuple[tuple[IPAddress, str], ...]


@dataclass(frozen=True)
class Pool:
    """``pools/NAME.kdl``: networks and the link that leads to them."""

    name: str
    networks: tuple[PoolNetwork, ...]
    stub: str | None
    vlan: int | None
    mtu: int | None
    resolvers: tuple[IPAddress, ...]
    #: ``lowest`` or ``next``.
    strategy: str

    @classmethod
    def _from_json(cls, p: dict[str, Any]) -> Pool:
        ip = ipaddress.ip_address
        networks = tuple(
            PoolNetwork(
                network=ipaddress.ip_network(n["network"]),
                gateway=None if n["gateway"] is None else ip(n["gateway"]),
                ranges=tuple((ip(first), ip(last)) for first, last in n["ranges"]),
                excludes=tuple((ip(first), ip(last)) for first, last in n["excludes"]),
                reserves=tuple((ip(address), owner) for address, owner in n["reserves"]),
            )
            for n in p["networks"]
        )
        resolvers = tuple(ip(r) for r in p["resolvers"])
        return cls(p["name"], networks, p["stub"], p["vlan"], p["mtu"], resolvers, p["strategy"])


@dataclass(frozen=True)
class Publisher:
    """``publishers/NAME.kdl``: where packages come from."""

    name: str
    origins: tuple[str, ...]
    mirrors: tuple[str, ...]
    sticky: bool
    ssl_cert: str | None
    ssl_key: str | None

    @classmethod
    def _from_json(cls, p: dict[str, Any]) -> Publisher:
        return cls(
            p["name"], tuple(p["origins"]), tuple(p["mirrors"]), p["sticky"], p["ssl_cert"], p["ssl_key"]
        )


class DriftStatus(_Word):
    """How a zone stands against its files."""

    CLEAN = "clean"
    DIFFERS = "differs"
    #: Applied; the zone must reboot for some of it.
    PENDING = "pending"
    #: Differs only in what ``apply`` cannot change on an existing zone.
    MINOR = "minor"
    NOT_BUILT = "not-built"
    ABSENT = "absent"
    UNFINISHED = "unfinished"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class DriftItem:
    """One point in which wish and host differ. A side that says nothing of it is None."""

    what: str
    wish: str | None
    #: What zmgr applied last.
    applied: str | None
    host: str | None
    #: Who changed it since: ``files``, ``host``, ``both`` or ``foreign``.
    cause: str
    #: The line that wishes it.
    path: Path | None
    line: int | None
    #: When applying it takes effect: ``at-once``, ``reboot``, ``reinstall`` or ``never``.
    effect: str | None
    #: Whether it counts as drift.
    counts: bool


@dataclass(frozen=True)
class ZoneDrift:
    """In what a zone differs from its files."""

    name: str
    status: DriftStatus
    items: tuple[DriftItem, ...]
    #: Changes that were applied while it ran and take effect at its next boot.
    pending: tuple[str, ...]
    #: What is wrong with its documents.
    fault: Diagnostic | None

    @classmethod
    def _from_json(cls, d: dict[str, Any]) -> ZoneDrift:
        items = tuple(
            DriftItem(
                what=i["what"],
                wish=i["wish"],
                applied=i["applied"],
                host=i["host"],
                cause=i["cause"],
                path=None if i["path"] is None else Path(i["path"]),
                line=i["line"],
                effect=i["effect"],
                counts=i["counts"],
            )
            for i in d["items"]
        )
        fault = None if d["fault"] is None else Diagnostic._from_json(d["fault"])
        return cls(d["name"], DriftStatus(d["status"]), items, tuple(d["pending"]), fault)
