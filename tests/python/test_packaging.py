"""What is installed is what the package of illumos lists, and it can be used from where it lies."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest


def attributes(line: str) -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", line))


def test_install_and_the_manifest_list_the_same_files(source: Path, tmp_path: Path) -> None:
    if not (source / "target/release/libzmgr.so").exists():
        pytest.skip("the release build is not there")
    subprocess.run([source / "bindings/install", tmp_path, "/usr", "lib/amd64"], check=True, capture_output=True)
    installed = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_symlink() or p.is_file()}

    manifest = (source / "packaging/illumos/zmgr.p5m").read_text().splitlines()
    actions = [(line.split()[0], line.split()[1], attributes(line)) for line in manifest if line.startswith(("file ", "link "))]
    packed = [a["path"] for _, _, a in actions]
    assert len(packed) == len(set(packed)), "a path that is listed twice"
    assert {p for p in packed if p.startswith("usr/")} == installed

    for kind, payload, a in actions:
        path = tmp_path / a["path"]
        if not a["path"].startswith("usr/"):
            assert (source / "packaging/illumos" / payload).is_file(), payload
        elif kind == "link":
            assert path.is_symlink() and path.readlink() == Path(a["target"])
        else:
            executable = bool(path.stat().st_mode & 0o111)
            assert executable == (a["mode"] == "0555"), a["path"]

    pc = (tmp_path / "usr/lib/amd64/pkgconfig/zmgr.pc").read_text()
    assert "prefix=${pcfiledir}/../../..\n" in pc and "libdir=${prefix}/lib/amd64\n" in pc
    assert "@" not in pc


def test_the_version_is_the_packages(source: Path) -> None:
    version = re.search(r'^version = "(.*)"', (source / "Cargo.toml").read_text(), re.M)
    manifest = (source / "packaging/illumos/zmgr.p5m").read_text()
    assert version and f"zmgr@{version[1]}\n" in manifest and f"libzmgr.so.{version[1]} " in manifest


def test_the_profile(source: Path) -> None:
    folder = source / "packaging/illumos"
    name, policy, kind, _, _, program, rights = (folder / "exec_attr").read_text().strip().split(":")
    assert (policy, kind, program, rights) == ("solaris", "cmd", "/usr/bin/zmgr", "uid=0")
    fields = (folder / "prof_attr").read_text().strip().split(":")
    assert len(fields) == 5 and fields[0] == name
