"""Holders of addresses, links, MAC addresses and names."""

# Conversions from JSON and the base classes are private to the package.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .base import _Value, _Word, _path
from .operations import Diagnostic


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
