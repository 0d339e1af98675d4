"""Trees of several hosts, compared without their hosts."""

from __future__ import annotations

import ipaddress
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[str]:
    """URL of an etcd with one member on loopback, without TLS and users."""
    if shutil.which("etcd") is None:
        pytest.skip("no etcd (Debian: etcd-server)")
    # An address that no other process has, so that ports never clash.
    number = os.getpid()
    address = f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255 | 2}"
    client, peer = f"http://{address}:2379", f"http://{address}:2380"
    command = ["etcd", "--data-dir", str(tmp_path / "data"), "--logger", "zap", "--log-outputs", "stderr"]
    command += ["--listen-client-urls", client, "--advertise-client-urls", client]
    command += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as etcd:
        assert etcd.stderr is not None
        while "serving" not in (line := etcd.stderr.readline()) or "client" not in line:
            assert line, "etcd has ended"
        # What it says later must not fill the pipe.
        threading.Thread(target=etcd.stderr.read, daemon=True).start()
        yield client
        etcd.kill()


def member(directory: Path, name: str, store: str) -> zmgr.Manager:
    """A simulated host whose only pool is shared."""
    manager = zmgr.Manager(simulate=directory / name)
    manager.init()
    tree = directory / name / "etc/zmgr"
    config, pool = tree / "config.kdl", tree / "pools/internal.kdl"
    config.write_text(f'host "{name}"\nstore "etcd" {{ fleet "test"; endpoint "{store}"; }}\n' + config.read_text())
    pool.write_text(pool.read_text().replace("{\n", '{\n    fleet segment="dmz"\n', 1))
    return manager


def test_hosts_share_a_pool_through_a_store(tmp_path: Path, store: str) -> None:
    with member(tmp_path, "h1", store) as h1, member(tmp_path, "h2", store) as h2:
        with pytest.raises(zmgr.StateError, match="fleet join"):
            h1.create("web01", boot=False)
        status = h1.fleet_join()
        assert status.joined and (status.fleet, status.host) == ("test", "h1")
        h2.fleet_join()
        address = h1.create("web01", boot=False).nets[0].address
        assert address is not None
        with pytest.raises(zmgr.AddressInUseError, match="zone web01 on host h1"):
            h2.allocate("internal", "printer", address.ip)
        found = h2.find(address).holdings
        assert [(held.kind, held.name, held.host, held.why, held.net) for held in found] == [
            (zmgr.HolderKind.ZONE, "web01", "h1", zmgr.HoldingReason.CLAIMED, "dmz")
        ]
        assert h1.check_pools() == [] and h2.check_pools() == []

        status = h2.fleet_status()
        assert [(host.name, host.claims) for host in status.hosts] == [("h1", 2), ("h2", 0)]
        assert {claim.value for claim in status.claims if claim.kind is zmgr.FleetClaimKind.ADDRESS} == {str(address.ip)}
        assert status.problems == ()

        pool = tmp_path / "h2/etc/zmgr/pools/internal.kdl"
        pool.write_text(pool.read_text().replace("10.1.0.250", "10.1.0.240"))
        with pytest.raises(zmgr.ConfigError, match="fleet push"):
            h2.allocate("internal", "printer")
        h2.fleet_push("internal")
        assert h2.allocate("internal", "printer").addresses

        free = h2.fleet_forget("h1")
        assert str(address.ip) in {claim.value for claim in free}
        with pytest.raises(zmgr.NotFoundError):
            h2.fleet_forget("h1")
        h2.allocate("internal", "scanner", address.ip)
        with pytest.raises(zmgr.AddressInUseError, match="reservation scanner on host h2"):
            h1.fleet_join()
        with pytest.raises(zmgr.StateError):
            h1.destroy("web01")
        # The address is held twice, until one of them is changed.
        assert [(d.code, "host h2" in d.message) for d in h1.check_pools()] == [("held-twice", True)]


def test_without_the_store_nothing_is_allocated(tmp_path: Path) -> None:
    with member(tmp_path, "h1", "http://127.0.0.1:1") as manager:
        for call in (manager.fleet_status, manager.fleet_join):
            with pytest.raises(zmgr.StoreUnreachableError):
                call()
        assert [d.severity for d in manager.check_pools()] == [zmgr.Severity.WARNING]
