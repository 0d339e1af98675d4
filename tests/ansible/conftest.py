"""Fixtures of the tests of the Ansible collection."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent
SOURCE = HERE.parents[1]
#: The command under test, and the environment that has ansible-core and the module zmgr.
ZMGR = Path(os.environ["ZMGR_COMMAND"])
ANSIBLE = Path(os.environ["ZMGR_ANSIBLE"])


def zmgr(host: Path, *words: str) -> str:
    """Runs the CLI on a simulated host."""
    return subprocess.run([ZMGR, "--simulate", host, *words], capture_output=True, text=True, check=True).stdout


def contents(directory: Path) -> dict[str, tuple[int, str]]:
    """Returns what is below a directory: mode and digest of each file."""
    found = {}
    for path in sorted(directory.rglob("*")):
        text = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(directory))] = (path.lstat().st_mode, hashlib.sha256(text).hexdigest())
    return found


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A simulated host with its starter files."""
    host = tmp_path / "host"
    zmgr(host, "init")
    return host


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment for Ansible, which finds the collection of this source tree."""
    top = tmp_path_factory.mktemp("ansible")
    (top / "ansible_collections/zmgr").mkdir(parents=True)
    (top / "ansible_collections/zmgr/zones").symlink_to(SOURCE / "ansible")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ZMGR_", "ANSIBLE_"))}
    return environment | {
        "ANSIBLE_COLLECTIONS_PATH": str(top),
        "ANSIBLE_HOME": str(top / "home"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": "1",
        "LC_ALL": "C.UTF-8",
        "PATH": f"{ANSIBLE / 'bin'}:{environment['PATH']}",
    }


@pytest.fixture(scope="session")
def api() -> ModuleType:
    """The module_utils of the collection, without Ansible."""
    spec = importlib.util.spec_from_file_location("zmgr_zones_api", SOURCE / "ansible/plugins/module_utils/api.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass
class Played:
    """Outcome of a playbook."""

    output: str
    ok: int
    changed: int


Play = Callable[..., Played]


@pytest.fixture(params=["python", "cli"])
def play(request: pytest.FixtureRequest, host: Path, environment: dict[str, str]) -> Play:
    """Runs a playbook on the simulated host, through either implementation. It must succeed."""

    def play(name: str, *options: str, **variables: Any) -> Played:
        here = {"simulate": str(host), "api": request.param, "executable": str(ZMGR)}
        interpreter = {"ansible_python_interpreter": str(ANSIBLE / "bin/python")}
        extra = [f"-e{json.dumps(v)}" for v in ({"here": here}, interpreter, variables)]
        done = subprocess.run(
            ["ansible-playbook", "-ilocalhost,", *extra, *options, HERE / "playbooks" / name],
            env=environment, capture_output=True, text=True, check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        recap = re.search(r"ok=(\d+) +changed=(\d+) ", output)
        assert recap, output
        return Played(output, int(recap[1]), int(recap[2]))

    return play

