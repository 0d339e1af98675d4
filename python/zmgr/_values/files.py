"""Files of the configuration tree."""

# Conversions from JSON and the base classes are private to the package.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .base import IPAddress, _Value, _path
from .operations import OnFailure
from .pools import PoolNetwork, Strategy


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
