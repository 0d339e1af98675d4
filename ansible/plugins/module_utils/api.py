# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations of zmgr as plain values: through the Python module `zmgr`, or through its CLI with --json.

Both implementations return the same values and raise the same `Failure`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import enum
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile

try:
    import zmgr as native

    HAS_MODULE = True
except ImportError:
    HAS_MODULE = False

#: Names of zone attributes whose values are secrets.
SECRET_NAME = re.compile(r"pass(word|wd|phrase)?|secret|token|credential|private|api.?key", re.IGNORECASE)

#: Directories besides PATH in which packages install the command.
PROGRAM_DIRECTORIES = ("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/opt/local/bin", "/opt/ooce/bin")


class Failure(Exception):
    """Error of zmgr, with its code, number, advice and the diagnostics that belong to it."""

    def __init__(self, code, number, message, help=None, details=()):
        super(Failure, self).__init__(message)
        self.code = code
        self.number = number
        self.message = message
        self.help = help
        self.details = list(details)

    def as_dict(self):
        """Returns the keys of a failed module."""
        return dict(msg=self.message, code=self.code, number=self.number, help=self.help, details=self.details)


def invalid(message):
    """Returns the failure of an invalid option."""
    return Failure("invalid-argument", 2, message)


def plain(value):
    """Converts a value of the Python module to its JSON form."""
    if dataclasses.is_dataclass(value):
        return dict((f.name, plain(getattr(value, f.name))) for f in dataclasses.fields(value))
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, dict):
        return dict((str(key), plain(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def usage(value):
    """Returns the use of a pool with keys that are variable names, and with counts that are numbers."""
    if isinstance(value, dict):
        return dict((key.replace("-", "_"), usage(item)) for key, item in value.items())
    if isinstance(value, list):
        return [usage(item) for item in value]
    # Counts of IPv6 networks exceed 64 bits and are text in the CLI's JSON.
    return int(value) if isinstance(value, str) and value.isdigit() else value


class Place(object):
    """Tree and host that an Api works on. All of it may be None: /etc/zmgr of this host."""

    def __init__(self, root=None, simulate=None, host_root=None):
        self.root = root
        self.simulate = simulate
        self.host_root = host_root

    @property
    def tree(self):
        """Directory of the configuration files."""
        return self.root or os.path.join(self.simulate or self.host_root or "/", "etc/zmgr")

    def copied(self, root):
        """Returns the same host with another tree."""
        return Place(root, self.simulate, self.host_root)


class Api(object):
    """Interface of both implementations.

    Zones, plans and drift have the keys of `zmgr --json`.
    """

    #: Value of the option `api` that selects the implementation.
    name = ""

    def __init__(self, place, shown=None):
        self.place = place
        #: Tree to name in messages and results, if it differs from the one in use.
        self._shown = shown

    def _again(self, place, shown):
        raise NotImplementedError

    def version(self):
        """Returns the version of zmgr."""
        raise NotImplementedError

    def zones(self, unregistered=False, offline=False):
        """Returns all zones of the registry, sorted by name."""
        raise NotImplementedError

    def plan_create(self, names, template=None, addresses=None, boot=None, clone_from=None, attrs=None):
        """Plans the creation of zones."""
        raise NotImplementedError

    def plan_destroy(self, names, force=False, keep_data=False):
        """Plans the destruction of zones."""
        raise NotImplementedError

    def plan_apply(self, names, prune=False, reboot=False, recreate=False):
        """Plans the changes that make the host match the files."""
        raise NotImplementedError

    def run(self, plan, jobs=1, keep=False):
        """Runs a plan."""
        raise NotImplementedError

    def set(self, name, settings):
        """Changes settings in a zone's file; an empty value removes one."""
        raise NotImplementedError

    def boot(self, names, jobs=1):
        """Boots zones."""
        raise NotImplementedError

    def shutdown(self, names, timeout=None, force=False, jobs=1):
        """Shuts zones down."""
        raise NotImplementedError

    def diff(self, names=None):
        """Returns the drift of zones; None means all."""
        raise NotImplementedError

    def pools(self):
        """Returns the use of every pool."""
        raise NotImplementedError

    @contextlib.contextmanager
    def scratch(self):
        """Yields an Api of the same host with a temporary copy of the tree.

        Edits can be tried there. Nothing changes the tree itself, not even its caches.
        """
        directory = tempfile.mkdtemp(prefix="ansible-zmgr-")
        try:
            copy = os.path.join(directory, "zmgr")
            if os.path.isdir(self.place.tree):
                shutil.copytree(self.place.tree, copy, ignore=shutil.ignore_patterns(".zmgr", ".git"))
            else:
                os.mkdir(copy)
            yield self._again(self.place.copied(copy), self.place.tree)
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _named(self, text):
        """Replaces the tree in use by the one to show."""
        return text.replace(self.place.tree, self._shown) if self._shown else text


class CommandApi(Api):
    """Implementation by the CLI."""

    name = "cli"

    def __init__(self, place, executable=None, ssh=None, shown=None):
        super(CommandApi, self).__init__(place, shown)
        self._executable = executable
        self._ssh = ssh
        program = executable or "zmgr"
        if not ssh and not os.path.dirname(program):
            path = os.pathsep.join([os.environ.get("PATH", os.defpath)] + list(PROGRAM_DIRECTORIES))
            found = shutil.which(program, path=path)
            if found is None:
                raise Failure("not-found", 4, "zmgr not found: neither the Python module nor the command is installed",
                              "install zmgr, or name the command with the option executable")
            program = found
        self._command = [program]
        for option, value in (("--root", place.root), ("--simulate", place.simulate), ("--host-root", place.host_root)):
            if value:
                self._command += [option, value]

    def _again(self, place, shown):
        return CommandApi(place, self._executable, self._ssh, shown)

    def _call(self, words, data=None, others=()):
        """Runs the CLI and returns its output. `others` are further exit statuses that are not errors."""
        argv = self._command + ["--json", "--quiet"] + words
        if self._ssh:
            # sshd passes one string to the login shell.
            argv = ["ssh", "-o", "BatchMode=yes", "--", self._ssh, " ".join(shlex.quote(word) for word in argv)]
        # The Python module reads no environment variables either.
        environment = dict((key, value) for key, value in os.environ.items() if not key.startswith("ZMGR_"))
        try:
            done = subprocess.run(argv, input=(data or "").encode(), env=environment, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            raise Failure("io", 15, "cannot run %s: %s" % (argv[0], error.strerror)) from error
        if done.returncode == 0 or done.returncode in others:
            return self._named(done.stdout.decode())
        raise self._failure(argv[0], done.returncode, self._named(done.stderr.decode(errors="replace")))

    @staticmethod
    def _failure(program, status, text):
        for line in reversed(text.splitlines()):
            if line.startswith('{"error":'):
                error = json.loads(line)["error"]
                return Failure(error["code"], error["number"], error["message"], error["help"], error["details"])
        return Failure("internal", 1, "%s failed with exit status %d: %s" % (program, status, text.strip()[-2000:]))

    def version(self):
        return self._call(["--version"]).split()[-1]

    def zones(self, unregistered=False, offline=False):
        options = (["--all"] if unregistered else []) + (["--offline"] if offline else [])
        return json.loads(self._call(["list"] + options))

    def plan_create(self, names, template=None, addresses=None, boot=None, clone_from=None, attrs=None):
        words = ["create", "--dry-run"]
        if template:
            words += ["--template", template]
        for net, several in sorted((addresses or {}).items()):
            for address in several:
                words += ["--address", "%s=%s" % (net, address)]
        if boot is not None:
            words.append("--boot" if boot else "--no-boot")
        if clone_from:
            words += ["--clone-from", clone_from]
        for key, value in sorted((attrs or {}).items()):
            words += ["--attr", "%s=%s" % (key, value)]
        return json.loads(self._call(words + ["--"] + names))

    def plan_destroy(self, names, force=False, keep_data=False):
        words = ["destroy", "--dry-run"] + flags(force=force, keep_data=keep_data)
        return json.loads(self._call(words + ["--"] + names))

    def plan_apply(self, names, prune=False, reboot=False, recreate=False):
        words = ["apply", "--dry-run"] + flags(prune=prune, reboot=reboot, recreate=recreate)
        return json.loads(self._call(words + ["--"] + names))

    def run(self, plan, jobs=1, keep=False):
        self._call(["run", "--jobs", str(jobs)] + flags(keep=keep) + ["-"], data=json.dumps(plan))

    def set(self, name, settings):
        words = ["%s=%s" % pair for pair in sorted(settings.items())]
        return json.loads(self._call(["set", "--", name] + words))[0]

    def boot(self, names, jobs=1):
        self._call(["boot", "--jobs", str(jobs), "--"] + names)

    def shutdown(self, names, timeout=None, force=False, jobs=1):
        words = ["shutdown", "--jobs", str(jobs)] + flags(force=force)
        if timeout is not None:
            words += ["--timeout", str(timeout)]
        self._call(words + ["--"] + names)

    def diff(self, names=None):
        return json.loads(self._call(["diff", "--"] + list(names or ()), others=(19,)))

    def pools(self):
        return usage(json.loads(self._call(["pool", "list"])))


def flags(**options):
    """Returns the options of the CLI that are set."""
    return ["--" + key.replace("_", "-") for key, value in sorted(options.items()) if value]


class ModuleApi(Api):
    """Implementation by the Python module."""

    name = "python"

    def __init__(self, place, shown=None):
        super(ModuleApi, self).__init__(place, shown)
        with self._errors():
            self._manager = native.Manager(place.root, simulate=place.simulate, host_root=place.host_root)

    def _again(self, place, shown):
        return ModuleApi(place, shown)

    @contextlib.contextmanager
    def _errors(self):
        try:
            yield
        except native.ZmgrError as error:
            told = dict(code=error.code, number=error.number, message=error.message, help=error.help, details=plain(error.details))
            raise Failure(**json.loads(self._named(json.dumps(told)))) from error

    def _read(self, text):
        return json.loads(self._named(text))

    def version(self):
        return native.__version__

    def zones(self, unregistered=False, offline=False):
        with self._errors():
            zones = self._manager.zones(unregistered=unregistered, query_host="never" if offline else "if-available")
            return [self._read(zone.to_json()) for zone in zones]

    def plan_create(self, names, template=None, addresses=None, boot=None, clone_from=None, attrs=None):
        with self._errors():
            plan = self._manager.plan_create(names, template=template, addresses=addresses, boot=boot,
                                             clone_from=clone_from, attrs=attrs)
            return self._read(plan.to_json())

    def plan_destroy(self, names, force=False, keep_data=False):
        with self._errors():
            return self._read(self._manager.plan_destroy(names, force=force, keep_data=keep_data).to_json())

    def plan_apply(self, names, prune=False, reboot=False, recreate=False):
        with self._errors():
            plan = self._manager.plan_apply(names, prune=prune, reboot=reboot, recreate=recreate)
            return self._read(plan.to_json())

    def run(self, plan, jobs=1, keep=False):
        with self._errors():
            self._manager.run(native.Plan.from_json(json.dumps(plan)), jobs=jobs, on_failure="keep" if keep else None)

    def set(self, name, settings):
        with self._errors():
            return self._read(self._manager.set(name, settings).to_json())

    def boot(self, names, jobs=1):
        with self._errors():
            self._manager.boot(names, jobs=jobs)

    def shutdown(self, names, timeout=None, force=False, jobs=1):
        with self._errors():
            self._manager.shutdown(names, timeout=timeout, force=force, jobs=jobs)

    def diff(self, names=None):
        with self._errors():
            return self._read(json.dumps(plain(self._manager.diff(names))))

    def pools(self):
        with self._errors():
            return usage(self._read(json.dumps(plain(self._manager.pool_usages()))))


def open_api(params):
    """Returns the implementation that the options select."""
    place = Place(params.get("root"), params.get("simulate"), params.get("host_root"))
    api, executable, ssh = params.get("api") or "auto", params.get("executable"), params.get("ssh")
    if api == "python" and not HAS_MODULE:
        raise Failure("not-found", 4, "the Python module zmgr cannot be imported", "install zmgr for this Python, or use api=cli")
    if HAS_MODULE and api != "cli" and not ssh:
        return ModuleApi(place)
    return CommandApi(place, executable, ssh)


def secrets(zones, names=()):
    """Returns the values of secret attributes: those whose names look like secrets, and those in `names`."""
    return set(value for zone in zones for key, value in zone["attrs"].items()
               if value and (key in names or SECRET_NAME.search(key)))
