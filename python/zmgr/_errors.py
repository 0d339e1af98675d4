"""The exceptions: one class for each code of the table that all faces of zmgr share."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, ClassVar

from ._values import Command, Diagnostic, Report


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


class InternalError(ZmgrError):
    """A fault of zmgr itself, never of its input."""


class InvalidArgumentError(ZmgrError, ValueError):
    """An argument that can never be right, whatever the files and the host say."""

    code = "invalid-argument"
    number = 2


class ConfigError(ZmgrError, ValueError):
    """A document below the root has a fault; ``details`` points at each."""

    code = "config"
    number = 3


class NotFoundError(ZmgrError, LookupError):
    """Something named does not exist."""

    code = "not-found"
    number = 4


class ExistsError(ZmgrError):
    """Something of that name exists already."""

    code = "exists"
    number = 5


class StateError(ZmgrError, RuntimeError):
    """The thing is not in a state that allows this."""

    code = "wrong-state"
    number = 6


class PoolExhaustedError(ZmgrError):
    """No address of the pool is free."""

    code = "pool-exhausted"
    number = 7


class AddressInUseError(ZmgrError):
    """The address asked for is held by somebody else."""

    code = "address-in-use"
    number = 8


class BusyError(ZmgrError, TimeoutError):
    """Somebody else works on it; the same call may go through later."""

    code = "busy"
    number = 9


class PermissionDeniedError(ZmgrError, PermissionError):
    """The caller may not do this."""

    code = "permission-denied"
    number = 10


class CommandError(ZmgrError):
    """A command of the host failed; ``command`` tells which and what it said."""

    code = "command-failed"
    number = 11


class TimedOutError(ZmgrError, TimeoutError):
    """A command or a wait took longer than its limit."""

    code = "timed-out"
    number = 12


class CancelledError(ZmgrError):
    """The caller asked to stop."""

    code = "cancelled"
    number = 13


class UnsupportedHostError(ZmgrError):
    """The host cannot do what is asked: not illumos, a brand or a command that it lacks."""

    code = "unsupported-host"
    number = 14


class IoError(ZmgrError, OSError):
    """A file could not be read or written."""

    code = "io"
    number = 15


class RecoveryNeededError(ZmgrError):
    """Work was left unfinished, and a person or ``recover`` has to go first."""

    code = "recovery-needed"
    number = 16


class PartialError(ZmgrError):
    """Some of several things were done and others not; ``report`` tells which."""

    code = "partial"
    number = 17


class StalePlanError(StateError):
    """What the plan rests on has changed since it was made. Nothing was done."""

    code = "stale-plan"
    number = 18


#: The class of each code. ``drift`` (19) is an exit status of the command line only: no call raises it.
BY_CODE: dict[str, type[ZmgrError]] = {
    cls.code: cls
    for cls in (
        InternalError,
        InvalidArgumentError,
        ConfigError,
        NotFoundError,
        ExistsError,
        StateError,
        PoolExhaustedError,
        AddressInUseError,
        BusyError,
        PermissionDeniedError,
        CommandError,
        TimedOutError,
        CancelledError,
        UnsupportedHostError,
        IoError,
        RecoveryNeededError,
        PartialError,
        StalePlanError,
    )
}


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
