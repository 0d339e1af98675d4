"""Values that zmgr returns. They are frozen and can be compared, sorted, hashed and pickled."""

# Conversions from JSON are private to the package, not to a class.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import enum
import functools
import ipaddress
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Union, cast

IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
IPNetwork = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
IPInterface = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]


def _rank(value: object) -> tuple[Any, ...]:
    """Returns a key by which values of different types can be sorted. None comes first."""
    if value is None:
        return (0,)
    if isinstance(value, (bool, int, float)):
        return (1, value)
    if isinstance(value, (str, enum.Enum, Path)):
        return (2, str(value))
    if isinstance(value, (ipaddress.IPv4Interface, ipaddress.IPv6Interface)):
        return (3, value.version, int(value.ip), value.network.prefixlen)
    if isinstance(value, (ipaddress.IPv4Address, ipaddress.IPv6Address)):
        return (3, value.version, int(value))
    if isinstance(value, (ipaddress.IPv4Network, ipaddress.IPv6Network)):
        return (3, value.version, int(value.network_address), value.prefixlen)
    if isinstance(value, (tuple, list)):
        return (4, *map(_rank, cast("list[object]", value)))
    if isinstance(value, dict):
        return (5, *((key, _rank(member)) for key, member in sorted(cast("dict[str, object]", value).items())))
    if isinstance(value, _Value):
        return (6, *value._sort_key())
    if isinstance(value, datetime):
        return (7, value.timestamp())
    return (8, repr(value))


@functools.total_ordering
class _Value:
    """Value that sorts by its fields, in their order. None comes before everything else, IPv4 before IPv6."""

    def _sort_key(self) -> tuple[Any, ...]:
        return tuple(_rank(getattr(self, each.name)) for each in fields(self))  # type: ignore[arg-type]

    def __lt__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _rank(self) < _rank(other)


def _time(text: str) -> datetime:
    """Reads a time in RFC 3339."""
    # Before 3.11 Python does not read the Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))


class _Word(str, enum.Enum):
    """Enumeration whose members are strings."""

    def __str__(self) -> str:
        return str(self.value)


class ZoneState(_Word):
    """State of a zone in the registry."""

    CREATING = "creating"
    READY = "ready"
    DESTROYING = "destroying"
    DETACHED = "detached"
    FAILED = "failed"
    UNREADABLE = "unreadable"
    #: A newer zmgr wrote its entry: its addresses are held, and this zmgr does not change it.
    NEWER = "newer"
    UNKNOWN = "unknown"


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
    UNKNOWN = "unknown"


class Origin(_Word):
    """Origin of a zone's entry."""

    #: zmgr created the zone.
    CREATE = "create"
    #: The zone was imported.
    IMPORT = "import"
    #: A golden zone, from which others are cloned.
    GOLDEN = "golden"


class Operation(_Word):
    """Operation that can be planned."""

    CREATE = "create"
    DESTROY = "destroy"
    REINSTALL = "reinstall"
    APPLY = "apply"
    IMPORT = "import"
    FORGET = "forget"
    BOOT = "boot"
    SHUTDOWN = "shutdown"
    RENAME = "rename"
    SNAPSHOT_CREATE = "snapshot-create"
    SNAPSHOT_DELETE = "snapshot-delete"
    SNAPSHOT_ROLLBACK = "snapshot-rollback"
    DETACH = "detach"
    ATTACH = "attach"
    UPDATE = "update"
    REFRESH = "refresh"


class Action(_Word):
    """Action of an operation on a zone."""

    CREATED = "created"
    DESTROYED = "destroyed"
    REINSTALLED = "reinstalled"
    #: Its changes were applied.
    APPLIED = "applied"
    #: It was destroyed and created again to apply its changes.
    RECREATED = "recreated"
    #: It was imported.
    ADOPTED = "adopted"
    DETACHED = "detached"
    ATTACHED = "attached"
    UPDATED = "updated"
    #: Its entry was removed.
    FORGOTTEN = "forgotten"
    RENAMED = "renamed"
    SNAPSHOT_TAKEN = "snapshot-taken"
    SNAPSHOT_DELETED = "snapshot-deleted"
    #: It was rolled back to a snapshot.
    ROLLED_BACK = "rolled-back"
    BOOTED = "booted"
    HALTED = "halted"
    SHUT_DOWN = "shut-down"
    REBOOTED = "rebooted"
    #: Its interrupted operation was finished.
    FINISHED = "finished"
    #: Its interrupted operation was given up, and the zone is as before.
    RESTORED = "restored"
    #: Its interrupted operation was undone.
    UNDONE = "undone"
    #: There was nothing to do.
    UNCHANGED = "unchanged"
    #: It was left out; the notes say why.
    SKIPPED = "skipped"
    #: The operation failed; the outcome has the error.
    FAILED = "failed"


