"""The installed files are those that the package of illumos lists, and they work in any place."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from functools import partial
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


def test_the_manifest_of_the_python_module(source: Path, wheel: Path, tmp_path: Path) -> None:
    environment = os.environ | {"WHEEL": str(wheel), "PYTHON_PACKAGES": "vendor-packages"}
    install = [source / "bindings/install-python", tmp_path, "/usr", sys.executable]
    subprocess.run(install, env=environment, check=True, capture_output=True)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    manifest = (source / "packaging/illumos/zmgr-python.p5m").read_text().replace("$(PYVER)", version)
    packed = {a["path"]: a["mode"] for a in map(attributes, manifest.splitlines()) if "path" in a}
    modes = {str(p.relative_to(tmp_path)): p.stat().st_mode for p in tmp_path.rglob("*") if p.is_file()}
    assert packed.keys() == modes.keys()
    assert {p for p, mode in modes.items() if mode & 0o111} == {p for p, mode in packed.items() if mode == "0555"}


def test_the_version_is_the_packages(source: Path) -> None:
    version = re.search(r'^version = "(.*)"', (source / "Cargo.toml").read_text(), re.M)
    manifest = (source / "packaging/illumos/zmgr.p5m").read_text()
    assert version and f"zmgr@{version[1]}\n" in manifest and f"libzmgr.so.{version[1]} " in manifest


def test_the_profile(source: Path) -> None:
    directory = source / "packaging/illumos"
    name, policy, kind, _, _, program, rights = (directory / "exec_attr").read_text().strip().split(":")
    assert (policy, kind, program, rights) == ("solaris", "cmd", "/usr/bin/zmgr", "uid=0;gid=0")
    fields = (directory / "prof_attr").read_text().strip().split(":")
    assert len(fields) == 5 and fields[0] == name


@pytest.fixture
def wheel(source: Path) -> Path:
    wheels = list((source / "target/wheels").glob("zmgr-*.whl"))
    if not wheels:
        pytest.skip("the wheel is not built: tests/run build")
    assert len(wheels) == 1, wheels
    return wheels[0]


def interpreters() -> dict[str, str]:
    """Every CPython of 3.10 and later that is to be had here, by its version."""
    names = [f"python3.{minor}" for minor in range(10, 20)]
    found = [sys.executable, *filter(None, map(shutil.which, names))]
    found += [str(p) for p in Path.home().glob(".pyenv/versions/3.*/bin/python3")]
    tell = "import sys, venv; print('%d.%d' % sys.version_info[:2], sys.version_info >= (3, 10) and hasattr(sys, 'abiflags') and 't' not in sys.abiflags)"
    versions: dict[str, str] = {}
    for python in found:
        answer = subprocess.run([python, "-c", tell], capture_output=True, text=True, check=False).stdout.split()
        if answer[1:] == ["True"]:
            versions.setdefault(answer[0], python)
    return versions


USE = """
import pathlib, sys, zmgr
assert pathlib.Path(zmgr.__file__).is_relative_to(sys.prefix), zmgr.__file__
assert "pytest" not in sys.modules
with zmgr.Manager(simulate="host") as manager:
    zone = manager.create("web01", attrs={"owner": "alice"})
    assert (zone.status, str(zone.nets[0].address)) == ("running", "10.1.0.10/24")
    assert manager.zones() == [zone]
    try:
        manager.create("web01")
    except zmgr.ExistsError as error:
        print(error.code, error.number)
"""


def installed(python: str, wheel: Path, directory: Path) -> Path:
    """Installs the wheel into a new environment; returns the directory of its programs."""
    subprocess.run([python, "-m", "venv", "--without-pip", directory], check=True)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "--python", directory / "bin/python"]
    subprocess.run([*pip, "install", "--no-index", wheel], check=True)
    return directory / "bin"


@pytest.mark.parametrize("version", interpreters())
def test_the_wheel_in_a_fresh_environment(version: str, wheel: Path, tmp_path: Path) -> None:
    python = installed(interpreters()[version], wheel, tmp_path / "venv") / "python"
    (tmp_path / "empty").mkdir()
    said = subprocess.run(
        [python, "-I", "-W", "error", "-c", USE], cwd=tmp_path / "empty", capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "exists 5\n", "")


def test_the_wheel_is_one_for_all(wheel: Path) -> None:
    assert "-cp310-abi3-" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (information,) = (archive.read(n).decode() for n in names if n.endswith(".dist-info/METADATA"))
        (entries,) = (archive.read(n).decode() for n in names if n.endswith(".dist-info/entry_points.txt"))
    assert {"zmgr/__init__.py", "zmgr/_zmgr.abi3.so", "zmgr/_zmgr.pyi", "zmgr/py.typed", "zmgr/testing.py"} <= set(names)
    assert any(n.endswith("licenses/LICENSE") for n in names)
    assert "Requires-Dist" not in information
    assert "[pytest11]" in entries and "zmgr=zmgr.testing" in entries.replace(" ", "")
    assert "[console_scripts]" in entries and "zmgr=zmgr.__main__:main" in entries.replace(" ", "")


def test_the_wheel_brings_the_command(wheel: Path, tmp_path: Path) -> None:
    """The wheel's command works like the one without Python, from its own environment, with nothing else in PATH."""
    programs = installed(sys.executable, wheel, tmp_path / "venv")
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "ZMGR_SIMULATE": "host"}

    def run(*argv: str, status: int = 0) -> str:
        said = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert said.returncode == status and "Traceback" not in said.stderr, said.stderr
        return said.stdout if status == 0 else said.stderr

    version = re.search(r"^zmgr (\d+\.\d+\.\d+)$", run("zmgr", "--version"))
    assert version and version[1] in wheel.name
    assert run("zmgr", "create", "web01") == "created web01 10.1.0.10/24\n"
    assert "zone web01 is already registered" in run("zmgr", "create", "web01", status=5)
    assert "web01" in run(str(programs / "python"), "-m", "zmgr", "list")
    run("zmgr", "sim", "link", "linked")
    assert ":web01:running:" in run("linked/zoneadm", "list", "-cp")
    assert "_ZMGR_COMPLETE" in run("zmgr", "completions", "bash")


def test_the_command_of_the_wheel_rolls_back_when_interrupted(wheel: Path, tmp_path: Path) -> None:
    programs = installed(sys.executable, wheel, tmp_path / "venv")
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "ZMGR_SIMULATE": str(tmp_path / "host")}
    zmgr = programs / "zmgr"
    for words in (["sim", "new"], ["init"], ["sim", "fault", "zoneadm", "install", "--delay", "60"]):
        subprocess.run([zmgr, *words], env=environment, check=True, stdout=subprocess.DEVNULL)
    # The program that started the tests may ignore the signal.
    by_default = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        [zmgr, "create", "web01"], env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=by_default
    ) as process:
        assert process.stderr
        # Progress is printed before the step begins.
        said = ""
        while "install" not in said:
            said += process.stderr.readline()
        os.kill(process.pid, signal.SIGINT)
        said += process.stderr.read()
    assert process.returncode == 13 and "Traceback" not in said, said
    assert "web01" not in subprocess.run([zmgr, "list"], env=environment, check=True, capture_output=True, text=True).stdout
