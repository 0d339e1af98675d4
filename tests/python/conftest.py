"""What the tests share. The fixtures ``zmgr_host`` and ``zmgr_manager`` come from the installed plugin ``zmgr.testing``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import zmgr

SOURCE = Path(os.environ.get("ZMGR_SOURCE", Path(__file__).parents[2]))


@pytest.fixture
def source() -> Path:
    """The source tree that the installed module was built from."""
    return SOURCE


@pytest.fixture(scope="session", autouse=True)
def _the_installed_module_is_tested() -> None:
    """`make test` sets ZMGR_SOURCE, and then the wheel is what counts."""
    if "ZMGR_SOURCE" in os.environ:
        assert not Path(zmgr.__file__).is_relative_to(SOURCE / "python"), zmgr.__file__


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that `host` in the README's doctest is nobody else's."""
    monkeypatch.chdir(tmp_path)
