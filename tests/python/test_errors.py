"""The exceptions: one table, the same as in Rust and C."""

from __future__ import annotations

import builtins
import collections
import copy
import errno
import inspect
import os
import pickle
import subprocess
import sys
import textwrap
import types
from pathlib import Path

import pytest

import zmgr
from zmgr import _errors, _zmgr


def test_every_code_has_its_class() -> None:
    table = {row[0]: row for row in _zmgr._codes()}
    del table["drift"]  # an exit status only
    assert {code: (cls.code, cls.number, cls("x").can_retry) for code, cls in _errors.BY_CODE.items()} == table
    for cls in _errors.BY_CODE.values():
        assert issubclass(cls, zmgr.ZmgrError)
        assert getattr(zmgr, cls.__name__) is cls


@pytest.mark.parametrize(
    ("cls", "second"),
    [
        (zmgr.InvalidArgumentError, ValueError),
        (zmgr.ConfigError, ValueError),
        (zmgr.NotFoundError, LookupError),
        (zmgr.StateError, RuntimeError),
        (zmgr.StalePlanError, zmgr.StateError),
        (zmgr.BusyError, TimeoutError),
        (zmgr.TimedOutError, TimeoutError),
        (zmgr.PermissionDeniedError, builtins.PermissionError),
        (zmgr.IoError, OSError),
    ],
)
def test_what_python_people_catch(cls: type[zmgr.ZmgrError], second: type[Exception]) -> None:
    assert issubclass(cls, second)


@pytest.mark.parametrize("cls", _errors.BY_CODE.values(), ids=lambda cls: cls.__name__)
def test_they_travel(cls: type[zmgr.ZmgrError]) -> None:
    detail = zmgr.Diagnostic(zmgr.Severity.ERROR, "x", "wrong", path=Path("/a.kdl"), line=3)
    command = zmgr.Command(("zoneadm",), 1, None, "out", "err", None)
    error = cls("it failed", help="fix it", details=[detail], command=command)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is cls
        assert str(again) == "it failed" == again.message
        assert (again.help, again.details, again.command) == ("fix it", (detail,), command)
        assert (again.filename, again.lineno) == ("/a.kdl", 3)
    if sys.version_info >= (3, 11):
        assert error.__notes__ == ["help: fix it"]


