"""Manages illumos zones from flat KDL files.

>>> import tempfile, zmgr
>>> with tempfile.TemporaryDirectory() as d, zmgr.Manager(simulate=d) as m:
...     zone = m.create("web01")
...     print(zone.nets[0].address)
10.1.0.10/24
"""

from ._errors import (
    AddressInUseError,
    BusyError,
    CancelledError,
    CommandError,
    ConfigError,
    ExistsError,
    InternalError,
    InvalidArgumentError,
    IoError,
    NotFoundError,
    PartialError,
    PermissionDeniedError,
    PoolExhaustedError,
    RecoveryNeededError,
    StalePlanError,
    StateError,
    TimedOutError,
    UnsupportedHostError,
    ZmgrError,
)
from ._values import (
    Address,
    Change,
    Command,
    Diagnostic,
    Event,
    EventKind,
    Net,
    Outcome,
    PlannedFile,
    PlannedStep,
    Report,
    Severity,
    ZoneState,
    ZoneStatus,
)
from ._zmgr import Cancel, Manager, Plan, SimHost, Zone, __version__

__all__ = [
    "Address",
    "AddressInUseError",
    "BusyError",
    "Cancel",
    "CancelledError",
    "Change",
    "Command",
    "CommandError",
    "ConfigError",
    "Diagnostic",
    "Event",
    "EventKind",
    "ExistsError",
    "InternalError",
    "InvalidArgumentError",
    "IoError",
    "Manager",
    "Net",
    "NotFoundError",
    "Outcome",
    "PartialError",
    "PermissionDeniedError",
    "Plan",
    "PlannedFile",
    "PlannedStep",
    "PoolExhaustedError",
    "RecoveryNeededError",
    "Report",
    "Severity",
    "SimHost",
    "StalePlanError",
    "StateError",
    "TimedOutError",
    "UnsupportedHostError",
    "ZmgrError",
    "Zone",
    "ZoneState",
    "ZoneStatus",
    "__version__",
]
