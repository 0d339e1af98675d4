"""Trees of several hosts, compared without their hosts."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

import zmgr


@pytest.fixture
def trees(tmp_path: Path) -> list[Path]:
    for host in ("h1", "h2"):
        with zmgr.Manager(simulate=tmp_path / host) as manager:
            manager.create("web01", boot=False)
    return [tmp_path / host / "etc/zmgr" for host in ("h1", "h2")]


def test_an_address_held_twice_is_found(trees: list[Path]) -> None:
    found = zmgr.fleet_check(trees)
    assert [(d.code, d.severity) for d in found] == [
        ("held-twice", zmgr.Severity.ERROR),
        ("zone-name-twice", zmgr.Severity.WARNING),
    ]
    assert found[0].path == trees[1] / "zones/web01.kdl"
    assert zmgr.fleet_check(trees[:1]) == []


def test_zones_of_all_hosts_are_listed(trees: list[Path]) -> None:
    zones = zmgr.fleet_zones(trees)
    assert [zone.name for zone in zones] == ["web01", "web01"]
    assert zones[0].addresses == (ipaddress.ip_interface("10.1.0.10/24"),)
    assert zones[0].file == trees[0] / "zones/web01.kdl"


def test_no_tree_is_an_error() -> None:
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr.fleet_check([])
    with pytest.raises(zmgr.NotFoundError):
        zmgr.fleet_zones(["/nonexistent"])
