"""The simulated machine from Python."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import zmgr


def test_make_and_open(tmp_path: Path) -> None:
    host = zmgr.SimHost.create(tmp_path / "h", dialect="omnios")
    assert host.dialect == "omnios"
    assert zmgr.SimHost(tmp_path / "h").directory == host.directory
    with pytest.raises(zmgr.ExistsError):
        zmgr.SimHost.create(tmp_path / "h")
    with pytest.raises(zmgr.NotFoundError):
        zmgr.SimHost(tmp_path / "missing")
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr.SimHost.create(tmp_path / "i", dialect="plan9")


def test_linked_programs(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager, tmp_path: Path) -> None:
    zmgr_manager.create("web01")
    programs = zmgr_host.link(tmp_path / "bin")
    assert {"zonecfg", "zoneadm", "dladm"} <= {p.name for p in programs}
    answer = subprocess.run([tmp_path / "bin/zoneadm", "list", "-cp"], capture_output=True, text=True, check=True)
    assert ":web01:running:" in answer.stdout
    gone = subprocess.run([tmp_path / "bin/zoneadm", "-z", "missing", "halt"], capture_output=True, check=False)
    assert gone.returncode == 1
    assert b"missing" in gone.stderr


def test_reboot(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.create("web01")
    zmgr_manager.create("web02", boot=False)
    assert zmgr_host.reboot() == []
    assert zmgr_manager.zone("web01").status == "running"


def test_faults_are_checked(zmgr_host: zmgr.SimHost) -> None:
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr_host.fault("zoneadm", exit=300)
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr_host.fault("zoneadm", abort="sometimes")  # type: ignore[arg-type]
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr_host.fault("zoneadm", delay=-1.0)