class Family(_Word):
    """Family of addresses."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class AddressUse(_Word):
    """Use of an address of a pool."""

    #: Held by a zone of the registry.
    ZONE = "zone"
    #: Held by a reservation.
    RESERVATION = "reservation"
    #: Held by the host or by a zone that is not in the registry.
    HOST = "host"
    #: Held by another host of the fleet.
    FLEET = "fleet"
    #: A gateway of the pool's networks.
    GATEWAY = "gateway"
    #: Excluded by the pool.
    EXCLUDED = "excluded"
    #: Reserved in the pool for an owner that does not hold it yet.
    RESERVED = "reserved"
    FREE = "free"


class HeldBy(_Word):
    """Kind of the holder of an address in a pool."""

    #: A zone of the registry.
    ZONE = "zone"
    RESERVATION = "reservation"
    #: The host itself.
    HOST = "host"
    #: A zone of the host that is not in the registry.
    HOST_ZONE = "host-zone"
    #: Another host of the fleet.
    FLEET = "fleet"
    GATEWAY = "gateway"


class OnFailure(_Word):
    """Treatment of completed steps when a later one fails."""

    #: They are undone.
    ROLLBACK = "rollback"
    #: They are kept, and the entry is in the state ``failed``.
    KEEP = "keep"


class Strategy(_Word):
    """Rule by which a pool chooses a free address."""

    LOWEST = "lowest"
    #: The first one after the newest entry's.
    NEXT = "next"


class DriftCause(_Word):
    """Side that has changed since the last apply."""

    FILES = "files"
    HOST = "host"
    BOTH = "both"
    #: Something that is not in the files.
    FOREIGN = "foreign"


class TakesEffect(_Word):
    """When a change takes effect on an existing zone."""

    AT_ONCE = "at-once"
    #: At the zone's next boot.
    REBOOT = "reboot"
    #: At the zone's next installation.
    REINSTALL = "reinstall"
    #: Another zone must be created.
    NEVER = "never"


class Severity(_Word):
    """Severity of a diagnostic."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Diagnostic(_Value):
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
class Command(_Value):
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
class Address(_Value):
    """Address of a net."""

    #: Address with the prefix length of its network.
    address: IPInterface
    gateway: IPAddress | None = None


@dataclass(frozen=True)
class Net(_Value):
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
class Event(_Value):
    """Progress event of an operation."""

    kind: EventKind
    zone: str
    #: Id of the step within the plan, such as ``install``; empty for events of the whole zone.
    step: str
    #: Number of the step, counted from 1; 0 for events of the whole zone.
    position: int
    #: Number of steps.
    steps: int
    #: Command line, last line of output, reason for a failure, warning, path of a log, or outcome, depending on the kind.
    message: str | None = None
    #: Time that the step or command has taken, in seconds.
    elapsed: float | None = None
    #: False if the step, or the operation on the zone, failed.
    ok: bool = True
    #: Number of zones of the operation that have finished, this event included.
    zones_done: int = 0
    #: Number of zones of the operation.
    zones: int = 0


@dataclass(frozen=True)
class PlannedFile(_Value):
    """File that a step writes."""

    path: str
    #: Full text; empty if the file is removed.
    text: str


class StepKind(_Word):
    """Kind of a step of a plan."""

    #: Creates a VNIC.
    VNIC = "vnic"
    #: Renames a VNIC, or sets a property of it.
    LINK = "link"
    #: Deletes a VNIC.
    UNLINK = "unlink"
    #: Creates an interface or an address in the running zone, or removes one.
    PLUMB = "plumb"
    #: Creates a delegated dataset.
    DATASET = "dataset"
    #: Sets the quota of the zone's dataset.
    QUOTA = "quota"
    #: Destroys a delegated dataset that zmgr created.
    PURGE = "purge"
    #: Destroys a dataset that is left of a source of clones.
    ORIGIN = "origin"
    #: Creates the configuration with zonecfg.
    CONFIGURE = "configure"
    #: Changes the configuration with zonecfg.
    RECONFIGURE = "reconfigure"
    #: Deletes the configuration.
    UNCONFIGURE = "unconfigure"
    #: Gives the configuration another name.
    ZONECFG = "zonecfg"
    #: Sets autoboot.
    AUTOBOOT = "autoboot"
    #: Clears autoboot.
    AUTOBOOT_OFF = "autoboot-off"
    #: Installs the zone.
    INSTALL = "install"
    #: Clones the zone from another, or from a snapshot.
    CLONE = "clone"
    #: Uninstalls the zone.
    UNINSTALL = "uninstall"
    #: Attaches the zone's files.
    ATTACH = "attach"
    #: Detaches the zone's files.
    DETACH = "detach"
    #: Moves the zone to another zonepath.
    MOVE = "move"
    #: Writes files for the first boot.
    FIRST_BOOT = "first-boot"
    #: Sets a publisher.
    PUBLISHER = "publisher"
    #: Removes and orders publishers.
    PUBLISHERS = "publishers"
    #: Fetches the catalogs of the publishers.
    REFRESH = "refresh"
    #: Installs or updates packages.
    PACKAGES = "packages"
    #: Updates packages of a running zone.
    PACKAGES_RUNNING = "packages-running"
    #: Boots the zone.
    BOOT = "boot"
    #: Halts the zone.
    HALT = "halt"
    #: Shuts the zone down.
    SHUTDOWN = "shutdown"
    #: Reboots the zone.
    REBOOT = "reboot"
    #: Keeps a copy of the zone's file.
    COPY = "copy"
    #: Takes a snapshot.
    TAKE = "take"
    #: Destroys a snapshot.
    DELETE = "delete"
    #: Destroys a snapshot that is later than the one of the rollback.
    DISCARD = "discard"
    #: Removes the record of such a snapshot.
    DISCARDED = "discarded"
    #: Rolls a dataset back.
    ROLLBACK = "rollback"
    #: Clones a boot environment from a snapshot.
    CLONE_ENVIRONMENT = "clone-environment"
    #: Activates the new boot environment.
    ACTIVATE = "activate"
    #: Deactivates the old boot environment.
    DEACTIVATE = "deactivate"
    #: Mounts the active boot environment.
    MOUNT = "mount"
    #: Unmounts the root of a zone that is reinstalled, to keep it.
    UNMOUNT = "unmount"
    #: Marks a boot environment as an old root, so that an uninstall leaves it.
    SET_ASIDE = "set-aside"
    #: Destroys a root that was kept when its zone was reinstalled.
    DROP_ROOT = "drop-root"
    #: Moves the copies of the zone's file.
    COPIES = "copies"
    #: Destroys the snapshots that are left of a removed zone.
    DROP_SNAPSHOTS = "drop-snapshots"
    #: Moves the entry to another name.
    ENTRY = "entry"
    #: Edits a configuration file that names the zone.
    DOCUMENT = "document"
    #: Writes addresses and names to the entry.
    RESERVE = "reserve"
    #: Writes the applied state to the entry.
    APPLIED = "applied"
    #: Completes the entry.
    READY = "ready"
    #: Writes the entry of an imported zone.
    ADOPT = "adopt"
    #: Removes the entry, or the record of a snapshot.
    FORGET = "forget"
    #: Marks the entry as detached.
    DETACHED = "detached"
    #: Releases what the zone holds in the fleet.
    RELEASE = "release"


