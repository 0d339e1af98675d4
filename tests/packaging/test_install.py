"""bindings/install, with what it would build put in place."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def installed(tmp_path, new_host):
    """Installs, with an umask that gives nothing to others and without GNU's install. Returns where it lies."""
    tree = tmp_path / "tree"
    for name in ("bindings/install", "bindings/c/zmgr.pc.in", "include/zmgr.h", "Cargo.toml"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / name, tree / name)
    release = tree / "target/release"
    release.mkdir(parents=True)
    (release / "zmgr").symlink_to(new_host().zmgr)
    for library in ("libzmgr.so", "libzmgr.a"):
        (release / library).touch(mode=0o600)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in (("cargo", "exit 0"), ("rustc", "echo 'note: native-static-libs: -lgcc_s -lm -lc' >&2"), ("install", "exit 9")):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    # Left by an earlier installation that was not readable.
    stale = tmp_path / "to/usr/share/bash-completion/completions"
    stale.mkdir(parents=True)
    (stale / "zmgr").touch(mode=0o600)
    argv = [tree / "bindings/install", tmp_path / "to", "/usr", "lib/amd64"]
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(argv, check=True, env=environment, umask=0o077, stdout=subprocess.DEVNULL)
    return tmp_path / "to/usr"


def test_what_is_installed_can_be_read_by_everyone_whatever_the_umask(installed):
    files = [path for path in installed.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 40
    wrong = {str(path): oct(path.stat().st_mode & 0o777) for path in files if path.stat().st_mode & 0o777 not in (0o644, 0o755)}
    assert not wrong
    made = [path for path in installed.rglob("*") if path.is_dir() and "bash-completion" not in path.parts]
    assert not {str(path): oct(path.stat().st_mode) for path in made if path.stat().st_mode & 0o777 != 0o755}


def test_the_unwinder_of_a_static_link_is_left_to_the_compiler(installed):
    libraries = [line for line in (installed / "lib/amd64/pkgconfig/zmgr.pc").read_text().splitlines() if "private" in line]
    assert libraries == ["Libs.private: -lm -lc"]


def test_programs_and_libraries_can_be_executed(installed):
    for name in ("bin/zmgr", "lib/amd64/libzmgr.so"):
        assert os.access(installed / name, os.X_OK), name
