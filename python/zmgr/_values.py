"""Values that zmgr returns. They are frozen and can be compared, hashed and pickled."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from ._zmgr import Zone

IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
IPNetwork = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
IPInterface = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]


class _Word(str, enum.Enum):
    """Enumeration whose members are strings."""

    def __str__(self) -> str:
        return str(self.value)


class ZoneState(_Word):
    """State of a zone in the registry."""

    CREATING = "creating"
    READY = "ready"
    DESTROYING = "destroying"
    FAILED = "failed"
    UNREADABLE = "unreadable"


class ZoneStatus(_Word):
    """Status of a zone on the host."""

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
    """Severity of a diagnostic."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Diagnostic:
    """Message about a configuration file or one of several failures, with its place."""

    severity: Severity
    code: str
    message: str
    help: str | None = None
    path: Path | None = None
    #: Line, counted from 1.
    line: int | None = None
    #: Column in characters, counted from 1.
    column: int | None = None
    #: Byte range in the file: first, and one past the last.
    span: tuple[int, int] | None = None
    #: Text of the line.
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
    """Host command that failed."""

    #: Program and arguments.
    argv: tuple[str, ...]
    #: Exit status; None if a signal ended the command.
    status: int | None
    #: Signal that ended the command; None if it exited.
    signal: int | None
    #: Last lines of standard output.
    stdout: str
    #: Last lines of standard error.
    stderr: str
    #: Log with all output of the command; None if there is none.
    log: Path | None

    @classmethod
    def _from_json(cls, c: dict[str, Any]) -> Command:
        log = None if c["log"] is None else Path(c["log"])
        return cls(tuple(c["argv"]), c["status"], c["signal"], c["stdout"], c["stderr"], log)


@dataclass(frozen=True)
class Address:
    """Address of a net."""

    #: Address with the prefix length of its network.
    address: IPInterface
    gateway: IPAddress | None = None


@dataclass(frozen=True)
class Net:
    """Net of a zone."""

    name: str
    pool: str | None
    addresses: tuple[Address, ...]
    #: VNIC of the net; None if it has none.
    vnic: str | None
    #: Link under the VNIC.
    stub: str | None
    #: MAC address of the VNIC, as dladm prints it.
    mac: str | None
    vlan: int | None
    #: Existing link that the net uses instead of a VNIC.
    physical: str | None
    #: True if zmgr created the VNIC and may delete it.
    managed: bool

    @property
    def address(self) -> IPInterface | None:
        """First address; None if the net has none."""
        return self.addresses[0].address if self.addresses else None

    @property
    def gateway(self) -> IPAddress | None:
        """Gateway of the first address; None if it has none."""
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
    """Kind of an event."""

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
    """Progress event of an operation."""

    kind: EventKind
    zone: str
    #: Id of the step within the plan, such as ``install``; empty for events of the whole zone.
    step: str
    #: Number of the step, counted from 1; 0 for events of the whole zone.
    position: int
    #: Number of steps.
    steps: int
    #: Command line, last line of output, reason for a failure, warning, or path of a log, depending on the kind.
    message: str | None = None
    #: Time that the step or command has taken, in seconds.
    elapsed: float | None = None
    #: False if the step, or the operation on the zone, failed.
    ok: bool = True


@dataclass(frozen=True)
class PlannedFile:
    """File that a step writes."""

    path: str
    #: Full text; empty if the file is removed.
    text: str


@dataclass(frozen=True)
class PlannedStep:
    """Step of a change."""

    id: str
    kind: str
    #: Command, if any: the absolute path of the program, then its arguments.
    argv: tuple[str, ...]
    files: tuple[PlannedFile, ...]
    #: Command that undoes the step, if any.
    undo: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """Planned change of one zone."""

    zone: str
    entry_id: str
    steps: tuple[PlannedStep, ...]
    #: Information to read before approving the plan.
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
    """Addresses that an owner holds in a pool."""

    pool: str
    owner: str
    #: Addresses with the prefix length of their network, IPv4 first.
    addresses: tuple[IPInterface, ...]
    #: Id of the reservation, which differs from earlier and later ones of the same name.
    id: str

    @classmethod
    def _from_json(cls, a: dict[str, Any]) -> Allocation:
        addresses = tuple(ipaddress.ip_interface(text) for text in a["addresses"])
        return cls(a["pool"], a["owner"], addresses, a["id"])


