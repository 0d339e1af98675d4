"""Operations: plans, events, outcomes and diagnostics."""

# Conversions from JSON and the base classes are private to the package.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .base import _Value, _Word
from .diagnosis import Evidence
from .steps import StepKind


class Operation(_Word):
    """Operation that can be planned."""

    CREATE = "create"
    DESTROY = "destroy"
    REINSTALL = "reinstall"
    APPLY = "apply"
    IMPORT = "import"
    FORGET = "forget"
    BOOT = "boot"
    SHUTDOWN = "shutdown"
    RENAME = "rename"
    SNAPSHOT_CREATE = "snapshot-create"
    SNAPSHOT_DELETE = "snapshot-delete"
    SNAPSHOT_ROLLBACK = "snapshot-rollback"
    DETACH = "detach"
    ATTACH = "attach"
    UPDATE = "update"
    REFRESH = "refresh"


class Action(_Word):
    """Action of an operation on a zone."""

    CREATED = "created"
    DESTROYED = "destroyed"
    REINSTALLED = "reinstalled"
    #: Its changes were applied.
    APPLIED = "applied"
    #: It was destroyed and created again to apply its changes.
    RECREATED = "recreated"
    #: It was imported.
    ADOPTED = "adopted"
    DETACHED = "detached"
    ATTACHED = "attached"
    UPDATED = "updated"
    #: Its entry was removed.
    FORGOTTEN = "forgotten"
    RENAMED = "renamed"
    SNAPSHOT_TAKEN = "snapshot-taken"
    SNAPSHOT_DELETED = "snapshot-deleted"
    #: It was rolled back to a snapshot.
    ROLLED_BACK = "rolled-back"
    BOOTED = "booted"
    HALTED = "halted"
    SHUT_DOWN = "shut-down"
    REBOOTED = "rebooted"
    #: Its interrupted operation was finished.
    FINISHED = "finished"
    #: Its interrupted operation was given up, and the zone is as before.
    RESTORED = "restored"
    #: Its interrupted operation was undone.
    UNDONE = "undone"
    #: There was nothing to do.
    UNCHANGED = "unchanged"
    #: It was left out; the notes say why.
    SKIPPED = "skipped"
    #: The operation failed; the outcome has the error.
    FAILED = "failed"


class OnFailure(_Word):
    """Treatment of completed steps when a later one fails."""

    #: They are undone.
    ROLLBACK = "rollback"
    #: They are kept, and the entry is in the state ``failed``.
    KEEP = "keep"


class Severity(_Word):
    """Severity of a diagnostic."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Diagnostic(_Value):
    """Message about a configuration file or one of several failures, with its place."""

    severity: Severity
    code: str
    message: str
    help: str | None = None
    path: Path | None = None
    #: Line, counted from 1.
    line: int | None = None
    #: Column in characters, counted from 1.
    column: int | None = None
    #: Byte range in the file: first, and one past the last.
    span: tuple[int, int] | None = None
    #: Text of the line.
    snippet: str | None = None

    def __str__(self) -> str:
        place = [str(part) for part in (self.path, self.line, self.column) if part is not None]
        return f"{':'.join(place)}: {self.message}" if place else self.message

    @classmethod
    def _from_json(cls, d: dict[str, Any]) -> Diagnostic:
        return cls(
            severity=Severity(d["severity"]),
            code=d["code"],
            message=d["message"],
            help=d["help"],
            path=None if d["path"] is None else Path(d["path"]),
            line=d["line"],
            column=d["column"],
            span=None if d["span"] is None else (d["span"][0], d["span"][1]),
            snippet=d["snippet"],
        )


@dataclass(frozen=True)
class Command(_Value):
    """Host command that failed."""

    #: Program and arguments.
    argv: tuple[str, ...]
    #: Exit status; None if a signal ended the command.
    status: int | None
    #: Signal that ended the command; None if it exited.
    signal: int | None
    #: Last lines of standard output.
    stdout: str
    #: Last lines of standard error.
    stderr: str
    #: Log with all output of the command; None if there is none.
    log: Path | None

    @classmethod
    def _from_json(cls, c: dict[str, Any]) -> Command:
        log = None if c["log"] is None else Path(c["log"])
        return cls(tuple(c["argv"]), c["status"], c["signal"], c["stdout"], c["stderr"], log)


class EventKind(_Word):
    """Kind of an event."""

    STARTED = "started"
    STEP_STARTED = "step-started"
    COMMAND = "command"
    RUNNING = "running"
    STEP_DONE = "step-done"
    STEP_FAILED = "step-failed"
    UNDOING = "undoing"
    WARNING = "warning"
    LOG = "log"
    FINISHED = "finished"
    OTHER = "other"


@dataclass(frozen=True)
class Event(_Value):
    """Progress event of an operation."""

    kind: EventKind
    zone: str
    #: Id of the step within the plan, such as ``install``; empty for events of the whole zone.
    step: str
    #: Number of the step, counted from 1; 0 for events of the whole zone.
    position: int
    #: Number of steps.
    steps: int
    #: Command line, last line of output, reason for a failure, warning, path of a log, or outcome, depending on the kind.
    message: str | None = None
    #: Time that the step or command has taken, in seconds.
    elapsed: float | None = None
    #: False if the step, or the operation on the zone, failed.
    ok: bool = True
    #: Number of zones of the operation that have finished, this event included.
    zones_done: int = 0
    #: Number of zones of the operation.
    zones: int = 0


@dataclass(frozen=True)
class PlannedFile(_Value):
    """File that a step writes."""

    path: str
    #: Full text; empty if the file is removed.
    text: str


@dataclass(frozen=True)
class PlannedStep(_Value):
    """Step of a change."""

    id: str
    kind: StepKind
    #: Command, if any: the absolute path of the program, then its arguments.
    argv: tuple[str, ...]
    files: tuple[PlannedFile, ...]
    #: Command that undoes the step, if any.
    undo: tuple[str, ...]
    #: Evidence for the behaviour of the command on this host; None if the step runs none.
    evidence: Evidence | None


@dataclass(frozen=True)
class Change(_Value):
    """Planned change of one zone."""

    zone: str
    entry_id: str
    steps: tuple[PlannedStep, ...]
    #: Information to read before approving the plan.
    notes: tuple[str, ...]

    @classmethod
    def _from_json(cls, c: dict[str, Any]) -> Change:
        return cls(
            zone=c["zone"],
            entry_id=c["entry_id"],
            steps=tuple(
                PlannedStep(
                    id=s["id"],
                    kind=StepKind(s["kind"]),
                    argv=tuple(s.get("argv", ())),
                    files=tuple(PlannedFile(f["path"], f["text"]) for f in s.get("files", ())),
                    undo=tuple(s.get("undo", ())),
                    evidence=Evidence(s["evidence"]) if "evidence" in s else None,
                )
                for s in c["steps"]
            ),
            notes=tuple(c.get("notes", ())),
        )