def test_a_fault_of_a_document_points_at_it(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.create("web01")
    config = zmgr_host.directory / "etc/zmgr/config.kdl"
    lines = config.read_text().splitlines() + ['zonepath-prefx "/zones"', ""]
    config.write_text("\n".join(lines))
    with pytest.raises(zmgr.ConfigError) as caught:
        zmgr_manager.create("web02")
    error = caught.value
    assert error.filename == str(config)
    assert error.lineno == len(lines) - 1
    assert error.details[0].snippet == 'zonepath-prefx "/zones"'
    assert error.details[0].column == 1
    assert "zonepath-prefix" in (error.details[0].help or "")


def test_directories_that_cannot_be_made_have_the_number_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for make in (
        lambda: zmgr.SimHost.create(tmp_path / "file/host"),
        lambda: zmgr.Manager(simulate=tmp_path / "file/host").init(),
        lambda: zmgr.Manager(root=tmp_path / "file/tree").init(),
    ):
        with pytest.raises(zmgr.IoError) as caught:
            make()
        assert caught.value.errno == errno.ENOTDIR, caught.value
    if sys.platform == "linux":
        # Its parent exists, and still nothing can be made in it.
        with pytest.raises(zmgr.IoError) as caught:
            zmgr.Manager(root="/proc/zmgr-test/tree").init()
        assert caught.value.errno == errno.ENOENT


def test_times_that_are_none(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    for seconds in (-1, -0.5, float("nan"), float("-inf")):
        with pytest.raises(zmgr.InvalidArgumentError, match="it must be a number from 0 on"):
            zmgr_manager.shutdown(["web01"], timeout=seconds)
        with pytest.raises(zmgr.InvalidArgumentError, match="it must be a number from 0 on"):
            zmgr_host.fault("dladm", delay=seconds)


def test_a_panic_is_an_exception(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    zmgr_host.fault("dladm", "create-vnic", panic=True, times=1)
    with pytest.raises(zmgr.InternalError):
        zmgr_manager.create("web01")


def test_a_text_that_is_not_unicode(zmgr_manager: zmgr.Manager) -> None:
    """Each argument of each method, with a lone surrogate and with the wrong type."""
    asked = 0
    for name in ("zone", "create", "create_all", "destroy", "boot", "exec", "rename", "set", "allocate", "find", "template", "pool"):
        method = getattr(zmgr_manager, name)
        required = [p for p in inspect.signature(method).parameters.values() if p.default is p.empty]
        for at, _ in enumerate(required):
            values: list[object] = [{} if p.name == "settings" else [] if p.name == "words" else "web01" for p in required]
            values[at] = {"\udcff": "a"} if required[at].name == "settings" else ["\udcff"] if required[at].name == "words" else "\udcff"
            with pytest.raises(zmgr.InvalidArgumentError, match="Unicode"):
                method(*values)
            asked += 1
    assert asked > 12
    for options in ({"template": "\ud800"}, {"attrs": {"a": "\ud800"}}, {"addresses": {"internal": "\ud800"}}, {"clone_from": "\ud800"}):
        with pytest.raises(zmgr.InvalidArgumentError, match="Unicode"):
            zmgr_manager.create("web01", **options)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        zmgr_manager.zone(5)  # type: ignore[arg-type]


def test_a_number_that_is_out_of_range(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    for call in (
        lambda: zmgr_manager.halt("a", timeout=-1.0),
        lambda: zmgr_manager.exec("a", ["ls"], timeout=-0.5),
        lambda: zmgr_manager.shutdown_all(timeout=float("nan")),
        lambda: zmgr_manager.create_all(["a"], jobs=-1),
        lambda: zmgr_host.fault("zoneadm", exit=1 << 40),
        lambda: zmgr_host.fault("zoneadm", times=-1),
        lambda: zmgr_host.fault("zoneadm", delay=-1.0),
    ):
        with pytest.raises(zmgr.InvalidArgumentError):
            call()
    with pytest.raises(zmgr.NotFoundError):
        zmgr_manager.halt("a", timeout=1e30)


def test_a_command_is_not_one_text(zmgr_manager: zmgr.Manager) -> None:
    with pytest.raises(TypeError, match=r"sequence of words such as \['ls', '/'\], not 'ls /'"):
        zmgr_manager.exec("a", "ls /")
    with pytest.raises(TypeError, match="sequence of words"):
        zmgr_manager.exec("a", b"ls")  # type: ignore[arg-type]


def test_any_mapping_will_do(zmgr_manager: zmgr.Manager) -> None:
    attrs = types.MappingProxyType({"owner": "alice"})
    zone = zmgr_manager.create("a", attrs=attrs, addresses=collections.ChainMap({"internal": "10.1.0.50"}))
    assert zone.attrs == {"owner": "alice"} and str(zone.nets[0].address) == "10.1.0.50/24"
    zmgr_manager.set("a", types.MappingProxyType({"attr.owner": "bob"}))
    assert zmgr_manager.zone("a").attrs["owner"] == "bob"
    with pytest.raises(TypeError):
        zmgr_manager.set("a", [("attr.owner", "bob")])  # type: ignore[arg-type]


def test_errno_is_what_the_system_said(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.init()
    (zmgr_host.directory / "etc/zmgr/zones").rmdir()
    (zmgr_host.directory / "etc/zmgr/zones").symlink_to("/proc/self/mem")
    with pytest.raises(OSError) as caught:
        zmgr_manager.create("a")
    assert caught.value.errno is not None and caught.value.strerror == os.strerror(caught.value.errno)
    assert zmgr.BusyError("x").errno == errno.EBUSY and zmgr.TimedOutError("x").errno == errno.ETIMEDOUT
    assert zmgr.PermissionDeniedError("x").errno == errno.EACCES and zmgr.IoError("x", errno=errno.ENOSPC).errno == errno.ENOSPC
    assert pickle.loads(pickle.dumps(zmgr.IoError("x", errno=errno.ENOSPC))).errno == errno.ENOSPC


def test_a_second_interpreter_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "second.py"
    script.write_text(
        textwrap.dedent(
            """
            import zmgr
            try:
                import _interpreters as interpreters
            except ImportError:
                try:
                    import _xxsubinterpreters as interpreters
                except ImportError:
                    raise SystemExit("no interpreters")
            code = '''
            try:
                import zmgr
            except ImportError as error:
                print("refused:", error)
            else:
                print("accepted")
            '''
            # With a lock of its own, and as mod_wsgi makes them.
            for kind, named in (((), {}), (("legacy",), {}), ((), {"isolated": False})):
                try:
                    other = interpreters.create(*kind, **named)
                except (TypeError, ValueError):
                    continue
                interpreters.run_string(other, code)
            """
        )
    )
    told = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    if told.stderr.strip() == "no interpreters":
        pytest.skip("this Python does not make other interpreters")
    assert told.stdout.splitlines() and all(line.startswith("refused: zmgr is") for line in told.stdout.splitlines()), told


def test_messages_have_no_colour(zmgr_manager: zmgr.Manager) -> None:
    with pytest.raises(zmgr.NotFoundError) as caught:
        zmgr_manager.zone("missing")
    assert "\x1b" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_class_of_another_library() -> None:
    class Mine(zmgr.ExistsError):
        pass

    assert (Mine.code, Mine.number, _errors.BY_CODE["exists"]) == ("exists", 5, zmgr.ExistsError)
