"""Base of all values: their order, and how paths and times are read."""

# Used by the other modules of the package.
# pyright: reportPrivateUsage=false, reportUnusedFunction=false, reportUnusedClass=false

from __future__ import annotations

import enum
import functools
import ipaddress
from dataclasses import fields
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


def _path(path: str | None) -> Path | None:
    return None if path is None else Path(path)
