"""Fixtures for all tests. ``zmgr_host`` and ``zmgr_manager`` come from the installed plugin ``zmgr.testing``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
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
def _a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the README's doctest a `host` of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def environment(source: Path) -> dict[str, str]:
    """For programs that use what was built: the command line is on the path, the C library where the loader looks."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ZMGR_")}
    environment["PATH"] = f"{source}/target/release:{environment['PATH']}"
    environment["LD_LIBRARY_PATH"] = f"{source}/tests/c/build/lib"
    return environment


@pytest.fixture
def compiled(source: Path, tmp_path: Path) -> Callable[[Path], Path]:
    """Compiles a C program against the library that was built."""

    def compiled(program: Path) -> Path:
        library = source / "tests/c/build/lib"
        if not (library / "libzmgr.so").exists():
            pytest.skip("the C library is not built: make -C tests/c c99")
        out = tmp_path / program.stem
        flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{source}/include"]
        subprocess.run(["cc", *flags, program, "-o", out, f"-L{library}", "-lzmgr"], check=True)
        return out

    return compiled