@dataclass(frozen=True)
class AddressRun:
    """Run of consecutive addresses, including both ends."""

    first: IPAddress
    last: IPAddress
    count: int


@dataclass(frozen=True)
class UsedRun:
    """Run of consecutive addresses of a pool with the same use."""

    first: IPAddress
    last: IPAddress
    count: int
    #: ``zone``, ``reservation``, ``host``, ``gateway``, ``excluded``, ``reserved`` or ``free``.
    taken_for: str


@dataclass(frozen=True)
class FamilyUsage:
    """Use of the addresses of one family of a pool. The parts add up to ``total``."""

    #: ``ipv4`` or ``ipv6``.
    family: str
    #: Number of usable addresses in the ranges.
    total: int
    #: Number of addresses held by zones, reservations and the host.
    used: int
    zones: int
    reservations: int
    host: int
    gateways: int
    excluded: int
    #: Number of addresses reserved in the pool's file and not held yet.
    reserved: int
    free: int
    #: Number of addresses held in the networks but outside the ranges; not part of ``total``.
    outside: int
    largest_free: AddressRun | None
    #: Runs that cover every address of the ranges, ascending.
    map: tuple[UsedRun, ...]


@dataclass(frozen=True)
class FleetZone:
    """Zone of one of several hosts."""

    #: Name of the host: the node ``host`` of that tree's config.kdl, otherwise the path of the tree.
    host: str
    name: str
    id: str | None
    template: str | None
    #: Addresses in the zone's file, desired or applied.
    addresses: tuple[IPInterface, ...]
    macs: tuple[str, ...]
    #: Path of the zone's file.
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
    """Address and its holder."""

    address: IPAddress
    #: ``zone``, ``reservation``, ``host``, ``host-zone`` or ``gateway``.
    kind: str
    name: str
    #: True if the pool can allocate the address.
    in_range: bool


def _run(r: dict[str, Any]) -> tuple[IPAddress, IPAddress, int]:
    return ipaddress.ip_address(r["first"]), ipaddress.ip_address(r["last"]), int(r["count"])


@dataclass(frozen=True)
class PoolUsage:
    """Use of a pool and the holders of its addresses."""

    pool: str
    #: Of a pool with shares, only this host's share counts.
    families: tuple[FamilyUsage, ...]
    #: Name of this host, if the pool has shares and the name is known.
    host: str | None
    #: Shares of all hosts.
    shares: tuple[PoolShare, ...]
    #: Held addresses in the pool's networks, ascending, IPv4 first.
    holders: tuple[HeldAddress, ...]
    #: Unreadable files, which may hold more addresses. While there are any, the pool allocates nothing.
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
        shares = tuple(PoolShare._from_json(s) for s in u["shares"])
        return cls(u["pool"], tuple(families), u["host"], shares, tuple(holders), tuple(unknown))


@dataclass(frozen=True)
class ExecResult:
    """Result of a command inside a zone."""

    status: int
    #: Output; empty if ``output=`` was given.
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True)
class Config:
    """``config.kdl``: global settings. Times are in seconds."""

    #: Name of this host in a fleet, if the file gives it.
    host: str | None
    #: Whether a zone name may exist on one host of the fleet only.
    unique_names: bool
    zonepath_prefix: str
    default_template: str | None
    lock_timeout: float
    #: ``rollback`` or ``keep``.
    on_failure: str
    vnic_name: str
    #: First bytes of the MAC addresses that zmgr chooses, such as ``2:8:20``.
    mac_prefix: str | None
    timeouts: dict[str, float]
    log_dir: str
    #: Defaults for all templates.
    defaults: dict[str, Any]
    #: Environment variables of the commands that fetch packages, with passwords hidden.
    environment: dict[str, str]

    @classmethod
    def _from_json(cls, c: dict[str, Any]) -> Config:
        return cls(**c)


