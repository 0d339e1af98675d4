"""Differences between the files and the host."""

# Conversions from JSON and the base classes are private to the package.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .base import _Value, _Word
from .operations import Diagnostic


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
