"""The programs of the README and of the examples run as they stand."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import zmgr
from zmgr import _errors, _values


#: Output of the small program of the README, in each language that prints freely.
PROGRAM = "web01 has 10.1.0.10/24\nweb01: running\n"


def blocks(source: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (source / "README.md").read_text(), re.S)


Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Runs a program in its own directory, and returns its output."""

    def run(*argv: str | Path) -> str:
        return subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    return run


def test_the_shell_of_the_readme(source: Path, run: Run) -> None:
    if not (source / "target/release/zmgr").exists():
        pytest.skip("the command line is not built")
    tour, program, tests = (b for b in blocks(source, "sh") if "zmgr" in b)
    out = run("sh", "-e", "-c", tour)
    assert "10.1.0.10/24" in out and "printer" in out
    out = run("sh", "-e", "-c", program.replace("=host", "=another"))
    assert out.startswith("created web01 10.1.0.10/24\n") and "running" in out and "destroyed web01" in out
    out = run("sh", "-e", "-c", tests)
    assert ":web01:running:" in out and "created web02" in out


def test_the_pytest_of_the_guide(source: Path, tmp_path: Path, run: Run) -> None:
    texts = re.findall(r"```python\n(.*?)```", (source / "docs/guide.md").read_text(), re.S)
    for number, text in enumerate(texts):
        (tmp_path / f"test_mine{number}.py").write_text(text)
    assert "5 passed" in run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_the_c_of_the_readme(source: Path, tmp_path: Path, run: Run, compiled: Callable[[Path], Path]) -> None:
    said = []
    for number, text in enumerate(blocks(source, "c")):
        program = tmp_path / f"program{number}.c"
        program.write_text(text)
        said.append(run(compiled(program)))
    assert said == [PROGRAM, "command-failed, then ok\n"]


def test_the_python_of_the_readme(source: Path, run: Run) -> None:
    (program,) = (b for b in blocks(source, "python") if b.startswith("import zmgr\n"))
    assert run(sys.executable, "-W", "error", "-c", program) == PROGRAM


@pytest.mark.parametrize("module", [zmgr, _errors, _values])
def test_the_examples_within_the_module(module: ModuleType) -> None:
    tried = doctest.testmod(module)
    assert tried.failed == 0 and (tried.attempted > 0 or module is not zmgr)


def test_the_pytest_of_the_readme(source: Path, tmp_path: Path, run: Run) -> None:
    (text,) = (b for b in blocks(source, "python") if "def test_" in b)
    (tmp_path / "test_mine.py").write_text(text)
    # In a process of its own, so that it meets the installed plugin as a user does.
    out = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py")
    assert "1 passed" in out


def test_the_examples_in_c(source: Path, run: Run, compiled: Callable[[Path], Path]) -> None:
    examples = source / "bindings/c/examples"
    build = {p.stem: compiled(p) for p in examples.glob("*.c")}
    assert run(build.pop("create_with_progress"), "host", "web01") == "web01 is running\n"
    assert run(build.pop("list_zones"), "host") == "web01 running 10.1.0.10/24\n"
    assert "10.1.0.10 zone web01" in run(build.pop("addresses"), "host", "printer")
    planned = run(build.pop("plan_and_run"), "planned", "web01", "web02")
    assert planned == "web01 created 10.1.0.10/24\nweb02 created 10.1.0.11/24\n"
    assert run(build.pop("doctor"), "host") == "ok\n"
    assert not build, "an example that no test runs"


def test_the_examples_in_python(source: Path, run: Run) -> None:
    examples = source / "bindings/python/examples"
    # test_gallery.py runs those of the gallery.
    there = {p.stem for p in examples.glob("*.py")} - {"address_map", "dns", "fleet_inventory", "prometheus"}

    def example(name: str, *arguments: str) -> str:
        there.remove(name)
        return run(sys.executable, examples / f"{name}.py", "host", *arguments)

    assert "web02 10.1.0.1" in example("create_zones", "web01", "web02")
    assert "running" in example("with_asyncio", "web03")
    assert "reservation phone2" in example("addresses")
    assert example("plan_and_run", "web04", "web05") == "web04 created\nweb05 created\n"
    assert example("doctor").startswith("openindiana 2026.10 SunOS 5.11 ")
    assert not there, "an example that no test runs"