@dataclass(frozen=True)
class PlannedStep(_Value):
    """Step of a change."""

    id: str
    kind: StepKind
    #: Command, if any: the absolute path of the program, then its arguments.
    argv: tuple[str, ...]
    files: tuple[PlannedFile, ...]
    #: Command that undoes the step, if any.
    undo: tuple[str, ...]
    #: Evidence for the behaviour of the command on this host; None if the step runs none.
    evidence: Evidence | None


@dataclass(frozen=True)
class Change(_Value):
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
                    kind=StepKind(s["kind"]),
                    argv=tuple(s.get("argv", ())),
                    files=tuple(PlannedFile(f["path"], f["text"]) for f in s.get("files", ())),
                    undo=tuple(s.get("undo", ())),
                    evidence=Evidence(s["evidence"]) if "evidence" in s else None,
                )
                for s in c["steps"]
            ),
            notes=tuple(c.get("notes", ())),
        )


@dataclass(frozen=True)
class Allocation(_Value):
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
class AddressRun(_Value):
    """Run of consecutive addresses, including both ends."""

    first: IPAddress
    last: IPAddress
    count: int


@dataclass(frozen=True)
class UsedRun(_Value):
    """Run of consecutive addresses of a pool with the same use."""

    first: IPAddress
    last: IPAddress
    count: int
    taken_for: AddressUse


@dataclass(frozen=True)
class FamilyUsage(_Value):
    """Use of the addresses of one family of a pool. The parts add up to ``total``."""

    family: Family
    #: Number of usable addresses in the ranges.
    total: int
    #: Number of addresses held by zones, reservations, the host and other hosts of the fleet.
    used: int
    #: Percentage of ``total`` that is held, at least 1 if an address is; None if ``total`` is 0.
    percent: int | None
    zones: int
    reservations: int
    host: int
    #: Number of addresses held by other hosts of the fleet.
    fleet: int
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
class FleetZone(_Value):
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


class FleetClaimKind(_Word):
    """Kind of something that an entry of a host holds in a fleet."""

    #: Address of a segment.
    ADDRESS = "address"
    #: MAC address of a segment.
    MAC = "mac"
    #: Name of a zone.
    ZONE = "zone"


@dataclass(frozen=True)
class FleetClaim(_Value):
    """Something that an entry of a host holds in a fleet."""

    kind: FleetClaimKind
    #: Address or name.
    value: str
    #: Segment of an address.
    segment: str | None
    #: Host that holds it; None if its value cannot be read.
    host: str | None
    #: Zone or reservation that holds it, such as ``zone web01``.
    holder: str | None

    @classmethod
    def _from_json(cls, c: dict[str, Any]) -> FleetClaim:
        return cls(**{**c, "kind": FleetClaimKind(c["kind"])})


@dataclass(frozen=True)
class FleetHost(_Value):
    """Host of a fleet."""

    name: str
    #: Time at which it joined, RFC 3339; None if it is not a member but still holds something.
    joined: str | None
    #: Number of addresses, MAC addresses and zone names that it holds.
    claims: int


@dataclass(frozen=True)
class FleetPool(_Value):
    """Pool that hosts of a fleet share."""

    name: str
    #: Its segment, if this tree has the pool.
    segment: str | None
    #: Digest of this tree's definition.
    digest: str | None
    #: Digest of the fleet's definition; None until something is allocated.
    stored: str | None
    #: Host that wrote the fleet's definition.
    written_by: str | None


