"""packaging/host-check on simulated hosts."""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
SCRIPT = TOP / "packaging/host-check"
LIBRARY = TOP / "packaging/host-check.d"
SHELLS = [shell for shell in ("dash", "ksh93", "bash") if shutil.which(shell)]
# The dialects that can install zones from packages, each with a brand that it has.
INSTALLS = [("openindiana", "ipkg"), ("omnios", "lipkg"), ("illumos", "ipkg")]

# Each run starts hundreds of processes.
pytestmark = pytest.mark.timeout(600)


class Outcome:
    """Output and records of a run."""

    def __init__(self, process: subprocess.CompletedProcess, out: Path) -> None:
        self.status, self.text, self.errors = process.returncode, process.stdout, process.stderr
        self.results = [line for line in process.stdout.splitlines() if line[:5] in ("ok   ", "FAIL ", "note ")]
        self.failed = [line[5:] for line in self.results if line.startswith("FAIL")]
        self.recording = out.read_text() if out.exists() else ""
        self.records = [json.loads(line) for line in self.recording.splitlines()]

    def argvs(self, kind: str) -> list[list[str]]:
        return [record["argv"] for record in self.records if record["kind"] == kind]


def check(host, *options: str, shell: str = SHELLS[0], **environment: str) -> Outcome:
    out = host.log.with_name("recording.jsonl")
    argv = [shutil.which(shell), SCRIPT, "--host-root", host.root, "--zmgr", host.zmgr, "--out", out, "--wait", "1", *options]
    process = subprocess.run(argv, capture_output=True, text=True, cwd=host.log.parent, env={**os.environ, **environment}, check=False)
    return Outcome(process, out)


def closing(outcome: Outcome) -> str:
    passed = sum(line.startswith("ok") for line in outcome.results)
    return f"{passed} passed, {len(outcome.failed)} failed"


@pytest.mark.parametrize("dialect", sorted({dialect for dialect, _ in INSTALLS}))
def test_without_options_nothing_is_changed(new_host, dialect):
    host = new_host(dialect)
    before = host.state()
    outcome = check(host)
    assert (outcome.status, outcome.failed) == (0, [])
    assert outcome.text.splitlines()[-1] == closing(outcome)
    assert host.state() == before
    assert outcome.records[0]["dialect"] == dialect
    assert not outcome.argvs("change")


@pytest.mark.parametrize(("dialect", "brand"), INSTALLS)
def test_small_changes_pass_and_leave_nothing(new_host, dialect, brand):
    host = new_host(dialect)
    before = host.there()
    outcome = check(host, "--change")
    assert (outcome.status, outcome.failed) == (0, [])
    assert host.there() == before
    changed = {argv[1] for argv in outcome.argvs("change") if argv[0] == "dladm"}
    assert {"create-etherstub", "create-vnic", "delete-vnic", "delete-etherstub"} <= changed
    assert outcome.text.splitlines()[-1] == closing(outcome)


@pytest.mark.parametrize(
    ("dialect", "brand", "shell"),
    [(*install, SHELLS[0]) for install in INSTALLS] + [(*INSTALLS[0], shell) for shell in SHELLS[1:]],
)
def test_two_zones_are_installed_changed_and_destroyed(new_host, dialect, brand, shell):
    host = new_host(dialect)
    before = host.there()
    outcome = check(host, "--install", brand, "/zones", shell=shell)
    assert (outcome.status, outcome.failed) == (0, [])
    assert host.there() == before
    ran = [argv[1] for argv in outcome.argvs("zmgr")]
    assert {"create", "boot", "exec", "diff", "apply", "shutdown", "destroy"} <= set(ran)
    assert any("--clone-from" in argv for argv in outcome.argvs("zmgr"))
    assert sum("has inside" in line for line in outcome.results) == 3
    assert outcome.text.splitlines()[-1] == closing(outcome)
    assert not list(Path("/tmp").glob("host-check.*/tree/zones/zchk*")), "temporary directories are left"


