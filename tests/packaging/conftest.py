"""A simulated host whose programs are files that log what they are called with, for the scripts in packaging/."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PROGRAMS = ("zonecfg", "zoneadm", "dladm", "zfs", "pkg", "ipadm", "kstat", "svcs", "zlogin", "beadm")


def program() -> Path:
    """The zmgr to test: $ZMGR, or one that was built."""
    candidates = [Path(os.environ["ZMGR"])] if os.environ.get("ZMGR") else [TOP / "target/release/zmgr", TOP / "target/debug/zmgr"]
    for candidate in candidates:
        if candidate.exists():
            return candidate.resolve()
    pytest.fail(f"no zmgr at {candidates}: build it, or set ZMGR")


class Host:
    """A simulated host with its programs below usr/sbin, as on a real one."""

    def __init__(self, directory: Path, dialect: str) -> None:
        self.zmgr = program()
        self.root = directory / "host"
        self.log = directory / "log"
        self.sim("new", "--dialect", dialect)
        sbin = self.root / "usr/sbin"
        self.sim("link", str(sbin))
        # The log is written in between, so that each call is seen as it arrives at the host; in one write, since zmgr runs several
        # at a time.
        for name in PROGRAMS:
            linked = sbin / f".{name}"
            (sbin / name).rename(linked)
            (sbin / name).write_text(
                f"#!/bin/sh\nprintf '%s\\037' {name} \"$@\" '\n' >>{shlex.quote(str(self.log))}\n"
                f"exec {shlex.quote(str(linked))} \"$@\"\n"
            )
            (sbin / name).chmod(0o755)

    def sim(self, *args: str) -> None:
        """Runs a command of `zmgr sim`."""
        subprocess.run([self.zmgr, "--simulate", self.root, "sim", *args], check=True, stdout=subprocess.DEVNULL)

    def run(self, *argv: str) -> str:
        """Runs a program of the host."""
        return subprocess.run([self.root / "usr/sbin" / argv[0], *argv[1:]], check=True, capture_output=True, text=True).stdout

    def calls(self) -> list[list[str]]:
        """The commands that the host was given, in order."""
        text = self.log.read_text() if self.log.exists() else ""
        return [call.split("\x1f") for call in text.split("\x1f\n\x1f")[:-1]]

    def state(self) -> dict[str, bytes]:
        """Everything on the host; not what the simulation needs for itself, such as locks."""
        files = (path for path in self.root.rglob("*") if path.is_file() and ".zmgr/sim/locks" not in str(path))
        return {str(path.relative_to(self.root)): path.read_bytes() for path in files}

    def there(self) -> tuple[str, str, str]:
        """Zones, links and datasets."""
        return (
            self.run("zoneadm", "list", "-cp"),
            self.run("dladm", "show-link", "-p", "-o", "link,class,over"),
            self.run("zfs", "list", "-H", "-o", "name", "-t", "filesystem,volume,snapshot"),
        )


@pytest.fixture
def new_host(tmp_path):
    """Makes hosts."""
    made = iter(range(100))

    def make(dialect: str = "openindiana") -> Host:
        directory = tmp_path / str(next(made))
        directory.mkdir()
        return Host(directory, dialect)

    return make