@dataclass(frozen=True)
class FleetStatus(_Value):
    """Fleet, as its store and this host see it at one moment."""

    fleet: str
    #: Name of this host.
    host: str
    #: True if this host is a member.
    joined: bool
    #: Members, and hosts that hold something, by name.
    hosts: tuple[FleetHost, ...]
    pools: tuple[FleetPool, ...]
    claims: tuple[FleetClaim, ...]
    #: Claims of this host that no entry has, entries whose claims are missing or held by others, pools that differ.
    problems: tuple[Diagnostic, ...]

    @classmethod
    def _from_json(cls, s: dict[str, Any]) -> FleetStatus:
        return cls(
            fleet=s["fleet"],
            host=s["host"],
            joined=s["joined"],
            hosts=tuple(FleetHost(**host) for host in s["hosts"]),
            pools=tuple(FleetPool(**pool) for pool in s["pools"]),
            claims=tuple(FleetClaim._from_json(claim) for claim in s["claims"]),
            problems=tuple(Diagnostic._from_json(problem) for problem in s["problems"]),
        )


@dataclass(frozen=True)
class HeldAddress(_Value):
    """Address and its holder."""

    address: IPAddress
    kind: HeldBy
    name: str
    #: True if the pool can allocate the address.
    in_range: bool


def _run(r: dict[str, Any]) -> tuple[IPAddress, IPAddress, int]:
    return ipaddress.ip_address(r["first"]), ipaddress.ip_address(r["last"]), int(r["count"])


@dataclass(frozen=True)
class PoolShare(_Value):
    """Addresses of a pool that one host of a fleet allocates from."""

    host: str
    first: IPAddress
    last: IPAddress

    @classmethod
    def _from_json(cls, s: dict[str, Any]) -> PoolShare:
        return cls(s["host"], ipaddress.ip_address(s["first"]), ipaddress.ip_address(s["last"]))


@dataclass(frozen=True)
class PoolNetwork(_Value):
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

    @classmethod
    def _from_json(cls, n: dict[str, Any]) -> PoolNetwork:
        ip = ipaddress.ip_address
        return cls(
            network=ipaddress.ip_network(n["network"]),
            gateway=None if n["gateway"] is None else ip(n["gateway"]),
            ranges=tuple((ip(first), ip(last)) for first, last in n["ranges"]),
            shares=tuple(PoolShare._from_json(s) for s in n["shares"]),
            excludes=tuple((ip(first), ip(last)) for first, last in n["excludes"]),
            reserves=tuple((ip(address), owner) for address, owner in n["reserves"]),
        )


@dataclass(frozen=True)
class PoolUsage(_Value):
    """Use of a pool and the holders of its addresses."""

    pool: str
    networks: tuple[PoolNetwork, ...]
    #: Link below the VNICs.
    stub: str | None
    vlan: int | None
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
        held = ("total", "used", "zones", "reservations", "host", "fleet")
        counts = (*held, "gateways", "excluded", "reserved", "free", "outside")
        families: list[FamilyUsage] = []
        for f in u["families"]:
            free = f["largest-free"]
            # Counts beyond 64 bits come as text.
            numbers = {name: int(f[name]) for name in counts}
            families.append(
                FamilyUsage(
                    family=Family(f["family"]),
                    percent=f["percent"],
                    largest_free=None if free is None else AddressRun(*_run(free)),
                    map=tuple(UsedRun(*_run(part), AddressUse(part["taken-for"])) for part in f["map"]),
                    **numbers,
                )
            )
        holders = (
            HeldAddress(ipaddress.ip_address(h["address"]), HeldBy(h["kind"]), h["name"], h["in-range"]) for h in u["holders"]
        )
        unknown = (Diagnostic._from_json(d) for d in u["unknown"])
        shares = tuple(PoolShare._from_json(s) for s in u["shares"])
        networks = tuple(PoolNetwork._from_json(n) for n in u["networks"])
        return cls(
            pool=u["pool"],
            networks=networks,
            stub=u["stub"],
            vlan=u["vlan"],
            families=tuple(families),
            host=u["host"],
            shares=shares,
            holders=tuple(holders),
            unknown=tuple(unknown),
        )


@dataclass(frozen=True)
class ExecResult(_Value):
    """Result of a command inside a zone."""

    status: int
    #: Output; empty if ``output=`` was given.
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True)
class Config(_Value):
    """``config.kdl``: global settings. Times are in seconds."""

    #: Name of this host in a fleet, if the file gives it.
    host: str | None
    #: True if a zone name may exist on one host of the fleet only.
    unique_names: bool
    zonepath_prefix: Path
    default_template: str | None
    lock_timeout: float
    on_failure: OnFailure
    vnic_name: str
    #: First bytes of the MAC addresses that zmgr chooses, such as ``2:8:20``.
    mac_prefix: str | None
    timeouts: dict[str, float] = field(hash=False)
    log_dir: Path
    #: Defaults for all templates.
    defaults: dict[str, Any] = field(hash=False)
    #: Environment variables of the commands that fetch packages, with passwords hidden.
    environment: dict[str, str] = field(hash=False)
    #: Connection to the store that the hosts of a fleet share: ``kind``, ``fleet``, ``endpoints``, ``tls``, ``user``,
    #: ``timeout`` and ``incarnation``; None without one.
    store: dict[str, Any] | None = field(hash=False)

    @classmethod
    def _from_json(cls, c: dict[str, Any]) -> Config:
        typed: dict[str, Any] = {
            "zonepath_prefix": Path(c["zonepath_prefix"]),
            "log_dir": Path(c["log_dir"]),
            "on_failure": OnFailure(c["on_failure"]),
        }
        return cls(**{**c, **typed})