@pytest.mark.skipif(not shutil.which("original-awk"), reason="original-awk is not installed")
def test_it_runs_with_an_awk_like_that_of_illumos(new_host, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/awk").symlink_to(shutil.which("original-awk"))
    host = new_host()
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    usual, other = check(host, "--change"), check(host, "--change", PATH=path)
    assert (other.status, other.failed) == (0, [])
    commands = [[(record["kind"], record.get("argv")) for record in outcome.records] for outcome in (usual, other)]
    assert commands[0] == commands[1]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (["zoneadm", "list", "--exit", "1", "--stderr", "no"], "zoneadm list -cp: exited with 1, not 0"),
        (["dladm", "show-link", "--exit", "1"], "exited with 1, not 0"),
        (["zfs", "mount", "--exit", "1"], "zfs mount: exited with 1"),
        (["kstat", "--exit", "1"], "kstat -p unix:0:system_misc:boot_time: exited with 1"),
        (["pkg", "publisher", "--exit", "1"], "pkg -R / publisher -H -F tsv: exited with 1"),
    ],
)
def test_a_query_that_fails_is_reported(new_host, fault, reason):
    host = new_host()
    host.sim("fault", *fault)
    outcome = check(host)
    assert outcome.status == 1
    assert any(reason in line for line in outcome.failed), outcome.failed
    assert outcome.text.splitlines()[-1] == closing(outcome)
    assert any(record.get("result") == "FAIL" for record in outcome.records)


@pytest.mark.parametrize(
    ("program", "when", "answer", "reason"),
    [
        ("zoneadm", "list -cp", "0:global:running:/::ipkg", "zoneadm list -cp: fewer than 7 fields"),
        ("dladm", "show-link -p -o link,class,mtu,over", "net0:phys:1500", "fewer than 4 fields"),
        ("dladm", "show-vnic -p -o link,over,macaddress,vid", r"v0:net0\:1:2", "fewer than 4 fields"),
        ("ipadm", "show-addr -p -o addrobj,addr", "lo0/v4", "fewer than 2 fields"),
        ("zfs", "list -H -p -o name,type,mountpoint,mounted,origin,guid /", "rpool filesystem / yes - 1", "fewer than 6 fields"),
        ("zfs", "mount", "rpool", "zfs mount ends its lines with a path"),
        ("kstat", "-p unix:0:system_misc:boot_time", "0", "kstat has the boot time"),
        ("pkg", "-R / publisher -H -F tsv", "openindiana.org true", "fewer than 4 fields"),
    ],
)
def test_an_answer_of_another_shape_is_reported(new_host, program, when, answer, reason):
    host = new_host()
    path = host.root / "usr/sbin" / program
    path.write_text(f"#!/bin/sh\n[ \"$*\" = '{when}' ] && echo '{answer}' && exit 0\nexec {path.with_name('.' + program)} \"$@\"\n")
    outcome = check(host)
    assert outcome.status == 1
    assert any(reason in line for line in outcome.failed), outcome.failed


def test_an_absent_link_that_is_found_is_reported(new_host):
    host = new_host()
    path = host.root / "usr/sbin/dladm"
    path.write_text(f"#!/bin/sh\ncase $* in *show-vnic*none0) exit 0;; esac\nexec {path.with_name('.dladm')} \"$@\"\n")
    outcome = check(host)
    assert outcome.status == 1
    assert all("exited with 0, not 1" in line for line in outcome.failed) and len(outcome.failed) == 2


def test_a_vnic_that_is_not_deleted_is_noticed_and_removed(new_host):
    host = new_host()
    before = host.there()
    deleted = host.log.with_name("deleted")
    path = host.root / "usr/sbin/dladm"
    path.write_text(
        f"#!/bin/sh\n[ \"$1\" = delete-vnic ] && [ ! -e {deleted} ] && touch {deleted} && exit 0\nexec {path.with_name('.dladm')} \"$@\"\n"
    )
    outcome = check(host, "--change")
    assert outcome.status == 1
    assert any(line.startswith("left behind: link zchk") for line in outcome.failed), outcome.failed
    assert "removing VNIC" in outcome.errors
    assert host.there() == before


def test_a_zone_that_cannot_be_uninstalled_is_noticed(new_host):
    host = new_host()
    host.sim("fault", "zoneadm", "uninstall", "--exit", "1", "--times", "1")
    before = host.there()
    outcome = check(host, "--install", "ipkg", "/zones")
    assert outcome.status == 1
    assert any(line.startswith("zmgr destroy") for line in outcome.failed), outcome.failed
    assert any(line.startswith("left behind: zone zchk") for line in outcome.failed), outcome.failed
    assert "removing zone" in outcome.errors
    assert host.there() == before


