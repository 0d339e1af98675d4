"""pytest fixtures: a simulated illumos host for each test. Registered as a plugin; no import is needed.

    def test_mine(zmgr_host, zmgr_manager):
        zmgr_host.fault("zoneadm", "install", exit=1)
        with pytest.raises(zmgr.CommandError):
            zmgr_manager.create("web01")
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import Manager, SimHost


@pytest.fixture
def zmgr_host(tmp_path: Path) -> SimHost:
    """New simulated host in a temporary directory."""
    return SimHost.create(tmp_path / "host")


@pytest.fixture
def zmgr_manager(zmgr_host: SimHost) -> Iterator[Manager]:
    """Manager of that host, with the starter configuration files."""
    with Manager(simulate=zmgr_host.directory) as manager:
        manager.init()
        yield manager