@dataclass(frozen=True)
class TemplateNet(_Value):
    """Net of a template: what each of its zones gets. None: as the pool says, or the default."""

    name: str
    pool: str | None
    #: False if zmgr assigns no address: the zone uses DHCP or configures itself.
    has_address: bool
    #: Pattern of the VNIC's name.
    vnic: str | None
    #: Link under the VNIC.
    stub: str | None
    #: Existing link that the net uses instead of a VNIC.
    physical: str | None
    vlan: int | None
    #: Largest packet in bytes.
    mtu: int | None
    #: True if the zone's default routes use this net, False if not; None: those of the first net with a gateway.
    default_route: bool | None
    #: Properties of the VNIC by dladm's names, such as ``maxbw``.
    link_properties: dict[str, str] = field(hash=False)

    @classmethod
    def _from_json(cls, n: dict[str, Any]) -> TemplateNet:
        same = ("name", "pool", "vnic", "stub", "physical", "vlan", "mtu", "default_route")
        properties = n.get("link_properties", {})
        return cls(has_address=not n["no_address"], link_properties=properties, **{key: n[key] for key in same})


@dataclass(frozen=True)
class Template(_Value):
    """Zone template (``templates/NAME.kdl``)."""

    name: str
    #: Template that this one extends.
    extends: str | None
    nets: tuple[TemplateNet, ...]
    #: Other settings by name, as ``zmgr template show --json`` prints them.
    settings: dict[str, Any] = field(hash=False)

    @classmethod
    def _from_json(cls, t: dict[str, Any]) -> Template:
        return cls(t["name"], t["extends"], tuple(map(TemplateNet._from_json, t["nets"])), t["settings"])


@dataclass(frozen=True)
class Pool(_Value):
    """Address pool (``pools/NAME.kdl``): networks and their link."""

    name: str
    networks: tuple[PoolNetwork, ...]
    stub: str | None
    vlan: int | None
    mtu: int | None
    resolvers: tuple[IPAddress, ...]
    strategy: Strategy
    #: Layer-2 segment, if the hosts of a fleet share the pool through a store.
    segment: str | None

    @classmethod
    def _from_json(cls, p: dict[str, Any]) -> Pool:
        networks = tuple(PoolNetwork._from_json(n) for n in p["networks"])
        resolvers = tuple(ipaddress.ip_address(r) for r in p["resolvers"])
        stub, vlan, mtu = p["stub"], p["vlan"], p["mtu"]
        return cls(p["name"], networks, stub, vlan, mtu, resolvers, Strategy(p["strategy"]), p["segment"])


@dataclass(frozen=True)
class Publisher(_Value):
    """Package publisher (``publishers/NAME.kdl``)."""

    name: str
    origins: tuple[str, ...]
    mirrors: tuple[str, ...]
    sticky: bool
    ssl_cert: Path | None
    ssl_key: Path | None
    #: True if it has the package ``entire``, from which zones are installed.
    entire: bool

    @classmethod
    def _from_json(cls, p: dict[str, Any]) -> Publisher:
        return cls(
            p["name"],
            tuple(p["origins"]),
            tuple(p["mirrors"]),
            p["sticky"],
            _path(p["ssl_cert"]),
            _path(p["ssl_key"]),
            p["entire"],
        )


class SnapshotState(_Word):
    """State of a snapshot on the host."""

    COMPLETE = "complete"
    #: The host has a part of it: a zone cannot be rolled back to it.
    PARTIAL = "partial"
    MISSING = "missing"


@dataclass(frozen=True)
class SnapshotDataset(_Value):
    """Snapshot of one dataset."""

    #: Name such as ``rpool/zones/web01/ROOT/zbe@zmgr-…``: where it is now, or where it was taken if the host lacks it.
    name: str
    #: None if zmgr died while it was taken.
    guid: str | None
    #: True if the host has it.
    found: bool


@dataclass(frozen=True)
class Snapshot(_Value):
    """Snapshot that zmgr took of a zone."""

    zone: str
    label: str
    #: Name on the host, behind the ``@``.
    name: str
    #: Time at which it was taken.
    created: datetime
    state: SnapshotState
    datasets: tuple[SnapshotDataset, ...]
    #: Bytes that only it holds; None if the host lacks it.
    used: int | None
    #: Bytes that it refers to; None if the host lacks it.
    referenced: int | None
    #: Parts of the zone that are not in the snapshot.
    excluded: tuple[str, ...]

    @classmethod
    def _from_json(cls, s: dict[str, Any]) -> Snapshot:
        return cls(
            zone=s["zone"],
            label=s["label"],
            name=s["name"],
            created=_time(s["created"]),
            state=SnapshotState(s["state"]),
            datasets=tuple(SnapshotDataset(**dataset) for dataset in s["datasets"]),
            used=s["used"],
            referenced=s["referenced"],
            excluded=tuple(s["excluded"]),
        )


