"""The exceptions: one table, the same as in Rust and C."""

from __future__ import annotations

import builtins
import copy
import pickle
import sys
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


def test_a_panic_is_an_exception(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    zmgr_host.fault("dladm", "create-vnic", panic=True, times=1)
    with pytest.raises(zmgr.InternalError):
        zmgr_manager.create("web01")


def test_messages_have_no_colour(zmgr_manager: zmgr.Manager) -> None:
    with pytest.raises(zmgr.NotFoundError) as caught:
        zmgr_manager.zone("missing")
    assert "\x1b" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_class_of_another_library() -> None:
    class Mine(zmgr.ExistsError):
        pass

    assert (Mine.code, Mine.number, _errors.BY_CODE["exists"]) == ("exists", 5, zmgr.ExistsError)
