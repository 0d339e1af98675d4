"""docs/architecture.md says what the sources say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def section(top: Path, title: str) -> str:
    """Text of a section of docs/architecture.md up to the next title."""
    page = (top / "docs/architecture.md").read_text()
    (text,) = re.findall(rf"^#+ {re.escape(title)}.*?\n(.*?)(?=^#+ |\Z)", page, re.M | re.S)
    return text


def first_cells(table: str) -> set[str]:
    """Words in backticks in the first column of a table."""
    return {word for row in table.splitlines() if row.startswith("|") for word in re.findall(r"`([^`]+)`", row.split("|")[1])}


def test_the_walk(top: Path, debug_zmgr: Path) -> None:
    """Few functions, each of the same layer as the one before or of a lower one, and those that the page shows."""
    if not shutil.which("gdb"):
        pytest.skip("gdb is not installed")
    said = subprocess.run([sys.executable, top / "tests/walk", debug_zmgr], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stdout in section(top, "From `main` to the argv of zonecfg"), "run tests/walk --update"

    files = re.findall(r"^\| \d+ \| .*? \| `(.*)` \|$", said.stdout, re.M)
    assert 10 < len(files) <= 35
    order = (top / "tests/rust/layers.rs").read_text().split("const ORDER: &[&str] = &[")[1].split("];")[0]
    layers = re.findall(r'"(\w+)"', order)
    library = [layers.index(file.split("/")[1].removesuffix(".rs")) for file in files if file.startswith("src/")]
    assert files[0].startswith("bindings/cli/") and len(library) > 8
    assert library == sorted(library, reverse=True), "a function calls one of a higher layer"
    assert layers[library[-1]] == "exec"


def test_the_files_of_the_tree(top: Path) -> None:
    """The page names every file that src/registry/tree.rs can name."""
    source = (top / "src/registry/tree.rs").read_text()
    state = set(re.findall(r'state\(\)\.join\("([\w.]+)"\)', source))
    locks = set(re.findall(r'locks\(\)\.join\((?:format!\()?"([\w.{}]+)"', source))
    assert {"index.v1", "host.v1", "locks"} <= state and "registry" in locks
    told = first_cells(section(top, "Files of the tree"))
    assert {f".zmgr/{name}" + ("/" if name == "locks" else "") for name in state} <= told
    assert {name.replace("{name}", "NAME") for name in locks} == first_cells(section(top, "Locks: `.zmgr/locks/`"))


def test_the_headers_of_derived_files(top: Path) -> None:
    """Both derived files have the header that the page describes."""
    for file, title in (("index", "The index: `.zmgr/index.v1`"), ("host_usage", "The host snapshot: `.zmgr/host.v1`")):
        (kind,) = re.findall(r'HEADER: &str = concat!\("zmgr (\w+) \d+ "', (top / f"src/registry/{file}.rs").read_text())
        assert f"`zmgr {kind} N VERSION`" in section(top, title)


def test_the_journal(top: Path) -> None:
    """The table of the journal has every property of `state`, and no other."""
    rule = re.search(r'name: "state",.*?props: &\[(.*?)\n        \],', (top / "src/schema/table/zone.rs").read_text(), re.S)
    assert rule
    properties = set(re.findall(r'prop\(\s*"([\w-]+)"', rule[1]))
    assert "step" in properties
    assert first_cells(section(top, "The journal")) == properties
