"""The native part of zmgr."""

import ipaddress
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, final

from typing_extensions import Self

from ._values import (
    Allocation,
    Change,
    Config,
    Diagnostic,
    Event,
    ExecResult,
    FleetZone,
    Net,
    Pool,
    PoolUsage,
    Publisher,
    Report,
    Template,
    ZoneDrift,
    ZoneState,
    ZoneStatus,
)

_Path = str | os.PathLike[str]
_Address = str | ipaddress.IPv4Address | ipaddress.IPv6Address
_Addresses = Mapping[str, _Address | Iterable[_Address]]
_Progress = Callable[[Event], object]
_OnFailure = Literal["rollback", "keep"]

__all__ = ["Cancel", "Manager", "Plan", "SimHost", "Zone", "__version__", "_answer", "_codes", "fleet_check", "fleet_zones"]

__version__: str

def _codes() -> list[tuple[str, int, bool]]: ...
def fleet_check(trees: Sequence[_Path]) -> list[Diagnostic]:
    """Compares the trees of several hosts, one directory per host, and returns what is wrong.

    Errors: addresses and MAC addresses held twice, pools that differ between hosts, files that cannot be read.
    Warnings: zone names that two hosts use. Reads files only; needs no host.

    Raises InvalidArgumentError if no tree is given and NotFoundError if one does not exist.
    """

def fleet_zones(trees: Sequence[_Path]) -> list[FleetZone]:
    """Lists the zones of several hosts, by host in the order of the trees, then by name.

    Raises InvalidArgumentError if no tree is given and NotFoundError if one does not exist.
    """
def _answer(directory: _Path, argv: list[str]) -> int: ...
@final
class Cancel:
    def __new__(cls) -> Self: ...
    def cancel(self) -> None: ...
    @property
    def cancelled(self) -> bool: ...

