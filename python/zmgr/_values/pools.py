"""Pools: their networks, usage and holders."""

# Conversions from JSON and the base classes are private to the package.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from .base import IPAddress, IPInterface, IPNetwork, _Value, _Word
from .operations import Diagnostic


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


class Strategy(_Word):
    """Rule by which a pool chooses a free address."""

    LOWEST = "lowest"
    #: The first one after the newest entry's.
    NEXT = "next"


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
