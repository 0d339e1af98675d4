"""The live module has what the table of the API says, and nothing besides."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import zmgr


def table(source: Path) -> set[str]:
    text = (source / "bindings/README.md").read_text()
    rows = text.split("| Rust | C | Python |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = (row.strip("|").split("|")[2] for row in rows)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_the_module_has_what_the_table_says(source: Path) -> None:
    for name in table(source):
        thing: object = zmgr
        for part in name.split("."):
            thing = getattr(thing, part)


def test_the_table_has_what_the_module_has(source: Path) -> None:
    members = {
        f"{cls.__name__}.{name}"
        for cls in (zmgr.Manager, zmgr.SimHost, zmgr.Cancel)
        for name, _ in inspect.getmembers(cls)
        if not name.startswith("_")
    }
    assert members <= table(source), f"bindings/README.md: add rows for {sorted(members - table(source))}"


def test_everything_public_is_documented() -> None:
    for name in zmgr.__all__:
        thing = getattr(zmgr, name)
        if inspect.isclass(thing):
            assert thing.__doc__, name
            for member, value in vars(thing).items():
                if not member.startswith("_") and (inspect.isroutine(value) or inspect.isdatadescriptor(value)):
                    assert inspect.getdoc(value) or issubclass(thing, zmgr.ZmgrError), f"{name}.{member}"
