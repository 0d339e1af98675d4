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


def test_a_host_allocates_from_its_share(trees: list[Path], tmp_path: Path) -> None:
    shares = ("h1", "10.4.0.10", "10.4.0.19"), ("h2", "10.4.0.20", "10.4.0.29")
    lines = "".join(f'    share "{host}" "{first}" "{last}"\n' for host, first, last in shares)
    for tree in trees:
        (tree / "pools/shared.kdl").write_text(f'pool "shared" {{\n    network "10.4.0.0/24"\n    stub "stub0"\n    vlan 4\n{lines}}}\n')
    with (trees[1] / "config.kdl").open("a") as config:
        config.write('host "h2"\n')
    with zmgr.Manager(simulate=tmp_path / "h1") as h1, pytest.raises(zmgr.PoolExhaustedError):
        h1.allocate("shared", "printer")
    with zmgr.Manager(simulate=tmp_path / "h2") as h2:
        assert h2.allocate("shared", "printer").addresses == (ipaddress.ip_interface("10.4.0.20/24"),)
        usage = h2.pool_usage("shared")
        assert (usage.host, usage.families[0].total, usage.families[0].free) == ("h2", 10, 9)
        assert usage.shares[0] == zmgr.PoolShare("h1", ipaddress.ip_address("10.4.0.10"), ipaddress.ip_address("10.4.0.19"))
        pool = next(pool for pool in h2.pools() if pool.name == "shared")
        assert pool.networks[0].shares == usage.shares
        assert not h2.config().unique_names
