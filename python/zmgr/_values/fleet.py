"""Hosts of a fleet, their zones and their claims."""

# Conversions from JSON and the base classes are private to the package.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .base import IPInterface, _Value, _Word
from .operations import Diagnostic


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
