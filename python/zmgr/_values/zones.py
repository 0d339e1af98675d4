"""Zones, their states and their nets."""

# Conversions from JSON and the base classes are private to the package.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from .base import IPAddress, IPInterface, _Value, _Word


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


@dataclass(frozen=True)
class ExecResult(_Value):
    """Result of a command inside a zone."""

    status: int
    #: Output; empty if ``output=`` was given.
    stdout: bytes
    stderr: bytes
