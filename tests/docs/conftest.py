"""Fixtures for the tests of the documentation: the source tree and the programs that were built."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def top() -> Path:
    """Root of the source tree."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def debug_zmgr(top: Path) -> Path:
    """The CLI as `cargo build` builds it, with the names of its functions; $ZMGR names another one."""
    program = Path(os.environ.get("ZMGR") or top / "target/debug/zmgr")
    if not program.exists():
        pytest.skip("target/debug/zmgr is not built: cargo build -p zmgr-cli")
    return program