class DriftStatus(_Word):
    """Drift of a zone."""

    CLEAN = "clean"
    #: The files match what was applied; the host was not queried.
    UNCHECKED = "unchecked"
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
class SettingChange(_Value):
    """Difference of one setting, in the words of the configuration files."""

    #: Such as ``autoboot``, ``attr.owner`` or ``capped-memory.physical``.
    setting: str
    #: Actual value on the host; empty if the setting has none.
    host: str | None
    #: Desired value; empty if the setting has none.
    desired: str | None


@dataclass(frozen=True)
class DriftItem(_Value):
    """Difference between desired, applied and actual state. A side without a value is None."""

    what: str
    #: Desired value.
    desired: str | None
    #: Last applied value.
    applied: str | None
    host: str | None
    #: Side that changed since.
    cause: DriftCause
    #: File and line of the desired value.
    path: Path | None
    line: int | None
    #: When the change takes effect.
    effect: TakesEffect | None
    #: True if the difference counts as drift.
    counts: bool
    #: The difference in the words of the configuration files.
    settings: tuple[SettingChange, ...]


@dataclass(frozen=True)
class ZoneDrift(_Value):
    """Differences of a zone from its files."""

    name: str
    status: DriftStatus
    items: tuple[DriftItem, ...]
    #: Applied changes that take effect at the next boot.
    pending: tuple[str, ...]
    #: Error in the zone's files.
    fault: Diagnostic | None
    #: True if the host was not queried; ``host`` is None in every item then.
    unchecked: bool

    @classmethod
    def _from_json(cls, d: dict[str, Any]) -> ZoneDrift:
        items = tuple(
            DriftItem(
                what=i["what"],
                desired=i["desired"],
                applied=i["applied"],
                host=i["host"],
                cause=DriftCause(i["cause"]),
                path=None if i["path"] is None else Path(i["path"]),
                line=i["line"],
                effect=None if i["effect"] is None else TakesEffect(i["effect"]),
                counts=i["counts"],
                settings=tuple(SettingChange(s["setting"], s["host"], s["desired"]) for s in i["settings"]),
            )
            for i in d["items"]
        )
        fault = None if d["fault"] is None else Diagnostic._from_json(d["fault"])
        return cls(d["name"], DriftStatus(d["status"]), items, tuple(d["pending"]), fault, d["unchecked"])


class HeldKind(_Word):
    """Kind of what a `Holding` holds."""

    NAME = "name"
    ADDRESS = "address"
    #: A MAC address.
    MAC = "mac"
    LINK = "link"


class HolderKind(_Word):
    """Kind of the holder of a `Holding`."""

    #: A zone of the registry.
    ZONE = "zone"
    #: A zone of the host that is not in the registry.
    HOST_ZONE = "host-zone"
    RESERVATION = "reservation"
    POOL = "pool"
    TEMPLATE = "template"
    PUBLISHER = "publisher"
    #: The host itself.
    HOST = "host"


class HoldingReason(_Word):
    """Reason why something is held."""

    #: A file has this name.
    NAMED = "named"
    #: The desired state in a file.
    DESIRED = "desired"
    #: Applied state: the settings that zmgr last applied.
    APPLIED = "applied"
    #: The zone's configuration on the host.
    CONFIGURED = "configured"
    #: The running zone.
    RUNNING = "running"
    RESERVATION = "reservation"
    #: A ``reserve`` of a pool.
    RESERVED = "reserved"
    #: The gateway of a pool, or of a net.
    GATEWAY = "gateway"
    #: VNICs are created over this link.
    STUB = "stub"
    #: The host itself has it.
    HOST = "host"
    #: An entry, perhaps of another host, has claimed it in the store of the fleet.
    CLAIMED = "claimed"


class AddressStanding(_Word):
    """State of an address of one of a pool's networks."""

    #: The pool can allocate it.
    FREE = "free"
    #: The pool could allocate it if it were not held.
    HELD = "held"
    #: The network's own address.
    NETWORK = "network"
    BROADCAST = "broadcast"
    #: The anycast address of the network's routers.
    ANYCAST = "anycast"
    GATEWAY = "gateway"
    EXCLUDED = "excluded"
    RESERVED = "reserved"
    OUT_OF_RANGE = "out-of-range"
    #: It is in no share of this host.
    OUT_OF_SHARE = "out-of-share"


def _path(path: str | None) -> Path | None:
    return None if path is None else Path(path)


