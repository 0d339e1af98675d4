"""The exceptions: one class for each code of the table that all faces of zmgr share."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, ClassVar

from ._values import Command, Diagnostic, Report

#: The class of each code. ``drift`` (19) is an exit status of the command line only: no call raises it.
BY_CODE: dict[str, type[ZmgrError]] = {}


class ZmgrError(Exception):
    """Why a call failed. Every exception of zmgr is one of these.

    ``code`` is a stable word, ``number`` the same as exit status of the command line and ``zmgr_status`` in C.
    """

    code: ClassVar[str] = "internal"
    number: ClassVar[int] = 1

    #: What went wrong, in a sentence.
    message: str
    #: What to do next, where there is something to say.
    help: str | None
    #: Each single finding, with its place where it has one.
    details: tuple[Diagnostic, ...]
    #: The command of the host that failed, where one did.
    command: Command | None
    #: What became of each zone, where the call was about several.
    report: Report | None

    def __init_subclass__(cls, *, code: str | None = None, number: int | None = None) -> None:
        """Names the code of a class. A class of somebody else's has that of the class it derives from."""
        super().__init_subclass__()
        if code is not None and number is not None:
            cls.code, cls.number = code, number
            BY_CODE[code] = cls

    def __init__(
        self,
        message: str,
        *,
        help: str | None = None,
        details: Iterable[Diagnostic] = (),
        command: Command | None = None,
        report: Report | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.details = tuple(details)
        self.command = command
        self.report = report
        if help is not None and sys.version_info >= (3, 11):
            self.add_note(f"help: {help}")

    def __str__(self) -> str:
        return self.message

    @property
    def filename(self) -> str | None:  # type: ignore[override, unused-ignore]
        """The file of the first finding that has one."""
        return next((str(d.path) for d in self.details if d.path is not None), None)

    @property
    def lineno(self) -> int | None:
        """The line of the first finding that has one."""
        return next((d.line for d in self.details if d.line is not None), None)

    @property
    def can_retry(self) -> bool:
        """Whether the same call may succeed later without anything being mended."""
        return self.code in ("busy", "timed-out", "stale-plan")

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {
            "help": self.help,
            "details": self.details,
            "command": self.command,
            "report": self.report,
        }
        return _again, (type(self), self.message, fields)


class InternalError(ZmgrError, code="internal", number=1):
    """A fault of zmgr itself, never of its input."""


class InvalidArgumentError(ZmgrError, ValueError, code="invalid-argument", number=2):
    """An argument that can never be right, whatever the files and the host say."""


class ConfigError(ZmgrError, ValueError, code="config", number=3):
    """A document below the root has a fault; ``details`` points at each."""


class NotFoundError(ZmgrError, LookupError, code="not-found", number=4):
    """Something named does not exist."""


class ExistsError(ZmgrError, code="exists", number=5):
    """Something of that name exists already."""


class StateError(ZmgrError, RuntimeError, code="wrong-state", number=6):
    """The thing is not in a state that allows this."""


class PoolExhaustedError(ZmgrError, code="pool-exhausted", number=7):
    """No address of the pool is free."""


class AddressInUseError(ZmgrError, code="address-in-use", number=8):
    """The address asked for is held by somebody else."""


class BusyError(ZmgrError, TimeoutError, code="busy", number=9):
    """Somebody else works on it; the same call may go through later."""


class PermissionDeniedError(ZmgrError, PermissionError, code="permission-denied", number=10):
    """The caller may not do this."""


class CommandError(ZmgrError, code="command-failed", number=11):
    """A command of the host failed; ``command`` tells which and what it said."""


class TimedOutError(ZmgrError, TimeoutError, code="timed-out", number=12):
    """A command or a wait took longer than its limit."""


class CancelledError(ZmgrError, code="cancelled", number=13):
    """The caller asked to stop."""


class UnsupportedHostError(ZmgrError, code="unsupported-host", number=14):
    """The host cannot do what is asked: not illumos, a brand or a command that it lacks."""


class IoError(ZmgrError, OSError, code="io", number=15):
    """A file could not be read or written."""


class RecoveryNeededError(ZmgrError, code="recovery-needed", number=16):
    """Work was left unfinished, and a person or ``recover`` has to go first."""


class PartialError(ZmgrError, code="partial", number=17):
    """Some of several things were done and others not; ``report`` tells which."""


class StalePlanError(StateError, code="stale-plan", number=18):
    """What the plan rests on has changed since it was made. Nothing was done."""


def _again(cls: type[ZmgrError], message: str, fields: dict[str, Any]) -> ZmgrError:
    return cls(message, **fields)


def _from_json(error: dict[str, Any]) -> ZmgrError:
    """The exception for an error as the native module tells it."""
    cls = BY_CODE.get(error["code"], InternalError)
    command = error.get("command")
    return cls(
        error["message"],
        help=error["help"],
        details=[Diagnostic._from_json(d) for d in error["details"]],
        command=None if command is None else Command._from_json(command),
    )