def test_what_is_gone_from_the_host_is_noticed(new_host):
    host = new_host()
    host.run("dladm", "create-etherstub", "other0")
    path = host.root / "usr/sbin/dladm"
    path.write_text(
        f"#!/bin/sh\n[ \"$1\" = delete-vnic ] && {path.with_name('.dladm')} delete-etherstub other0\n"
        f"exec {path.with_name('.dladm')} \"$@\"\n"
    )
    outcome = check(host, "--change")
    assert any(line.startswith("no longer there: link other0") for line in outcome.failed), outcome.failed


def test_an_interrupted_run_removes_what_it_made_and_nothing_else(new_host):
    host = new_host()
    host.run("dladm", "create-vnic", "-l", "stub0", "mine0")
    before = host.there()
    # Interrupted after the first zone was created, from the inside: no time is waited for.
    wrapper = host.log.with_name("zmgr")
    wrapper.write_text(f'#!/bin/sh\ncase " $* " in *" boot "*) kill -TERM $PPID; exit 1;; esac\nexec {host.zmgr} "$@"\n')
    wrapper.chmod(0o755)
    outcome = check(host, "--zmgr", str(wrapper), "--install", "ipkg", "/zones")
    assert outcome.status in (143, -signal.SIGTERM)
    assert "removing zone zchk" in outcome.errors
    assert "mine0" in before[1]
    assert host.there() == before


def test_a_zone_without_its_address_is_reported(new_host):
    host = new_host()
    # The zone's ipadm shows the loopback address alone, whatever zmgr did.
    path = host.root / "usr/sbin/zlogin"
    path.write_text(
        f"#!/bin/sh\ncase $* in *show-addr*) {path.with_name('.zlogin')} \"$@\" | grep -v from-gz; exit 0;; esac\n"
        f"exec {path.with_name('.zlogin')} \"$@\"\n"
    )
    outcome = check(host, "--wait", "0", "--install", "ipkg", "/zones")
    assert outcome.status == 1
    assert any("lacks inside after 0 s: 192.0.2.10" in line for line in outcome.failed), outcome.failed


def test_names_and_addresses_are_replaced_throughout(new_host):
    host = new_host()
    (host.root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nalice:x:1001:10::/export/home/alice:/bin/sh\n")
    (host.root / "etc/resolv.conf").write_text("search corp.example.com\n")
    host.run("zfs", "create", "rpool/export/secretproject")
    configuration = "create -b; set brand=ipkg; set zonepath=/zones/payroll; set ip-type=exclusive; add net; set physical=payroll0; end"
    host.run("zonecfg", "-z", "payroll", configuration)
    host.run("dladm", "create-vnic", "-l", "stub0", "-m", "2:8:20:ab:cd:ef", "payroll0")
    path = host.root / "usr/sbin/ipadm"
    path.write_text(
        "#!/bin/sh\nprintf '%s\\n' 'lo0/v4:127.0.0.1/8' 'net0/v4:10.11.12.13/24' 'net0/alice:10.11.12.13/24'"
        " 'net0/v6:fe80\\:\\:8\\:20ff\\:feab\\:cdef/10' 'net0/g:2a01\\:4f8\\:\\:5/64'\n"
    )
    publisher = host.root / "usr/sbin/pkg"
    publisher.write_text(
        "#!/bin/sh\ncase \"$*\" in *' list '*) echo 'entire  0.5.11-2020.0.1.20000  i--'; exit;; esac\n"
        "printf 'corp-internal\\ttrue\\tfalse\\ttrue\\torigin\\tonline\\thttps://alice:pw@pkg.corp.example.com/x/\\t-\\n"
        "openindiana.org\\ttrue\\tfalse\\ttrue\\torigin\\tonline\\thttps://pkg.openindiana.org/hipster/\\t-\\n'\n"
    )
    outcome = check(host)
    assert outcome.failed == []
    for secret in ("alice", "payroll", "corp", "secretproject", "10.11.12.13", "ab\\\\:cd", "feab", "4f8", "pw@"):
        assert secret not in outcome.recording, secret
    for kept in ("pkg.openindiana.org/hipster", "127.0.0.1/8", "net0:phys"):
        assert kept in outcome.recording, kept
    answers = {tuple(record["argv"]): record["stdout"] for record in outcome.records if record["kind"] == "query"}
    addresses = answers["ipadm", "show-addr", "-p", "-o", "addrobj,addr"].splitlines()
    # One name for one address each time, and still in the form of ipadm.
    assert addresses[1].split(":")[1] == addresses[2].split(":")[1] == "198.51.100.1/24"
    assert re.fullmatch(r"net0/v6:fe80\\:\\:[0-9a-f]+/10", addresses[3])
    assert re.fullmatch(r"net0/g:2001\\:db8\\:\\:[0-9a-f]+/64", addresses[4])
    vnics = answers["dladm", "show-vnic", "-p", "-o", "link,over,macaddress,vid"]
    assert re.fullmatch(r"\w+:\w+:2\\:8\\:20\\:0\\:0\\:1:0\n", vnics)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--nonsense"], "unknown option --nonsense"),
        (["--install", "ipkg"], "--install needs a brand and a directory"),
        (["--install", "nosuchbrand", "/zones"], "does not have brand nosuchbrand"),
        (["--install", "ipkg", "/nowhere"], "/nowhere is not a mounted ZFS file system"),
        (["--wait", "soon"], "--wait needs a number"),
    ],
)
def test_bad_options_change_nothing(new_host, options, message):
    host = new_host()
    before = host.state()
    outcome = check(host, *options)
    assert (outcome.status, outcome.text) == (2, "")
    assert message in outcome.errors
    assert host.state() == before