@dataclass(frozen=True)
class Holding(_Value):
    """A holder and one reason why it holds what was searched for."""

    what: HeldKind
    kind: HolderKind
    #: Name of the holder; for the host, its address object or link.
    name: str
    why: HoldingReason
    #: Net of a zone's file, or segment of a claim in the store.
    net: str | None
    #: Link on the host.
    link: str | None
    #: For a claim in the store of the fleet, the host of the holder.
    host: str | None
    #: File that says so; None for a fact of the running host and for a claim.
    path: Path | None
    #: Line of the file; None for a whole file.
    line: int | None

    @classmethod
    def _from_json(cls, h: dict[str, Any]) -> Holding:
        return cls(
            what=HeldKind(h["what"]),
            kind=HolderKind(h["kind"]),
            name=h["name"],
            why=HoldingReason(h["why"]),
            net=h["net"],
            link=h["link"],
            host=h["host"],
            path=_path(h["path"]),
            line=h["line"],
        )


@dataclass(frozen=True)
class PoolPlace(_Value):
    """State of an address in a pool."""

    pool: str
    standing: AddressStanding
    #: File of the pool.
    path: Path | None
    #: Line of the network.
    line: int | None


@dataclass(frozen=True)
class Found(_Value):
    """Answer to a search for an address, a MAC address, a link or a name."""

    #: The query, as zmgr writes it.
    query: str
    #: Every holder and every reason.
    holdings: tuple[Holding, ...]
    #: For an address, what each pool whose networks contain it says of it.
    pools: tuple[PoolPlace, ...]
    #: Gaps in the search: unreadable files, or a host that could not be queried.
    unknown: tuple[Diagnostic, ...]
    #: If nothing was found, a similar name or link that exists.
    similar: str | None

    @classmethod
    def _from_json(cls, f: dict[str, Any]) -> Found:
        pools = (PoolPlace(p["pool"], AddressStanding(p["standing"]), _path(p["path"]), p["line"]) for p in f["pools"])
        return cls(
            query=f["query"],
            holdings=tuple(Holding._from_json(h) for h in f["holdings"]),
            pools=tuple(pools),
            unknown=tuple(Diagnostic._from_json(d) for d in f["unknown"]),
            similar=f["similar"],
        )


class DiagnosisLevel(_Word):
    """Severity of an item of a diagnosis, mildest first."""

    #: As it should be.
    OK = "ok"
    #: Good to know. Nothing needs to be done.
    NOTE = "note"
    #: Some operations fail, or fail for some zones.
    WARNING = "warning"
    #: The host cannot be managed.
    ERROR = "error"


class DiagnosisArea(_Word):
    """Part of the host that an item of a diagnosis is about."""

    #: Distribution, version, kernel.
    DISTRIBUTION = "distribution"
    #: Evidence from runs on real hosts.
    EVIDENCE = "evidence"
    #: Rights of the process.
    PRIVILEGES = "privileges"
    #: The host's commands and the format of their output.
    COMMANDS = "commands"
    #: Brands.
    BRANDS = "brands"
    #: Datasets that zones are created in.
    DATASETS = "datasets"
    #: Links that VNICs are created over.
    LINKS = "links"
    #: Zones and their boot environments.
    ZONES = "zones"
    #: Known bugs of the platform.
    PLATFORM_BUGS = "platform-bugs"


