"""Steps of `make release-check` that need no build: versions, and changes that break programs that are already built."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


def compare(old: Path, new: Path) -> str:
    said = subprocess.run([sys.executable, TOP / "tests/abi", old, new], capture_output=True, text=True, check=False)
    assert said.returncode == bool(said.stdout) and not said.stderr, said.stderr
    return said.stdout


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


FIRST = "    // sizeof(zmgr_run_options)\n"
LAST = "} zmgr_run_options;"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ZMGR_BUSY = 9,", "ZMGR_BUSY = 99,", "ZMGR_BUSY was 9, is 99"),
        ("ZMGR_BUSY = 9,", "ZMGR_OCCUPIED = 9,", "ZMGR_BUSY was 9, is gone"),
        (FIRST, "    void *first;\n" + FIRST, "zmgr_run_options.size was 0+8, is 8+8"),
        ("void zmgr_zone_free(", "int zmgr_zone_free(", "zmgr_zone_free was void"),
        ("void zmgr_zone_free(", "void zmgr_zone_release(", "is gone"),
        (LAST, "    void *another;\n" + LAST, ""),
        ("ZMGR_BUSY = 9,", "ZMGR_BUSY = 9,\n    ZMGR_NEWEST = 77,", ""),
    ],
)
def test_what_breaks_programs(tmp_path: Path, old: str, new: str, said: str) -> None:
    header = TOP / "include/zmgr.h"
    other = tmp_path / "zmgr.h"
    other.write_text(changed(header.read_text(), old, new))
    found = compare(header, other)
    assert (said in found) if said else (found == ""), found


def test_the_same_header() -> None:
    assert compare(TOP / "include/zmgr.h", TOP / "include/zmgr.h") == ""


CARRY_THE_VERSION = (
    "Cargo.toml",
    "bindings/c/Cargo.toml",
    "bindings/cli/Cargo.toml",
    "bindings/etcd/Cargo.toml",
    "bindings/python/Cargo.toml",
    "packaging/illumos/zmgr.p5m",
    "packaging/illumos/zmgr-python.p5m",
    "ansible/galaxy.yml",
    "bindings/cli/src/commands/man.rs",
    "include/zmgr.h",
    "CHANGELOG.md",
    "README.md",
    "src/README.md",
    "src/lib.rs",
    "bindings/cli/README.md",
    "bindings/etcd/README.md",
    "SECURITY.md",
    "pyproject.toml",
    "tests/release",
    "tests/abi",
    "tests/c/abi.txt",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copies of the files that `tests/release` reads, in a repository of their own."""
    for name in CARRY_THE_VERSION:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / name, tmp_path / name)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "everything")
    return tmp_path


def git(tree: Path, *words: str) -> None:
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "a"), ("EMAIL", "a@example.org"))}
    subprocess.run(["git", *words], cwd=tree, env=os.environ | who, check=True)


def release(tree: Path, *parts: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tree / "tests/release", *parts], capture_output=True, text=True, check=False)


def test_versions_agree_and_the_owner_is_told_what_is_missing(tree: Path) -> None:
    said = release(tree, "versions", "abi")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "SKIPPED: there is no tag v* to compare the C ABI with" in said.stdout
    assert "the address of the repository" in said.stdout and "a contact for security reports" in said.stdout


@pytest.mark.parametrize("name", ["packaging/illumos/zmgr.p5m", "ansible/galaxy.yml", "bindings/cli/Cargo.toml"])
def test_another_version_is_found(tree: Path, name: str) -> None:
    file = tree / name
    file.write_text(file.read_text().replace("0.1.0", "0.0.9"))
    said = release(tree, "versions")
    assert said.returncode == 1 and name in said.stdout, said.stdout


def test_the_man_pages_have_the_date_of_the_release(tree: Path) -> None:
    changelog, man = tree / "CHANGELOG.md", tree / "bindings/cli/src/commands/man.rs"
    git(tree, "tag", "v0.1.0")
    assert "CHANGELOG.md: no heading" in release(tree, "versions").stdout
    changelog.write_text(changelog.read_text().replace("## [Unreleased]", "## [Unreleased]\n\n## [0.1.0] - 2031-02-03"))
    said = release(tree, "versions")
    assert said.returncode == 1 and "man.rs" in said.stdout, said.stdout
    man.write_text(re.sub(r'const DATE: &str = "[0-9-]*"', 'const DATE: &str = "2031-02-03"', man.read_text()))
    assert release(tree, "versions").returncode == 0


def test_the_abi_is_compared_with_the_last_tag(tree: Path) -> None:
    git(tree, "tag", "v0.1.0")
    assert release(tree, "abi").returncode == 0
    header = tree / "include/zmgr.h"
    header.write_text(changed(header.read_text(), "ZMGR_BUSY = 9,", "ZMGR_BUSY = 99,"))
    exported = tree / "tests/c/abi.txt"
    exported.write_text(exported.read_text().replace("zmgr_zone_free\n", ""))
    said = release(tree, "abi")
    assert said.returncode == 1
    assert "ZMGR_BUSY was 9, is 99" in said.stdout and "zmgr_zone_free is no longer exported" in said.stdout
    assert "the first tag" not in said.stdout