def test_a_machine_without_zones_is_refused(tmp_path):
    process = subprocess.run([SCRIPT, "--host-root", tmp_path], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (2, "")
    assert "has no zoneadm" in process.stderr


QUERIES = {
    "zoneadm": {"list"},
    "dladm": {"show-link", "show-vnic", "show-phys", "show-linkprop"},
    "ipadm": {"show-addr"},
    "zlogin": {"show-addr"},
    "zfs": {"list", "mount"},
    "pkg": {"publisher", "list", "-n"},
    "kstat": {"-p"},
    "beadm": {"list"},
    "svcs": {"-H"},
    "zonecfg": {"export", "info"},
}
CHANGES = {
    "dladm": {"create-vnic", "delete-vnic", "set-linkprop", "reset-linkprop"},
    "zonecfg": {"-f", "set autoboot=true", "delete"},
    "zoneadm": {"boot"},
}


def forms(argvs: list[list[str]], wanted: dict[str, set[str]]) -> set[str]:
    """Commands with X for each run of names, paths and datasets."""
    found = set()
    for program, *args in argvs:
        if not wanted.get(program, set()) & set(args):
            continue
        words = []
        value = ""
        for word in args:
            name = not word.startswith("-") and re.match(r"zchk|zmgr-golden-|global$|rpool|/|stub0$", word)
            name = name or value in ("-l", "-m", "-v") or (value == "-p" and "=" in word)
            if not (name and words[-1:] == ["X"]):
                words.append("X" if name else word)
            value = word
        found.add(" ".join([program, *words]))
    return found


def live(host) -> None:
    """Runs what makes zmgr ask everything that it can ask."""
    tree = host.log.with_name("tree")
    for directory in ("templates", "pools", "publishers", "zones", "reservations"):
        (tree / directory).mkdir(parents=True)
    (tree / "config.kdl").write_text('default-template "t"\nzonepath-prefix "/zones"\n')
    (tree / "pools/p.kdl").write_text('pool "p" {\n    network "192.0.2.0/24"\n    stub "stub0"\n    mtu 1400\n    vlan 20\n}\n')
    (tree / "publishers/a.org.kdl").write_text('publisher "a.org" {\n    origin "https://a.example/repo"\n}\n')
    (tree / "templates/t.kdl").write_text(
        'template "t" {\n    brand "nlipkg"\n    net "n" {\n        pool "p"\n        link-property "maxbw" "100M"\n    }\n'
        '    dataset "rpool/export/zchkdata" create=#true quota="1G"\n    install {\n        publisher "a.org"\n    }\n}\n'
    )

    def zmgr(*args: str, status: int = 0) -> None:
        argv = [host.zmgr, "--host-root", host.root, "--root", tree, *args]
        process = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert process.returncode == status, (args, process.stdout, process.stderr)

    host.run("zonecfg", "-z", "zchkx", "create -b; set brand=ipkg; set zonepath=/zones/zchkx; set ip-type=exclusive")
    host.log.unlink()
    (tree / "templates/g.kdl").write_text('template "g" {\n    extends "t"\n    without "dataset"\n    install { golden #true; }\n}\n')
    zmgr("create", "zchkg", "-t", "g", "--dry-run")
    zmgr("create", "zchka", "--no-boot")
    zmgr("boot", "zchka")
    zmgr("list", "-a")
    zmgr("show", "zchka")
    zmgr("diff")
    entry = tree / "zones/zchka.kdl"
    second = '    net "m" {\n        pool "p"\n        address "192.0.2.77/24"\n        vnic "zchka_1"\n        stub "stub0"\n    }\n'
    text = entry.read_text().replace('        link-property "maxbw" "100M"\n', "", 1)
    entry.write_text(text.replace('    net "n"', second + '    net "n"', 1))
    zmgr("set", "zchka", "autoboot=true")
    zmgr("diff", status=19)
    zmgr("apply")
    zmgr("diff", status=19)
    zmgr("apply", "--reboot")
    zmgr("check")
    zmgr("doctor")
    zmgr("pool", "check")
    zmgr("import", "zchkx")
    zmgr("snapshot", "create", "zchka", "a")
    zmgr("snapshot", "list")
    zmgr("snapshot", "rollback", "zchka", "a", "--yes")
    zmgr("snapshot", "delete", "zchka", "a", "--yes")
    zmgr("shutdown", "zchka")
    zmgr("halt", "zchka")
    zmgr("recover")
    zmgr("reinstall", "zchka", "--yes")
    # The host's own publisher answers.
    (tree / "templates/u.kdl").write_text('template "u" {\n    brand "nlipkg"\n    net "n" {\n        pool "p"\n    }\n}\n')
    zmgr("create", "zchku", "-t", "u", "--no-boot")
    zmgr("update", "zchku", "--no-snapshot")
    zmgr("detach", "zchku")
    zmgr("attach", "zchku", "--snapshot", "--update")
    zmgr("destroy", "zchku", "--yes")
    zmgr("template", "refresh", "g")
    zmgr("template", "refresh", "--prune")
    (tree / "zones/zchkb.kdl").write_text('zone "zchkb" {\n    template "t"\n    without "dataset"\n    after "zchka"\n    net "d" {\n        pool "p"\n        address "dhcp"\n    }\n}\n')
    zmgr("apply", "zchkb")
    zmgr("boot", "zchkb", "zchka")
    zmgr("destroy", "zchka", "zchkb", "--yes")


def test_its_queries_are_those_that_zmgr_makes(new_host):
    host = new_host()
    outcome = check(host, "--install", "ipkg", "/zones")
    assert outcome.failed == []
    checked = outcome.argvs("query")
    other = new_host()
    live(other)
    asked = other.calls()
    missing = forms(asked, QUERIES) - forms(checked, QUERIES)
    assert not missing, "zmgr makes queries that packaging/host-check does not"
    # zmgr asks svcs only if zones boot in an order.
    rare = {"svcs -H -o state svc:/milestone/multi-user-server:default"}
    unknown = forms(checked, QUERIES) - forms(asked, QUERIES) - rare
    assert not unknown, "packaging/host-check makes queries that zmgr does not"
    strange = forms(outcome.argvs("change"), CHANGES) - forms(asked, CHANGES)
    assert not strange, "packaging/host-check changes the host in a way that zmgr does not"


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing():
    # SC2016: programs for awk are in single quotes.
    files = [SCRIPT, *sorted(LIBRARY.glob("*.sh"))]
    subprocess.run(["shellcheck", "-x", "-s", "sh", "-e", "SC2016", *files], check=True, cwd=TOP)