@final
class Manager:
    def __new__(
        cls,
        root: _Path | None = None,
        *,
        simulate: _Path | None = None,
        host_root: _Path | None = None,
        command: str | None = None,
    ) -> Self: ...
    @property
    def root(self) -> Path: ...
    def zones(
        self,
        names: str | Iterable[str] | None = None,
        *,
        tag: str | None = None,
        live: Literal["auto", "never", "required"] = "auto",
        unregistered: bool = False,
    ) -> list[Zone]: ...
    def zone(self, name: str) -> Zone: ...
    def plan_create(
        self,
        names: str | Iterable[str],
        *,
        template: str | None = None,
        addresses: _Addresses | None = None,
        boot: bool | None = None,
        clone_from: str | None = None,
        attrs: Mapping[str, str] | None = None,
    ) -> Plan: ...
    def plan_destroy(
        self, names: str | Iterable[str], *, force: bool = False, keep_data: bool = False
    ) -> Plan: ...
    def plan_forget(self, names: str | Iterable[str]) -> Plan: ...
    def plan_reinstall(
        self, names: str | Iterable[str], *, force: bool = False, boot: bool | None = None
    ) -> Plan: ...
    def run(
        self,
        plan: Plan,
        *,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
        on_failure: _OnFailure | None = None,
    ) -> Report: ...
    def reinstall(
        self,
        name: str,
        *,
        force: bool = False,
        boot: bool | None = None,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
    ) -> Zone: ...
    def reinstall_all(
        self,
        names: str | Iterable[str],
        *,
        force: bool = False,
        boot: bool | None = None,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report: ...
    def create(
        self,
        name: str,
        *,
        template: str | None = None,
        addresses: _Addresses | None = None,
        boot: bool | None = None,
        clone_from: str | None = None,
        attrs: Mapping[str, str] | None = None,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        on_failure: _OnFailure | None = None,
    ) -> Zone: ...
    def create_all(
        self,
        names: str | Iterable[str],
        *,
        template: str | None = None,
        addresses: _Addresses | None = None,
        boot: bool | None = None,
        clone_from: str | None = None,
        attrs: Mapping[str, str] | None = None,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
        on_failure: _OnFailure | None = None,
    ) -> Report: ...
    def destroy(
        self,
        names: str | Iterable[str],
        *,
        force: bool = False,
        keep_data: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
        on_failure: _OnFailure | None = None,
    ) -> Report: ...
    def forget(
        self,
        names: str | Iterable[str],
        *,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report: ...
    def boot(
        self,
        names: str | Iterable[str],
        *,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report: ...
    def halt(
        self,
        names: str | Iterable[str],
        *,
        timeout: float | None = None,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report: ...
    def shutdown(
        self,
        names: str | Iterable[str],
        *,
        timeout: float | None = None,
        force: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report: ...
    def reboot(
        self,
        names: str | Iterable[str],
        *,
        timeout: float | None = None,
        force: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report: ...
    def exec(
        self,
        name: str,
        words: Sequence[str],
        *,
        output: Callable[[Literal["stdout", "stderr"], bytes], object] | None = None,
        cancel: Cancel | None = None,
        timeout: float | None = None,
        stdin: bool = False,
    ) -> ExecResult: ...
    def login(self, name: str, user: str | None = None, *, term: str | None = None) -> int: ...
    def recover(
        self,
        names: str | Iterable[str] | None = None,
        *,
        resume: bool = False,
        roll_back: bool = False,
        wait: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report: ...
    def allocate(
        self, pool: str, owner: str, wanted: _Address | None = None, *, cancel: Cancel | None = None
    ) -> Allocation: ...
    def allocate_all(
        self, pool: str, owners: str | Iterable[str], *, cancel: Cancel | None = None
    ) -> list[Allocation]: ...
    def release(
        self,
        pool: str,
        owner: str,
        address: _Address | None = None,
        *,
        id: str | None = None,
        cancel: Cancel | None = None,
    ) -> None: ...
    def pool_usage(self, pool: str) -> PoolUsage: ...
    def pool_usages(self) -> list[PoolUsage]: ...
    def check_pools(self, pool: str | None = None) -> list[Diagnostic]: ...
    def diff(self, names: str | Iterable[str] | None = None) -> list[ZoneDrift]: ...
    def plan_apply(
        self,
        names: str | Iterable[str] | None = None,
        *,
        prune: bool = False,
        reboot: bool = False,
        recreate: bool = False,
    ) -> Plan: ...
    def apply(
        self,
        names: str | Iterable[str] | None = None,
        *,
        prune: bool = False,
        reboot: bool = False,
        recreate: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
        on_failure: _OnFailure | None = None,
    ) -> Report: ...
    def set(self, name: str, settings: Mapping[str, str], *, cancel: Cancel | None = None) -> Zone: ...
    def init(self) -> list[Path]: ...
    def check(self) -> list[Diagnostic]: ...
    def config(self) -> Config: ...
    def templates(self) -> list[Template]: ...
    def template(self, name: str) -> Template: ...
    def pools(self) -> list[Pool]: ...
    def pool(self, name: str) -> Pool: ...
    def publishers(self) -> list[Publisher]: ...
    def publisher(self, name: str) -> Publisher: ...
    def effective(self, name: str) -> dict[str, Any]: ...
    def import_zones(
        self,
        names: str | Iterable[str] | None = None,
        *,
        template: str | None = None,
        no_template: bool = False,
        adopt_links: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report: ...
    def plan_import(
        self,
        names: str | Iterable[str] | None = None,
        *,
        template: str | None = None,
        no_template: bool = False,
        adopt_links: bool = False,
    ) -> Plan: ...
    def stopped_by(self, cancel: Cancel) -> Manager: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...

@final
class Plan:
    @property
    def operation(self) -> str: ...
    @property
    def changes(self) -> tuple[Change, ...]: ...
    @property
    def digest(self) -> str: ...
    @property
    def is_empty(self) -> bool: ...
    def to_json(self) -> str: ...
    @classmethod
    def from_json(cls, text: str) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class SimHost:
    def __new__(cls, directory: _Path) -> Self: ...
    @classmethod
    def create(cls, directory: _Path, *, dialect: str = "openindiana") -> Self: ...
    @property
    def directory(self) -> Path: ...
    @property
    def dialect(self) -> str: ...
    def link(self, bin: _Path) -> list[Path]: ...
    def fault(
        self,
        program: str,
        subcommand: str | None = None,
        *,
        zone: str | None = None,
        exit: int | None = None,
        stderr: str | None = None,
        stdout: str | None = None,
        delay: float | None = None,
        abort: Literal["before", "after"] | None = None,
        panic: bool = False,
        times: int | None = None,
    ) -> None: ...
    def clear_faults(self) -> None: ...
    def reboot(self) -> list[str]: ...

@final
class Zone:
    @property
    def name(self) -> str: ...
    @property
    def id(self) -> str | None: ...
    @property
    def brand(self) -> str | None: ...
    @property
    def template(self) -> str | None: ...
    @property
    def zonepath(self) -> Path | None: ...
    @property
    def state(self) -> ZoneState | None: ...
    @property
    def status(self) -> ZoneStatus | None: ...
    @property
    def uuid(self) -> str | None: ...
    @property
    def autoboot(self) -> bool | None: ...
    @property
    def created(self) -> str | None: ...
    @property
    def origin(self) -> str | None: ...
    @property
    def nets(self) -> tuple[Net, ...]: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def attrs(self) -> dict[str, str]: ...
    @property
    def pending(self) -> tuple[str, ...]: ...
    @property
    def fault(self) -> Diagnostic | None: ...
    def to_dict(self) -> dict[str, Any]: ...
    def to_json(self) -> str: ...
    @classmethod
    def from_json(cls, text: str) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
