"""Exceptions, one class per error code, and reports, which hold exceptions."""

# Conversions from JSON are private to the package, not to a class; the native module calls one of them.
# pyright: reportPrivateUsage=false, reportUnusedFunction=false

from __future__ import annotations

import errno as _errno
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ._values import Action, Command, Diagnostic
from ._values.base import _Value

if TYPE_CHECKING:
    from ._zmgr import Zone

#: Exception class by code. ``drift`` (19) is only an exit status of the CLI; no call raises it.
BY_CODE: dict[str, type[ZmgrError]] = {}


@dataclass(frozen=True)
class Outcome(_Value):
    """Outcome of an operation for one zone."""

    name: str
    #: Action on the zone; ``Action.FAILED`` if there is an error.
    action: Action
    #: Resulting zone; None if the zone is gone or the operation failed.
    zone: Zone | None
    #: Reason for a failure; None on success.
    error: ZmgrError | None
    #: Information for the user that did not stop the operation.
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Report(_Value):
    """Outcome of an operation for each zone, in the order of the request."""

    outcomes: tuple[Outcome, ...]

    @property
    def zones(self) -> list[Zone]:
        """Resulting zones of the successful outcomes."""
        return [o.zone for o in self.outcomes if o.zone is not None]

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)

    def __len__(self) -> int:
        return len(self.outcomes)


class ZmgrError(Exception):
    """Base class of all exceptions of zmgr.

    ``code`` is a stable name; ``number`` equals the exit status of the CLI and ``zmgr_status`` in C.
    """

    code: ClassVar[str] = "internal"
    number: ClassVar[int] = 1
    #: The ``errno`` of a class that is an OSError, unless the system gave one.
    _errno: ClassVar[int] = _errno.EIO

    #: Message: one sentence.
    message: str
    #: Advice, if there is any.
    help: str | None
    #: Diagnostics, each with its place in a file if it has one.
    details: tuple[Diagnostic, ...]
    #: Host command that failed, if any.
    command: Command | None
    #: Outcome of each zone, for operations on several zones.
    report: Report | None

    def __init_subclass__(cls, *, code: str | None = None, number: int | None = None) -> None:
        """Sets the code of a class. A subclass outside zmgr inherits the code of its base."""
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
        errno: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.details = tuple(details)
        self.command = command
        self.report = report
        _set_errno(self, self._errno if errno is None else errno)
        if help is not None and sys.version_info >= (3, 11):
            self.add_note(f"help: {help}")

    def __str__(self) -> str:
        return self.message

    @property
    def filename(self) -> str | None:  # type: ignore[override, unused-ignore]
        """File of the first diagnostic that has one."""
        return next((str(d.path) for d in self.details if d.path is not None), None)

    @property
    def lineno(self) -> int | None:
        """Line of the first diagnostic that has one."""
        return next((d.line for d in self.details if d.line is not None), None)

    @property
    def can_retry(self) -> bool:
        """True if the same call may succeed later without changes."""
        return self.code in ("busy", "timed-out", "stale-plan", "store-unreachable")

    def __eq__(self, other: object) -> bool:
        """Returns True for an error of the same class with the same contents, such as a pickled copy."""
        return type(other) is type(self) and _contents(self) == _contents(other)

    def __hash__(self) -> int:
        return hash((type(self), self.message))

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), _contents(self))


class InternalError(ZmgrError, code="internal", number=1):
    """A bug in zmgr."""


class InvalidArgumentError(ZmgrError, ValueError, code="invalid-argument", number=2):
    """An argument is invalid, whatever the state of files and host."""


class ConfigError(ZmgrError, ValueError, code="config", number=3):
    """A configuration file has an error; ``details`` lists them."""


class NotFoundError(ZmgrError, LookupError, code="not-found", number=4):
    """A zone, pool, template or other object does not exist."""


class ExistsError(ZmgrError, code="exists", number=5):
    """An object of that name already exists."""


class StateError(ZmgrError, RuntimeError, code="wrong-state", number=6):
    """The state of the zone does not allow the operation."""


class PoolExhaustedError(ZmgrError, code="pool-exhausted", number=7):
    """The pool has no free address."""


class AddressInUseError(ZmgrError, code="address-in-use", number=8):
    """The requested address is already held."""


class BusyError(ZmgrError, TimeoutError, code="busy", number=9):
    """Another process holds the lock; the same call may succeed later."""

    _errno = _errno.EBUSY


class PermissionDeniedError(ZmgrError, PermissionError, code="permission-denied", number=10):
    """Permission denied."""

    _errno = _errno.EACCES


class CommandError(ZmgrError, code="command-failed", number=11):
    """A host command failed; ``command`` has its arguments and output."""


class TimedOutError(ZmgrError, TimeoutError, code="timed-out", number=12):
    """A command or a wait exceeded its time limit."""

    _errno = _errno.ETIMEDOUT


class CancelledError(ZmgrError, code="cancelled", number=13):
    """The call was cancelled."""


class UnsupportedHostError(ZmgrError, code="unsupported-host", number=14):
    """The host does not support the operation: it is not illumos, or lacks a brand or a command."""


class IoError(ZmgrError, OSError, code="io", number=15):
    """Reading or writing a file failed."""


class RecoveryNeededError(ZmgrError, code="recovery-needed", number=16):
    """An interrupted operation must be recovered first, by ``recover`` or by hand."""


class PartialError(ZmgrError, code="partial", number=17):
    """Some operations failed; ``report`` has the outcome of each zone."""


class StalePlanError(StateError, code="stale-plan", number=18):
    """The basis of the plan has changed since it was created. Nothing was done."""


class StoreUnreachableError(ZmgrError, ConnectionError, code="store-unreachable", number=20):
    """The store of the fleet cannot be reached, is full, or does not let this host in.

    Nothing was allocated or released.
    """


def _set_errno(error: BaseException, number: int) -> None:
    if isinstance(error, OSError):
        error.errno = number
        error.strerror = os.strerror(number)


def _contents(error: object) -> dict[str, Any]:
    names = ("message", "help", "details", "command", "report", "errno")
    return {name: getattr(error, name, None) for name in names}


def _again(cls: type[ZmgrError], contents: dict[str, Any]) -> ZmgrError:
    return cls(**contents)


def _from_json(error: dict[str, Any], errno: int | None = None) -> ZmgrError:
    """Creates the exception for an error of the native module. ``errno``: what the system said, if it said so."""
    cls = BY_CODE.get(error["code"], InternalError)
    command = error.get("command")
    return cls(
        error["message"],
        help=error["help"],
        details=[Diagnostic._from_json(d) for d in error["details"]],
        command=None if command is None else Command._from_json(command),
        errno=errno,
    )
