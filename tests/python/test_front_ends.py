"""A C program, a Python program and the command line at work on one machine at the same time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import zmgr

EACH = 20

SCRIPT = """
import sys, zmgr

with zmgr.Manager(simulate=sys.argv[1]) as manager:
    for zone in manager.create_all([f"python{n}" for n in range(int(sys.argv[2]))], jobs=2).zones:
        print(zone.nets[0].address)
"""


def test_sixty_zones_of_three_faces(
    source: Path,
    tmp_path: Path,
    environment: dict[str, str],
    compiled: Callable[[Path], Path],
    zmgr_host: zmgr.SimHost,
    zmgr_manager: zmgr.Manager,
) -> None:
    if not (source / "target/release/zmgr").exists():
        pytest.skip("the command line is not built")
    zmgr_manager.init()
    machine = str(zmgr_host.directory)
    shell = [str(source / "target/release/zmgr"), "--simulate", machine, "create", "-j", "2"]
    programs: list[list[str]] = [
        [str(compiled(source / "tests/c/create_many.c")), machine, "c", str(EACH)],
        [sys.executable, "-c", SCRIPT, machine, str(EACH)],
        shell + [f"shell{n}" for n in range(EACH)],
    ]
    running = [
        subprocess.Popen(p, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for p in programs
    ]
    for program in running:
        _, complaint = program.communicate()
        assert program.returncode == 0, complaint

    zones = zmgr_manager.zones()
    assert {z.name for z in zones} == {f"{face}{n}" for face in ("c", "python", "shell") for n in range(EACH)}
    assert {z.state for z in zones} == {zmgr.ZoneState.READY}
    assert {z.status for z in zones} == {zmgr.ZoneStatus.RUNNING}
    for what in (
        [z.nets[0].address for z in zones],
        [z.nets[0].mac for z in zones],
        [z.nets[0].vnic for z in zones],
        [z.id for z in zones],
        [z.uuid for z in zones],
    ):
        assert len(set(what)) == 3 * EACH
    assert zmgr_manager.check_pools() == []
    assert {d.status for d in zmgr_manager.diff()} == {zmgr.DriftStatus.CLEAN}
