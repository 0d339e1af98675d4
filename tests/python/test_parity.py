"""The live module has what the table of the API says, and nothing besides."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
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


def functions_of_the_stub(source: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The public functions and methods of the stub with their names, such as `Manager.create`."""
    tree = ast.parse((source / "python/zmgr/_zmgr.pyi").read_text())
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{n.name}", n) for n in node.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_"))
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node


def test_the_docstrings_name_each_parameter(source: Path) -> None:
    """`- name: …` for each, so that editors show it, and the errors of what can fail."""
    unnamed = []
    for name, node in functions_of_the_stub(source):
        text = ast.get_docstring(node) or ""
        arguments = [a.arg for a in node.args.posonlyargs + node.args.args + node.args.kwonlyargs if a.arg not in ("self", "cls")]
        unnamed += [f"{name}: {a}" for a in arguments if not re.search(rf"^- (\w+, )*{a}(, \w+)*:|`{a}`", text, re.M)]
        if arguments and "Raises " not in text:
            unnamed.append(f"{name}: the errors")
    assert not unnamed, unnamed


def test_the_module_has_the_docstrings_of_the_stub(source: Path) -> None:
    """help() shows what editors show."""
    different = []
    for name, node in functions_of_the_stub(source):
        thing: object = zmgr
        for part in name.split("."):
            thing = inspect.getattr_static(thing, part)
        shown = inspect.getdoc(getattr(thing, "__func__", thing)) or ""
        if shown.split() != (ast.get_docstring(node) or "").split():
            different.append(name)
    assert not different, different


def test_everything_public_is_documented() -> None:
    for name in zmgr.__all__:
        thing = getattr(zmgr, name)
        if inspect.isclass(thing):
            assert thing.__doc__, name
            for member, value in vars(thing).items():
                if not member.startswith("_") and (inspect.isroutine(value) or inspect.isdatadescriptor(value)):
                    assert inspect.getdoc(value) or issubclass(thing, zmgr.ZmgrError), f"{name}.{member}"
