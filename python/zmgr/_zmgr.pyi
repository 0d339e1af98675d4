"""Native part of zmgr. Import its names from `zmgr`."""

import ipaddress
import os
import uuid as _uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, final

from typing_extensions import Self

from ._errors import Report
from ._values import (
    Allocation,
    Change,
    Config,
    Diagnosis,
    Diagnostic,
    Event,
    ExecResult,
    FleetClaim,
    FleetStatus,
    FleetZone,
    Found,
    Net,
    Operation,
    Origin,
    Pool,
    PoolUsage,
    Publisher,
    Snapshot,
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

__all__ = ["Cancel", "Manager", "Plan", "SimHost", "Zone", "__version__", "_answer", "_codes", "_is_first", "_main", "_words", "fleet_check", "fleet_zones"]

__version__: str

def _codes() -> list[tuple[str, int, bool]]: ...
def _is_first(sys: object) -> bool: ...
def _words() -> dict[str, list[str]]: ...
def _main(words: Sequence[str], program: Sequence[str]) -> int: ...

def fleet_check(trees: Sequence[_Path]) -> list[Diagnostic]:
    """Compares the trees of several hosts, one directory per host, and returns what is wrong.

    - trees: directories of configuration files.

    Errors: addresses and MAC addresses held twice, pools that differ between hosts, files that cannot be read.
    Warnings: zone names that two hosts use. Reads files only; needs no host.

    Raises InvalidArgumentError if no tree is given and NotFoundError if one does not exist.
    """

def fleet_zones(trees: Sequence[_Path]) -> list[FleetZone]:
    """Lists the zones of several hosts, by host in the order of the trees, then by name.

    - trees: directories of configuration files.

    Raises InvalidArgumentError if no tree is given and NotFoundError if one does not exist.
    """

def _answer(directory: _Path, argv: list[str]) -> int: ...

@final
class Cancel:
    """Cancellation token. Any thread may use it."""

    def __new__(cls) -> Self:
        """Creates a token that has not been triggered."""

    def cancel(self) -> None:
        """Cancels the calls that use the token: they roll back and raise CancelledError.

        A second call stops the rollback too; `Manager.recover` can finish it.
        """

    @property
    def cancelled(self) -> bool:
        """True once `cancel` was called."""

@final
class Manager:
    """Manages the zones of one host and their configuration files.

    Any number of threads may use one manager. Use it as a context manager, or call `close`.
    """

    def __new__(
        cls,
        root: _Path | None = None,
        *,
        simulate: _Path | None = None,
        host_root: _Path | None = None,
        command: str | None = None,
    ) -> Self:
        """Opens a manager. Performs no I/O.

        - root: directory of the configuration files; None means /etc/zmgr of the host.
        - simulate: directory of a simulated host, created if missing.
        - host_root: directory under which host programs and files are found; conflicts with `simulate`.
        - command: name of this program, shown to processes that wait for its locks.

        Raises InvalidArgumentError for conflicting options.
        """

    @property
    def root(self) -> Path:
        """Directory of the configuration files."""

    def zones(
        self,
        names: str | Iterable[str] | None = None,
        *,
        tag: str | None = None,
        query_host: Literal["if-available", "never", "required"] = "if-available",
        unregistered: bool = False,
    ) -> list[Zone]:
        """Returns the registered zones, sorted by name.

        - names: only these zones; None means all.
        - tag: only zones with this tag.
        - query_host: "if-available" queries the host for each status and leaves it None if the host does not answer; "never" reads
          only the files; "required" fails if the host does not answer.
        - unregistered: include zones of the host that are not in the registry.

        A zone whose file has an error is in the list, with `fault` set.

        Raises NotFoundError for a name that is not registered; UnsupportedHostError and CommandError only if `query_host`
        is "required".
        """

    def zone(self, name: str) -> Zone:
        """Returns one zone. Reads its file and queries the host for its status.

        - name: name of the zone.

        Raises NotFoundError if it is not registered and ConfigError if its file has an error.
        """

    def plan_create(
        self,
        names: str | Iterable[str],
        *,
        template: str | None = None,
        addresses: _Addresses | None = None,
        boot: bool | None = None,
        clone_from: str | None = None,
        attrs: Mapping[str, str] | None = None,
    ) -> Plan:
        """Plans the creation of zones. Changes nothing.

        - names: name of the zone, or several names.
        - template: name of the template; None means default-template in config.kdl.
        - addresses: addresses by net, such as {"internal": "10.1.0.10"}; without prefix length.
        - boot: True boots the zone after installing, False does not; None means as the template says.
        - clone_from: name of the zone to clone instead of installing.
        - attrs: attributes of the zone.

        Raises the foreseeable errors of `create`: ExistsError, NotFoundError (template, zone to clone), ConfigError,
        PoolExhaustedError, AddressInUseError, UnsupportedHostError.
        """

    def plan_destroy(
        self,
        names: str | Iterable[str],
        *,
        force: bool = False,
        keep_data: bool = False,
        purge: bool = False,
        unproven: bool = False,
    ) -> Plan:
        """Plans the destruction of zones. Changes nothing.

        - names: name of the zone, or several names.
        - force: act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
        - keep_data: detach the zones and keep their files, instead of uninstalling.
        - purge: also destroy the delegated datasets that zmgr created, and those that uninstalling a zone destroys.
        - unproven: act on a real host even if what a step destroys is only inferred.

        Raises NotFoundError, StateError if `force` is needed, and RecoveryNeededError for an unfinished operation.
        """

    def plan_boot(self, names: str | Iterable[str] | None = None) -> Plan:
        """Plans the boot of zones, in the order of `after`. Changes nothing. A running zone has no step.

        - names: names of the zones; None means those of `boot_all`.

        Raises NotFoundError, StateError if a zone is not installed, ConfigError for zones that come after each other in
        a circle, and RecoveryNeededError for an unfinished operation.
        """

    def plan_shutdown(
        self,
        names: str | Iterable[str] | None = None,
        *,
        timeout: float | None = None,
        force: bool = False,
    ) -> Plan:
        """Plans the shutdown of zones, in the reverse order of `after`. Changes nothing.

        - names: names of the zones; None means those of `shutdown_all`.
        - timeout: seconds to wait for the state; None means the timeout in config.kdl.
        - force: halt zones that do not go down in time.

        Raises NotFoundError, StateError if a zone is not installed, and RecoveryNeededError for an unfinished operation.
        """

    def plan_forget(self, names: str | Iterable[str]) -> Plan:
        """Plans the removal of zones from the registry. Changes nothing.

        - names: name of the zone, or several names.

        The notes of a change list what is lost with the entry.

        Raises NotFoundError, and RecoveryNeededError for an unfinished operation.
        """

    def plan_reinstall(
        self,
        names: str | Iterable[str],
        *,
        force: bool = False,
        boot: bool | None = None,
        snapshot: bool = False,
        unproven: bool = False,
    ) -> Plan:
        """Plans the reinstallation of zones. Changes nothing.

        - names: name of the zone, or several names.
        - force: act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
        - boot: True boots the zone afterwards, False does not; None means if it was running before.
        - snapshot: keep the old root with a snapshot, labelled with the time; roll_back() brings it back.
        - unproven: act on a real host even if what a step destroys is only inferred.

        Raises NotFoundError, StateError if `force` is needed, and RecoveryNeededError for an unfinished operation.
        """

    def plan_detach(self, names: str | Iterable[str]) -> Plan:
        """Plans to detach zones. Changes nothing.

        - names: name of the zone, or several names.

        Raises the errors of `detach` that show before it begins.
        """

    def detach(
        self,
        names: str | Iterable[str],
        *,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report:
        """Detaches zones that are down: takes them from the host, with their configuration and the VNICs that zmgr
        created, and keeps their files and entries.

        - names: name of the zone, or several names.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with one Outcome per zone.

        Raises NotFoundError, StateError if a zone is not installed and down, CommandError, or RecoveryNeededError for
        a single name; for several, PartialError if any failed and CancelledError if all were cancelled. The
        exception's `report` has the outcome of each zone.
        """

    def plan_attach(
        self,
        names: str | Iterable[str],
        *,
        update: bool = False,
        boot: bool = False,
        snapshot: bool = False,
        template: str | None = None,
    ) -> Plan:
        """Plans to attach zones. Changes nothing.

        - names: name of the zone, or several names.
        - update: update their packages to those of the host.
        - boot: boot them afterwards.
        - snapshot: take a snapshot of their files first, with the label "before-attach".
        - template: name of the template of zones without an entry; None means default-template in config.kdl.

        Raises the errors of `attach` that show before it begins.
        """

    def attach(
        self,
        names: str | Iterable[str],
        *,
        update: bool = False,
        boot: bool = False,
        snapshot: bool = False,
        template: str | None = None,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report:
        """Attaches zones: brings back detached ones with what they had, and makes zones of files that `destroy` kept.

        - names: name of the zone, or several names.
        - update: update their packages to those of the host, in place: after an upgrade of the host.
        - boot: boot them afterwards.
        - snapshot: take a snapshot of their files first, with the label "before-attach".
        - template: name of the template of zones without an entry; None means default-template in config.kdl.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with one Outcome per zone.

        Raises NotFoundError if no files lie at the zonepath; ExistsError if those that lie there are not the zone's,
        or it is registered; StateError if the host could not take them up; CommandError if their packages are older
        than the host's and `update` is not set; for several names PartialError if any failed. A failure leaves the
        files, and an entry as it was.
        """

    def plan_rename(self, old: str, new: str, *, links: bool = False, zonepath: bool = False) -> Plan:
        """Plans to rename a zone. Changes nothing.

        - old: name of the zone.
        - new: its new name.
        - links: also rename the VNICs that are named after the zone.
        - zonepath: also move the zone to the zonepath of its new name.

        Raises the errors of `rename` that show before it begins.
        """

    def rename(
        self,
        old: str,
        new: str,
        *,
        links: bool = False,
        zonepath: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
    ) -> Report:
        """Renames a zone that is down: on the host, in its entry, and in every file that names it.

        - old: name of the zone.
        - new: its new name.
        - links: also rename the VNICs that are named after the zone.
        - zonepath: also move the zone to the zonepath of its new name, beside the current one. The dataset keeps its
          name.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.

        Returns a Report whose only Outcome has the zone under its new name; its notes say what keeps the old one.

        Raises NotFoundError; StateError if the zone is not down; ExistsError if anything has or names the new name,
        data included; ConfigError if a template names its storage after it; RecoveryNeededError for an unfinished
        operation. A failure leaves the zone as it was.
        """

    def run(
        self,
        plan: Plan,
        *,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
        on_failure: _OnFailure | None = None,
    ) -> Report:
        """Runs a plan, unless its basis has changed.

        - plan: plan of one of the `plan_…` methods.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.
        - on_failure: "rollback" or "keep" if a step fails; None means the setting in config.kdl.

        Returns a Report with one Outcome per zone.

        Raises StalePlanError if the basis has changed, in which case nothing was done; otherwise the errors of the
        planned operation.
        """

    def reinstall(
        self,
        name: str,
        *,
        force: bool = False,
        boot: bool | None = None,
        snapshot: bool = False,
        unproven: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
    ) -> Zone:
        """Reinstalls a zone from scratch, keeping its addresses, links and configuration.

        - name: name of the zone.
        - force: act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
        - boot: True boots the zone afterwards, False does not; None means if it was running before.
        - snapshot: keep the old root with a snapshot, labelled with the time; roll_back() brings it back.
        - unproven: act on a real host even if what a step destroys is only inferred.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.

        Returns the resulting zone.

        Raises NotFoundError, StateError if `force` is needed, CommandError, CancelledError, and RecoveryNeededError
        for an unfinished operation.
        """

    def reinstall_all(
        self,
        names: str | Iterable[str],
        *,
        force: bool = False,
        boot: bool | None = None,
        snapshot: bool = False,
        unproven: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report:
        """Reinstalls several zones from scratch, keeping their addresses, links and configuration.

        - names: name of the zone, or several names.
        - force: act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
        - boot: True boots the zone afterwards, False does not; None means if it was running before.
        - snapshot: keep the old root with a snapshot, labelled with the time; roll_back() brings it back.
        - unproven: act on a real host even if what a step destroys is only inferred.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with one Outcome per zone.

        Raises the error of `reinstall` for a single name; for several, PartialError if any failed and CancelledError
        if all were cancelled. The exception's `report` has the outcome of each zone.
        """

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
    ) -> Zone:
        """Creates a zone: allocates its addresses, configures and installs it, and boots it if its configuration says
        so.

        - name: name of the new zone.
        - template: name of the template; None means default-template in config.kdl.
        - addresses: addresses by net, such as {"internal": "10.1.0.10"}; without prefix length.
        - boot: True boots the zone after installing, False does not; None means as the template says.
        - clone_from: name of the zone to clone instead of installing.
        - attrs: attributes of the zone.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - on_failure: "rollback" or "keep" if a step fails; None means the setting in config.kdl.

        Returns the resulting zone.

        Raises ExistsError if the registry or the host already has the zone; NotFoundError (template, zone to clone);
        ConfigError; PoolExhaustedError; AddressInUseError; CommandError; CancelledError; RecoveryNeededError if the
        rollback failed too.
        """

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
    ) -> Report:
        """Creates several zones.

        - names: name of the zone, or several names.
        - template: name of the template; None means default-template in config.kdl.
        - addresses: addresses by net, such as {"internal": "10.1.0.10"}; without prefix length.
        - boot: True boots the zone after installing, False does not; None means as the template says.
        - clone_from: name of the zone to clone instead of installing.
        - attrs: attributes of the zone.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.
        - on_failure: "rollback" or "keep" if a step fails; None means the setting in config.kdl.

        Returns a Report with one Outcome per zone.

        Raises the error of `create` for a single name; for several, PartialError if any failed and CancelledError if
        all were cancelled. The exception's `report` has the outcome of each zone.
        """

    def destroy(
        self,
        names: str | Iterable[str],
        *,
        force: bool = False,
        keep_data: bool = False,
        purge: bool = False,
        unproven: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
        on_failure: _OnFailure | None = None,
    ) -> Report:
        """Destroys zones and what zmgr created for them: their files, configuration, VNICs and entries.

        - names: name of the zone, or several names.
        - force: act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
        - keep_data: detach the zones and keep their files, instead of uninstalling.
        - purge: also destroy the delegated datasets that zmgr created, and those that uninstalling a zone destroys.
        - unproven: act on a real host even if what a step destroys is only inferred.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.
        - on_failure: "rollback" or "keep" if a step fails; None means the setting in config.kdl.

        Returns a Report with one Outcome per zone.

        Raises NotFoundError, StateError if `force` is needed, CommandError, or RecoveryNeededError for a single name;
        for several, PartialError if any failed and CancelledError if all were cancelled. The exception's `report` has
        the outcome of each zone.
        """

    def forget(
        self,
        names: str | Iterable[str],
        *,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report:
        """Removes zones from the registry. Does not change them on the host.

        - names: name of the zone, or several names.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with one Outcome per zone.

        Raises NotFoundError, BusyError, or RecoveryNeededError for an unfinished operation, for a single name; for
        several, PartialError if any failed and CancelledError if all were cancelled. The exception's `report` has the
        outcome of each zone.
        """

    def boot(
        self,
        names: str | Iterable[str],
        *,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report:
        """Boots zones and waits until they are running. Leaves running zones alone. A zone is booted once those of the
        others that it comes after have started their services.

        - names: name of the zone, or several names.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with one Outcome per zone.

        Raises NotFoundError, StateError if the zone is not installed, CommandError, TimedOutError, or
        RecoveryNeededError for a single name; for several, PartialError if any failed and CancelledError if all were
        cancelled. The exception's `report` has the outcome of each zone.
        """

    def boot_all(
        self,
        *,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report:
        """Boots every built zone that boots with the host: each once the zones that it comes after have started their
        services. Zones with an unfinished operation are skipped.

        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with one Outcome per zone, by name.

        Raises PartialError if any of several failed, CancelledError if all were cancelled, and the error itself if
        there is one zone. The exception's `report` has the outcome of each zone.
        """

    def halt(
        self,
        names: str | Iterable[str],
        *,
        timeout: float | None = None,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report:
        """Halts zones immediately, without running their shutdown scripts.

        - names: name of the zone, or several names.
        - timeout: seconds to wait for the state; None means the timeout in config.kdl.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with one Outcome per zone.

        Raises NotFoundError, CommandError, or TimedOutError for a single name; for several, PartialError if any
        failed and CancelledError if all were cancelled. The exception's `report` has the outcome of each zone.
        """

    def shutdown(
        self,
        names: str | Iterable[str],
        *,
        timeout: float | None = None,
        force: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report:
        """Shuts zones down cleanly and waits until they are down. A zone is shut down once those of the others that come
        after it are down.

        - names: name of the zone, or several names.
        - timeout: seconds to wait for the state; None means the timeout in config.kdl.
        - force: halt zones that do not go down in time.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with one Outcome per zone.

        Raises NotFoundError, CommandError, or TimedOutError for a single name; for several, PartialError if any
        failed and CancelledError if all were cancelled. The exception's `report` has the outcome of each zone.
        """

    def shutdown_all(
        self,
        *,
        timeout: float | None = None,
        force: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report:
        """Shuts down every built zone of the registry: each once the zones that come after it are down. Zones with an
        unfinished operation are skipped.

        - timeout: seconds to wait for the state; None means the timeout in config.kdl.
        - force: halt zones that do not go down in time.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with one Outcome per zone, by name.

        Raises PartialError if any of several failed, CancelledError if all were cancelled, and the error itself if
        there is one zone. The exception's `report` has the outcome of each zone.
        """

    def reboot(
        self,
        names: str | Iterable[str],
        *,
        timeout: float | None = None,
        force: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report:
        """Shuts running zones down cleanly and boots them again.

        - names: name of the zone, or several names.
        - timeout: seconds to wait for the state; None means the timeout in config.kdl.
        - force: halt the zones instead of shutting them down.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with one Outcome per zone.

        Raises NotFoundError, StateError if the zone is not running, CommandError, or TimedOutError for a single name;
        for several, PartialError if any failed and CancelledError if all were cancelled. The exception's `report` has
        the outcome of each zone.
        """

    def exec(
        self,
        name: str,
        words: Sequence[str],
        *,
        output: Callable[[Literal["stdout", "stderr"], bytes], object] | None = None,
        cancel: Cancel | None = None,
        timeout: float | None = None,
        stdin: bool = False,
    ) -> ExecResult:
        """Runs a command as root inside a running zone.

        - name: name of the zone.
        - words: the command and its arguments, passed on unchanged, without a shell.
        - output: called with (stream, bytes) as output arrives; return False to stop the command. Without it, the
          result has the output.
        - cancel: token that stops the command.
        - timeout: time limit in seconds; None means no limit.
        - stdin: pass this process's standard input to the command; otherwise its input is empty.

        Returns the exit status and the output. A status other than 0 is not an error.

        Raises NotFoundError; StateError if the zone is not running or goes down; TimedOutError; CancelledError;
        CommandError if the exit status is unknown.
        """

    def login(self, name: str, user: str | None = None, *, term: str | None = None) -> int:
        """Logs in to a zone on this process's terminal.

        - name: name of the zone.
        - user: user to log in as; None means root.
        - term: terminal type; None means the environment variable TERM.

        Returns the exit status of the session.

        Raises NotFoundError, and StateError if the zone is not running.
        """

    def recover(
        self,
        names: str | Iterable[str] | None = None,
        *,
        resume: bool = False,
        roll_back: bool = False,
        wait: bool = False,
        skip_installs: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
    ) -> Report:
        """Recovers interrupted operations. Each is resumed or rolled back, whichever loses less.

        - names: names of the zones; None means all with an interrupted operation.
        - resume: resume the operation, even if rolling it back would lose less.
        - roll_back: roll back the operation, even if the zone is already installed; conflicts with `resume`.
        - wait: wait for host commands that a killed process left running.
        - skip_installs: leave alone what can only be resumed by installing the zone.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with one Outcome per zone.

        Raises NotFoundError, BusyError, or RecoveryNeededError if you have to choose the direction, for a single
        name; for several, PartialError if any failed and CancelledError if all were cancelled. The exception's
        `report` has the outcome of each zone.
        """

    def allocate(
        self, pool: str, owner: str, wanted: _Address | None = None, *, cancel: Cancel | None = None
    ) -> Allocation:
        """Reserves one address of each family of a pool for an owner that is not a zone.

        - pool: name of the pool.
        - owner: name of the owner; it identifies the reservation.
        - wanted: address to reserve; None means the next free ones.
        - cancel: token that stops the wait for a lock.

        A repeated call for the same owner returns the same addresses. The reservation is on disk when the call
        returns.

        Raises NotFoundError (the pool); ExistsError if the owner holds another address or is a zone;
        PoolExhaustedError; AddressInUseError; InvalidArgumentError for an address that the pool never allocates;
        ConfigError; BusyError; CancelledError.
        """

    def allocate_all(
        self, pool: str, owners: str | Iterable[str], *, cancel: Cancel | None = None
    ) -> list[Allocation]:
        """Reserves addresses for several owners in one step: for all of them or for none.

        - pool: name of the pool.
        - owners: name of an owner, or several names.
        - cancel: token that stops the wait for a lock.

        Returns one Allocation per owner, in the order of the owners.

        Raises the errors of `allocate`.
        """

    def release(
        self,
        pool: str,
        owner: str,
        address: _Address | None = None,
        *,
        id: str | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """Releases the addresses that an owner holds in a pool.

        - pool: name of the pool.
        - owner: name of the owner; it identifies the reservation.
        - address: only this address; None means all.
        - id: only if the reservation has this id (`Allocation.id`).
        - cancel: token that stops the wait for a lock.

        Raises NotFoundError if the owner does not hold the address; BusyError and CancelledError while another
        process changes the registry.
        """

    def fleet_status(self) -> FleetStatus:
        """Compares this host with its fleet: members, what each holds, shared pools, and what is wrong. Changes nothing.

        Raises ConfigError without `store` in config.kdl; StoreUnreachableError.
        """

    def fleet_join(self, *, cancel: Cancel | None = None) -> FleetStatus:
        """Joins the fleet: claims everything that the entries of this host hold, or nothing.

        - cancel: token that stops the wait for a lock.

        Raises AddressInUseError with a detail for each thing that another host holds; StateError if another host of
        this name is a member; ConfigError; StoreUnreachableError; BusyError; CancelledError.
        """

    def fleet_push(self, pool: str, *, cancel: Cancel | None = None) -> None:
        """Makes this host's definition of a shared pool the fleet's, if every address that is held still fits.

        - pool: name of the pool.
        - cancel: token that stops the wait for a lock.

        Raises NotFoundError if the pool is not shared; StateError with a detail for each address that does not fit;
        ConfigError; StoreUnreachableError; BusyError; CancelledError.
        """

    def fleet_forget(self, host: str) -> list[FleetClaim]:
        """Forgets a host that is gone for good: what it holds becomes free, and its claims are refused until it joins
        again.

        - host: name of the host.

        Returns what is free now. Make sure first that none of its zones is running.

        Raises NotFoundError if the fleet has no such host; StateError if it joined again in the meantime; ConfigError;
        StoreUnreachableError.
        """

    def find(self, what: _Address | ipaddress.IPv4Interface | ipaddress.IPv6Interface) -> Found:
        """Finds who holds an address, a MAC address, a link or a name, why, and where it is written.

        - what: an address (a string, with or without prefix length, or an `ipaddress` object), a MAC address, a link,
          or the name of a zone, reservation, pool, template or publisher.

        Returns Found; if nothing holds it, `holdings` is empty. Without a host, only files are searched.

        Raises InvalidArgumentError for a text that can be none of them.
        """

    def pool_usage(self, pool: str) -> PoolUsage:
        """Returns the use of a pool and the holders of its addresses.

        - pool: name of the pool.

        Raises NotFoundError, and ConfigError for an error in the pool's file.
        """

    def pool_usages(self) -> list[PoolUsage]:
        """Returns the use of every pool, sorted by name.

        Raises ConfigError for an error in a pool's file.
        """

    def check_pools(self, pool: str | None = None) -> list[Diagnostic]:
        """Checks the addresses of a pool, or of all pools if it is None.

        - pool: name of the pool.

        Reports addresses held twice, held against the pool's rules, or outside every pool. Always queries the host.

        Raises NotFoundError, ConfigError for an error in a pool's file, and UnsupportedHostError.
        """

    def snapshots(self, names: str | Iterable[str] | None = None) -> list[Snapshot]:
        """Lists the snapshots that zmgr took of zones: by zone, oldest first.

        - names: names of the zones; None means all.

        Each snapshot says whether the host still has it, and what is not in it.

        Raises NotFoundError for a name that is not registered, and UnsupportedHostError.
        """

    def plan_create_snapshot(self, name: str, label: str | None = None) -> Plan:
        """Plans a snapshot of a zone. Changes nothing.

        - name: name of the zone.
        - label: label of the snapshot; None means the time.

        Raises the foreseeable errors of `create_snapshot`.
        """

    def create_snapshot(
        self,
        name: str,
        label: str | None = None,
        *,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
    ) -> Snapshot:
        """Takes a snapshot of a zone's own files and keeps a copy of its configuration file beside it.

        - name: name of the zone.
        - label: label of the snapshot; None means the time.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.

        Returns the snapshot, whose `excluded` says what is not in it.

        Raises NotFoundError, ExistsError if the zone has a snapshot of this label, StateError if the zone has no files,
        and RecoveryNeededError for an unfinished operation.
        """

    def plan_delete_snapshot(self, name: str, label: str) -> Plan:
        """Plans to delete a snapshot. Changes nothing.

        - name: name of the zone.
        - label: label of the snapshot.

        Raises NotFoundError, and StateError if something was cloned from it or holds it.
        """

    def delete_snapshot(
        self,
        name: str,
        label: str,
        *,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
    ) -> Report:
        """Deletes a snapshot that zmgr took.

        - name: name of the zone.
        - label: label of the snapshot.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.

        Returns a Report with one Outcome.

        Raises NotFoundError, StateError if something was cloned from it or holds it, CommandError, and
        RecoveryNeededError for an unfinished operation.
        """

    def plan_roll_back(self, name: str, label: str, *, force: bool = False, unproven: bool = False) -> Plan:
        """Plans to roll a zone back to a snapshot. Changes nothing.

        - name: name of the zone.
        - label: label of the snapshot.
        - force: destroy later snapshots that zmgr took, which are in the way.
        - unproven: act on a real host even if what a step does is only inferred.

        The notes of the change say what is lost, what is not rolled back, and how the zone's file has changed since.

        Raises NotFoundError, and StateError if something is in the way.
        """

    def roll_back(
        self,
        name: str,
        label: str,
        *,
        force: bool = False,
        unproven: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
    ) -> Report:
        """Makes a zone's own files what they were when a snapshot was taken. Shuts a running zone down and boots it again.

        - name: name of the zone.
        - label: label of the snapshot.
        - force: destroy later snapshots that zmgr took, which are in the way.
        - unproven: act on a real host even if what a step does is only inferred.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.

        Returns a Report with one Outcome, whose notes say what is lost and what is not rolled back.

        Raises NotFoundError, StateError if something is in the way, CommandError, CancelledError, and
        RecoveryNeededError for an unfinished operation.
        """

    def diff(self, names: str | Iterable[str] | None = None, *, offline: bool = False) -> list[ZoneDrift]:
        """Compares zones (None means all) with their files. Changes nothing.

        - names: name of the zone, or several names; None means all.
        - offline: do not query the host; compare the files with what was last applied.

        A zone whose files have errors is in the list, with `fault` set. On a machine that cannot manage zones, `offline` is implied.

        Raises NotFoundError for a name that is not registered, and UnsupportedHostError if there is neither a host nor a tree.
        """

    def plan_apply(
        self,
        names: str | Iterable[str] | None = None,
        *,
        prune: bool = False,
        reboot: bool = False,
        recreate: bool = False,
        snapshot: bool = False,
    ) -> Plan:
        """Plans the changes that make the host match the files. Changes nothing.

        - names: names of the zones; None means all.
        - prune: also remove settings that are not in the files.
        - reboot: reboot running zones if a change needs it.
        - recreate: create zones again that are in the registry but missing on the host.
        - snapshot: take a snapshot of each zone before it is changed, labelled with the time.

        Raises NotFoundError, ConfigError for an unreadable file, and RecoveryNeededError for an unfinished operation.
        """

    def apply(
        self,
        names: str | Iterable[str] | None = None,
        *,
        prune: bool = False,
        reboot: bool = False,
        recreate: bool = False,
        snapshot: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
        on_failure: _OnFailure | None = None,
    ) -> Report:
        """Makes the host match the files: creates zones that are not built yet and changes what differs.

        - names: names of the zones; None means all.
        - prune: also remove settings that are not in the files.
        - reboot: reboot running zones if a change needs it.
        - recreate: create zones again that are in the registry but missing on the host.
        - snapshot: take a snapshot of each zone before it is changed, labelled with the time.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.
        - on_failure: "rollback" or "keep" if a step fails; None means the setting in config.kdl.

        Returns a Report with the actions "created", "applied", "recreated" and "unchanged".

        Raises NotFoundError, ConfigError, RecoveryNeededError, or an error of `create` for a single name; for
        several, PartialError if any failed and CancelledError if all were cancelled. The exception's `report` has the
        outcome of each zone.
        """

    def plan_refresh_templates(self, names: str | Iterable[str], *, unproven: bool = False) -> Plan:
        """Plans to refresh templates. Changes nothing.

        - names: names of the templates; none means that only unneeded golden zones are removed.
        - unproven: remove golden zones on a real host even if what the removal destroys is only inferred.

        Raises the errors of `refresh_templates`, and ExistsError if an earlier installation is unfinished.
        """

    def refresh_templates(
        self,
        names: str | Iterable[str],
        *,
        unproven: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
        on_failure: _OnFailure | None = None,
    ) -> Report:
        """Refreshes templates: installs a new golden zone for the present settings of each, even if there is one of these
        settings, and then removes the golden zones that no zone is cloned from and no template needs.

        - names: names of the templates; none means that only unneeded golden zones are removed.
        - unproven: remove golden zones on a real host even if what the removal destroys is only inferred.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of golden zones to process in parallel.
        - on_failure: "rollback" or "keep" if an installation fails; None means the setting in config.kdl.

        Returns a Report with one Outcome per golden zone: "created", then "destroyed"; "skipped" if its replacement was
        not installed.

        Raises NotFoundError; StateError if the zones of a template are not cloned from golden zones; ConfigError;
        UnsupportedHostError if the brand or the file system of the zones is not there; CommandError if an installation
        fails; RecoveryNeededError if an earlier one is unfinished; for several golden zones PartialError if any failed.
        """

    def plan_update(
        self,
        names: str | Iterable[str] | None = None,
        *,
        snapshot: bool = True,
        reboot: bool = False,
        force: bool = False,
    ) -> Plan:
        """Plans to update the packages of zones. Changes nothing, and asks no publisher.

        - names: names of the zones; None means all that have an image of pkg.
        - snapshot: take a snapshot of each zone first.
        - reboot: shut down running zones, and boot them again.
        - force: update running zones as they run, and zones whose packages become newer than the host's.

        Raises the errors of `update` that show before a publisher is asked.
        """

    def update(
        self,
        names: str | Iterable[str] | None = None,
        *,
        snapshot: bool = True,
        reboot: bool = False,
        force: bool = False,
        progress: _Progress | None = None,
        cancel: Cancel | None = None,
        jobs: int = 1,
        on_failure: _OnFailure | None = None,
    ) -> Report:
        """Updates the packages of zones: in place, while the zone is down, after a snapshot. If pkg fails, the zone is
        rolled back to the snapshot.

        - names: names of the zones; None means all that have an image of pkg.
        - snapshot: take a snapshot of each zone first.
        - reboot: shut down running zones, and boot them again.
        - force: update running zones as they run, and zones whose packages become newer than the host's.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.
        - on_failure: "rollback" or "keep" if pkg fails; None means the setting in config.kdl.

        Returns a Report with one Outcome per zone; its notes name what has changed, and its action is "unchanged" if
        there was no update.

        Raises NotFoundError; StateError if a zone is running and neither `reboot` nor `force` is set, if its packages
        would become newer than the host's and `force` is not set, if the host boots another boot environment next, or
        if not exactly one of the zone's is active; CommandError if a publisher does not answer or pkg fails; for
        several names PartialError if any failed.
        """

    def set(self, name: str, settings: Mapping[str, str], *, cancel: Cancel | None = None) -> Zone:
        """Changes settings in a zone's file. `apply` changes the host.

        - name: name of the zone.
        - settings: values by key, such as {"attr.owner": "alice"}; an empty value removes the zone's own setting.
        - cancel: token that stops the wait for a lock.

        Returns the zone.

        Raises NotFoundError; InvalidArgumentError for an invalid key or value, in which case nothing changes;
        ConfigError if the file is unreadable; BusyError and CancelledError while another process works on the zone.
        """

    def init(self) -> list[Path]:
        """Writes commented starter configuration files and returns their paths. Never overwrites a file.

        Raises UnsupportedHostError on a machine without zones, unless `root` or `simulate` names a place, and IoError.
        """

    def write_file(
        self, path: _Path, text: str, *, was: str | None = None, cancel: Cancel | None = None
    ) -> list[Diagnostic]:
        """Replaces the text of a configuration file if the whole tree stays valid; keeps its mode and owner.

        - path: path below the root, such as "pools/internal.kdl".
        - text: new text of the file.
        - was: text that the change is based on; None creates a file that must not exist.
        - cancel: token that stops the wait for a lock.

        Returns the warnings about the new text. Only the file changes; `apply` changes the host.

        Raises the following errors, after which nothing is written: ConfigError if the file would not be valid, or if another
        file would get an error that it does not have now; StalePlanError if the text on disk is not `was`; ExistsError;
        NotFoundError; InvalidArgumentError for another path, or a text that changes what only zmgr writes; BusyError and
        CancelledError while another process has the lock.
        """

    def check(self) -> list[Diagnostic]:
        """Checks all configuration files and, if the host can be queried, what they need on the host.

        Returns the diagnostics, ordered by file and line; empty if there are no problems.

        Raises NotFoundError if the tree does not exist.
        """

    def doctor(self) -> Diagnosis:
        """Checks whether the host can be managed. Changes nothing.

        Looks at distribution, brands, commands and what they print, datasets, links, privileges, known bugs of the platform, and
        the boot environments of every zone. Also returns a diagnosis on a machine that cannot manage zones: see `can_manage`.

        Raises CancelledError if a token of `with_cancel` is triggered. What is wrong with the host is in the diagnosis.
        """

    def config(self) -> Config:
        """Returns the global settings.

        Raises ConfigError for an error in config.kdl.
        """

    def templates(self) -> list[Template]:
        """Returns all templates, sorted by name.

        Raises ConfigError for an error in one of the files.
        """

    def template(self, name: str) -> Template:
        """Returns one template.

        - name: name of the template.

        Raises NotFoundError, and ConfigError for an error in its file.
        """

    def pools(self) -> list[Pool]:
        """Returns all pools, sorted by name.

        Raises ConfigError for an error in one of the files.
        """

    def pool(self, name: str) -> Pool:
        """Returns one pool.

        - name: name of the pool.

        Raises NotFoundError, and ConfigError for an error in its file.
        """

    def publishers(self) -> list[Publisher]:
        """Returns all publishers, sorted by name.

        Raises ConfigError for an error in one of the files.
        """

    def publisher(self, name: str) -> Publisher:
        """Returns one publisher.

        - name: name of the publisher.

        Raises NotFoundError, and ConfigError for an error in its file.
        """

    def effective(self, name: str) -> dict[str, Any]:
        """Returns the resolved desired state (spec) of a zone.

        - name: name of the zone.

        Each value from a configuration file is a dict of "value" and "source" (its file and line).

        Raises NotFoundError, and ConfigError for an error in the zone's file or in a file that it depends on.
        """

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
    ) -> Report:
        """Adds zones of the host to the registry without changing the host.

        - names: names of the zones; None means all zones of the host.
        - template: name of the template; None means the best match for each zone's brand, or none.
        - no_template: adopt without a template; conflicts with `template`.
        - adopt_links: take over VNICs that look like zmgr's own, so that destroying the zone deletes them.
        - progress: called with each Event on the calling thread; return False to cancel.
        - cancel: token that cancels the operation.
        - jobs: number of zones to process in parallel.

        Returns a Report with the actions "adopted" and "skipped"; a note gives the reason for skipping.

        Raises NotFoundError for a name that the host does not have, or ExistsError for one that is registered, for a
        single name; for several, PartialError if any failed and CancelledError if all were cancelled. The exception's
        `report` has the outcome of each zone.
        """

    def plan_import(
        self,
        names: str | Iterable[str] | None = None,
        *,
        template: str | None = None,
        no_template: bool = False,
        adopt_links: bool = False,
    ) -> Plan:
        """Plans the import of zones. Changes nothing.

        - names: names of the zones; None means all zones of the host.
        - template: name of the template; None means the best match for each zone's brand, or none.
        - no_template: adopt without a template; conflicts with `template`.
        - adopt_links: take over VNICs that look like zmgr's own, so that destroying the zone deletes them.

        Raises NotFoundError (a zone that the host does not have, a template), and ExistsError for a registered zone.
        """

    def with_cancel(self, cancel: Cancel) -> Manager:
        """Returns a copy of the manager whose queries raise CancelledError once the token is triggered.

        Queries are zones, zone, check, diff, plans and pools. Operations use only their own `cancel` argument.

        Raises StateError if the manager is closed.
        """

    def close(self) -> None:
        """Closes the manager. Calling it again does nothing."""

    def __enter__(self) -> Self:
        """Returns the manager."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None:
        """Closes the manager."""

@final
class Plan:
    """Description of what an operation would do. Immutable."""

    @property
    def operation(self) -> Operation:
        """Operation that the plan describes."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """Changes of the plan, one per zone, in the order in which they are done."""

    @property
    def digest(self) -> str:
        """SHA-256 of the plan as 64 hex digits. Plans with the same digest are equal."""

    @property
    def is_empty(self) -> bool:
        """True if the plan changes nothing."""

    def to_json(self) -> str:
        """Returns the plan as JSON."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads a plan from JSON, which another process or host may have written.

        - text: JSON, as `to_json` returns it.

        The plan is validated when it runs.

        Raises InvalidArgumentError if the JSON is not a plan.
        """

    def __eq__(self, value: object, /) -> bool:
        """Returns True if both plans are equal."""

    def __hash__(self) -> int:
        """Returns a hash of the plan."""

@final
class SimHost:
    """Simulated illumos host in a directory.

    Its state persists, and several processes may use it concurrently. To manage it, pass its directory to
    `Manager(simulate=...)`.
    """

    def __new__(cls, directory: _Path) -> Self:
        """Opens the simulated host in a directory.

        - directory: directory of the host.

        Raises NotFoundError if there is none.
        """

    @classmethod
    def create(cls, directory: _Path, *, dialect: str = "openindiana") -> Self:
        """Creates a simulated host in a directory, which is created if missing.

        - directory: directory of the host.

        `dialect` is "illumos", "openindiana", "omnios" or "smartos".

        Raises ExistsError if the directory already has a simulated host, and InvalidArgumentError for an unknown
        dialect.
        """

    @property
    def directory(self) -> Path:
        """Absolute directory of the simulated host."""

    @property
    def dialect(self) -> str:
        """Simulated distribution: "illumos", "openindiana", "omnios" or "smartos"."""

    def link(self, bin: _Path) -> list[Path]:
        """Writes zonecfg, zoneadm, dladm, … programs that act on the simulated host into a directory.

        - bin: directory for the programs, created if missing.

        Returns the paths of the programs.

        Raises IoError if the directory cannot be written.
        """

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
    ) -> None:
        """Adds a fault, which lasts until it is cleared or has happened `times` times.

        - program: program that fails, such as "zoneadm".
        - subcommand: only this subcommand, such as "install"; None means all.
        - zone: only commands on this zone; None means all.
        - exit: exit status; the command fails after its first change of state.
        - stderr, stdout: text to print.
        - delay: duration of the command in seconds.
        - abort: kill the calling process "before" the command starts or "after" it has finished.
        - panic: panic in the thread of the caller.
        - times: number of times the fault happens; None means no limit.

        The most recent matching fault applies.

        Raises InvalidArgumentError if the program is empty or the exit status is out of range.
        """

    def clear_faults(self) -> None:
        """Removes all faults.

        Raises IoError.
        """

    def reboot(self) -> list[str]:
        """Reboots the simulated host: running zones stop, and zones with autoboot boot.

        Returns the names of the zones that failed to boot.

        Raises IoError.
        """

@final
class Zone:
    """Zone: its registry entry, with defaults from its template and the status from the host. An immutable snapshot."""

    @property
    def name(self) -> str:
        """Name of the zone."""

    @property
    def id(self) -> str | None:
        """Id of the entry, 32 hex digits; None if the zone has not been created yet or is not registered."""

    @property
    def brand(self) -> str | None:
        """Brand; None if unknown."""

    @property
    def template(self) -> str | None:
        """Name of the template; None if it has none."""

    @property
    def zonepath(self) -> Path | None:
        """Path of the zone on the host; None if unknown."""

    @property
    def state(self) -> ZoneState | None:
        """State in the registry; None if the zone has not been created yet or is not registered."""

    @property
    def status(self) -> ZoneStatus | None:
        """Status on the host; None if the host was not queried, or cannot read the zone."""

    @property
    def uuid(self) -> _uuid.UUID | None:
        """UUID of the installation; None if it is not installed."""

    @property
    def autoboot(self) -> bool | None:
        """True if the zone boots with the host; None if unknown."""

    @property
    def created(self) -> datetime | None:
        """Time of registration, in UTC; None if it is not registered."""

    @property
    def origin(self) -> Origin | None:
        """Origin of the entry; None if it is not registered."""

    @property
    def nets(self) -> tuple[Net, ...]:
        """Nets, in the order of the entry."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags for selecting zones."""

    @property
    def attrs(self) -> dict[str, str]:
        """Attributes by name."""

    @property
    def pending(self) -> tuple[str, ...]:
        """Applied changes that take effect at the next boot."""

    @property
    def up(self) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...] | None:
        """Addresses that are up in the zone, without those of its loopback; None if it was not asked: it is not running, has no
        ipadm, did not answer, or is one of a list."""

    @property
    def fault(self) -> Diagnostic | None:
        """Error in the zone's file; None if there is none."""

    def to_dict(self) -> dict[str, Any]:
        """Returns the zone as a dict with the keys of `zmgr show --json`."""

    def to_json(self) -> str:
        """Returns the zone as JSON, as `zmgr show --json` prints it."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads a zone from JSON.

        - text: JSON, as `to_json` returns it.

        Raises InvalidArgumentError if the JSON is not a zone.
        """

    def __eq__(self, value: object, /) -> bool:
        """Returns True if both zones are equal."""

    def __hash__(self) -> int:
        """Returns a hash of the zone."""

    def __lt__(self, value: Zone, /) -> bool:
        """Returns True if this zone comes first: by name, then by id, then by everything else."""

    def __le__(self, value: Zone, /) -> bool:
        """Returns True unless the other zone comes first."""

    def __gt__(self, value: Zone, /) -> bool:
        """Returns True if the other zone comes first."""

    def __ge__(self, value: Zone, /) -> bool:
        """Returns True unless this zone comes first."""