class DiagnosisKind(_Word):
    """Kind of an item of a diagnosis."""

    #: The distribution, which zmgr knows.
    DISTRIBUTION = "distribution"
    #: An illumos distribution that zmgr does not know.
    UNKNOWN_DISTRIBUTION = "unknown-distribution"
    #: The system is not illumos.
    NOT_ILLUMOS = "not-illumos"
    #: zmgr runs in a zone, not in the global zone.
    NOT_GLOBAL_ZONE = "not-global-zone"
    #: The host is simulated.
    SIMULATED = "simulated"
    #: Evidence from runs on real hosts.
    REAL_HOSTS = "real-hosts"
    #: The process may change zones.
    PRIVILEGED = "privileged"
    #: The process does not run as root, so it can only read.
    NOT_ROOT = "not-root"
    #: Root without all privileges.
    PRIVILEGES_MISSING = "privileges-missing"
    #: The command is there, and its output is as expected.
    COMMAND_WORKS = "command-works"
    #: The command is there. It has no query to try.
    COMMAND_PRESENT = "command-present"
    #: The host does not have the command.
    COMMAND_MISSING = "command-missing"
    #: The command failed.
    COMMAND_FAILED = "command-failed"
    #: The output of the command cannot be read.
    COMMAND_UNREADABLE = "command-unreadable"
    #: An installed brand that zmgr can install zones of.
    BRAND_KNOWN = "brand-known"
    #: An installed brand whose zones zmgr can install, but what its uninstall destroys is only inferred.
    BRAND_UNPROVEN = "brand-unproven"
    #: An installed brand that zmgr does not touch.
    BRAND_IGNORED = "brand-ignored"
    #: A template needs a brand that is not installed.
    BRAND_MISSING = "brand-missing"
    #: No brand is installed that zmgr can install zones of.
    NO_BRAND = "no-brand"
    #: The dataset of new zones is mounted.
    DATASET_READY = "dataset-ready"
    #: No dataset has the directory of new zones as its mount point.
    DATASET_MISSING = "dataset-missing"
    #: The dataset of new zones is not mounted.
    DATASET_UNMOUNTED = "dataset-unmounted"
    #: The dataset of new zones is almost full.
    DATASET_FULL = "dataset-full"
    #: The link that a pool names is there and can carry VNICs.
    LINK_READY = "link-ready"
    #: The link that a pool names does not exist.
    LINK_MISSING = "link-missing"
    #: The link that a pool names cannot carry VNICs.
    LINK_UNSUITABLE = "link-unsuitable"
    #: Some configuration files have errors, so what they ask for is not checked.
    CONFIG_UNREADABLE = "config-unreadable"
    #: Zones whose datasets are as they should be.
    ZONES_HEALTHY = "zones-healthy"
    #: It is not known which boot environment of the host runs, so those of the zones are not checked.
    HOST_ENVIRONMENT_UNKNOWN = "host-environment-unknown"
    #: The host boots another boot environment next, which does not have zones created now.
    OTHER_ENVIRONMENT_NEXT = "other-environment-next"
    #: The zone is incomplete: an install, clone or uninstall did not finish.
    ZONE_INCOMPLETE = "zone-incomplete"
    #: The zone's root is mounted for maintenance, so it cannot boot.
    ZONE_MOUNTED = "zone-mounted"
    #: No dataset is mounted at the zonepath.
    ZONEPATH_UNMOUNTED = "zonepath-unmounted"
    #: The zone has no boot environment.
    NO_ENVIRONMENT = "no-environment"
    #: The zone's boot environments belong to other boot environments of the host.
    FOREIGN_PARENT = "foreign-parent"
    #: None of the zone's boot environments is active.
    NONE_ACTIVE = "none-active"
    #: More than one of the zone's boot environments is active.
    SEVERAL_ACTIVE = "several-active"
    #: The zone has more than one boot environment, and its brand cannot uninstall such a zone.
    SEVERAL_ENVIRONMENTS = "several-environments"
    #: The zone's active boot environment is not mounted.
    ENVIRONMENT_UNMOUNTED = "environment-unmounted"
    #: Properties of the zone's active boot environment are not as the brand sets them.
    ENVIRONMENT_CHANGED = "environment-changed"
    #: Clones of this brand come up without network; zmgr makes their interfaces.
    CLONE_WITHOUT_NETWORK = "clone-without-network"
    #: Link properties given to `dladm create-vnic` are only recorded; zmgr sets them again.
    LINK_PROPERTIES_RECORDED = "link-properties-recorded"
    #: Long addresses of one link can make a boot fail; zmgr refuses them.
    LINK_ADDRESSES_LIMITED = "link-addresses-limited"
    #: The service that boots the zones with `after` is online.
    BOOT_SERVICE_ONLINE = "boot-service-online"
    #: Zones have `after`, and the service that boots them is missing, disabled or broken.
    BOOT_SERVICE_NOT_ONLINE = "boot-service-not-online"


class Evidence(_Word):
    """Evidence for a behaviour of illumos, weakest first."""

    #: Follows from other facts; neither seen nor read for this brand on this distribution.
    INFERRED = "inferred"
    #: Read in the source.
    READ = "read"
    #: The real program or hook was run.
    RAN = "ran"
    #: The real program or hook was run, and the simulated host is compared with recordings of it.
    RECORDED = "recorded"


@dataclass(frozen=True)
class DiagnosisItem(_Value):
    """One thing that a diagnosis found."""

    area: DiagnosisArea
    kind: DiagnosisKind
    level: DiagnosisLevel
    #: Name of the command, brand, dataset, pool or zone that it is about; may be empty.
    subject: str
    #: A sentence without a full stop.
    message: str
    #: Advice.
    help: str | None
    #: Evidence for it, if it is about what illumos does.
    evidence: Evidence | None

    @classmethod
    def _from_json(cls, i: dict[str, Any]) -> DiagnosisItem:
        return cls(
            area=DiagnosisArea(i["area"]),
            kind=DiagnosisKind(i["kind"]),
            level=DiagnosisLevel(i["level"]),
            subject=i["subject"],
            message=i["message"],
            help=i["help"],
            evidence=None if i["evidence"] is None else Evidence(i["evidence"]),
        )


@dataclass(frozen=True)
class Diagnosis(_Value):
    """Result of checking whether a host can be managed, with what is noteworthy about it."""

    #: ``openindiana``, ``omnios``, ``smartos``, or ``illumos`` for any other.
    distribution: str
    #: First line of /etc/release.
    release: str | None
    #: VERSION_ID of /etc/os-release.
    version: str | None
    #: System, release and version that uname prints.
    kernel: str | None
    #: True if the host is simulated.
    simulated: bool
    #: True if zmgr can manage zones on the host: no item has the level ``error``.
    can_manage: bool
    #: Findings, by area.
    items: tuple[DiagnosisItem, ...]

    @classmethod
    def _from_json(cls, d: dict[str, Any]) -> Diagnosis:
        return cls(
            distribution=d["distribution"],
            release=d["release"],
            version=d["version"],
            kernel=d["kernel"],
            simulated=d["simulated"],
            can_manage=d["can_manage"],
            items=tuple(DiagnosisItem._from_json(item) for item in d["items"]),
        )
