"""Snapshots of zones."""

# Conversions from JSON and the base classes are private to the package.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .base import _Value, _Word, _time


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