@dataclass(frozen=True)
class Template:
    """Zone template (``templates/NAME.kdl``)."""

    name: str
    extends: str | None
    nets: tuple[dict[str, Any], ...]
    settings: dict[str, Any]

    @classmethod
    def _from_json(cls, t: dict[str, Any]) -> Template:
        return cls(t["name"], t["extends"], tuple(t["nets"]), t["settings"])


@dataclass(frozen=True)
class PoolShare:
    """Addresses of a pool that one host of a fleet allocates from."""

    host: str
    first: IPAddress
    last: IPAddress

    @classmethod
    def _from_json(cls, s: dict[str, Any]) -> PoolShare:
        return cls(s["host"], ipaddress.ip_address(s["first"]), ipaddress.ip_address(s["last"]))


@dataclass(frozen=True)
class PoolNetwork:
    """Network of a pool."""

    network: IPNetwork
    gateway: IPAddress | None
    #: First and last address of each range; empty means the whole network.
    ranges: tuple[tuple[IPAddress, IPAddress], ...]
    #: Parts that hosts of a fleet allocate from.
    shares: tuple[PoolShare, ...]
    #: First and last address of each range that is never allocated.
    excludes: tuple[tuple[IPAddress, IPAddress], ...]
    #: Addresses kept for a zone or owner of this name.
    reserves: tuple[tuple[IPAddress, str], ...]


@dataclass(frozen=True)
class Pool:
    """Address pool (``pools/NAME.kdl``): networks and their link."""

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
                shares=tuple(PoolShare._from_json(s) for s in n["shares"]),
                excludes=tuple((ip(first), ip(last)) for first, last in n["excludes"]),
                reserves=tuple((ip(address), owner) for address, owner in n["reserves"]),
            )
            for n in p["networks"]
        )
        resolvers = tuple(ip(r) for r in p["resolvers"])
        return cls(p["name"], networks, p["stub"], p["vlan"], p["mtu"], resolvers, p["strategy"])


@dataclass(frozen=True)
class Publisher:
    """Package publisher (``publishers/NAME.kdl``)."""

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
    """Drift of a zone."""

    CLEAN = "clean"
    DIFFERS = "differs"
    #: Applied; some changes take effect at the next boot.
    PENDING = "pending"
    #: Differs only in settings that ``apply`` cannot change on an existing zone.
    MINOR = "minor"
    NOT_BUILT = "not-built"
    ABSENT = "absent"
    UNFINISHED = "unfinished"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class DriftItem:
    """Difference between desired, applied and actual state. A side without a value is None."""

    what: str
    #: Desired value.
    desired: str | None
    #: Last applied value.
    applied: str | None
    host: str | None
    #: Side that changed since: ``files``, ``host``, ``both`` or ``foreign``.
    cause: str
    #: File and line of the desired value.
    path: Path | None
    line: int | None
    #: Time at which the change takes effect: ``at-once``, ``reboot``, ``reinstall`` or ``never``.
    effect: str | None
    #: True if the difference counts as drift.
    counts: bool


@dataclass(frozen=True)
class ZoneDrift:
    """Differences of a zone from its files."""

    name: str
    status: DriftStatus
    items: tuple[DriftItem, ...]
    #: Applied changes that take effect at the next boot.
    pending: tuple[str, ...]
    #: Error in the zone's files.
    fault: Diagnostic | None

    @classmethod
    def _from_json(cls, d: dict[str, Any]) -> ZoneDrift:
        items = tuple(
            DriftItem(
                what=i["what"],
                desired=i["desired"],
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
