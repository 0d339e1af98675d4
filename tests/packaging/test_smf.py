"""The SMF manifests and their method."""

import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
SMF = TOP / "packaging/illumos/smf"
MANIFESTS = sorted(SMF.glob("*.xml"))

# The part of service_bundle.dtd.1 that manifests of this kind use: what each element may contain, in order, as a regular expression over
# the names of its children; its required attributes; its optional ones.
DTD: dict[str, tuple[str, set[str], set[str]]] = {
    "service_bundle": (r"(service )+", {"type", "name"}, set()),
    "service": (
        r"(create_default_instance )?(single_instance )?(restarter )?(dependency )*(dependent )*(method_context )?(exec_method )*"
        r"(property_group )*(instance )*(stability )?(template )?",
        {"name", "type", "version"},
        set(),
    ),
    "create_default_instance": (r"", {"enabled"}, set()),
    "single_instance": (r"", set(), set()),
    "dependency": (r"(service_fmri )*(stability )?(propval |property )*", {"name", "grouping", "restart_on", "type"}, {"delete"}),
    "dependent": (r"(service_fmri )(stability )?(propval |property )*", {"name", "grouping", "restart_on"}, {"delete"}),
    "service_fmri": (r"", {"value"}, set()),
    "exec_method": (r"(method_context )?(stability )?(propval |property )*", {"type", "name", "exec", "timeout_seconds"}, {"delete"}),
    "property_group": (r"(stability )?(propval |property )*", {"name", "type"}, {"delete"}),
    "propval": (r"", {"name", "value"}, {"type", "override"}),
    "stability": (r"", {"value"}, set()),
    "template": (r"(common_name )(description )?(documentation )?", set(), set()),
    "common_name": (r"(loctext )+", set(), set()),
    "loctext": (r"", {"{http://www.w3.org/XML/1998/namespace}lang"}, set()),
    "documentation": (r"(doc_link |manpage )*", set(), set()),
    "manpage": (r"", {"title", "section"}, {"manpath"}),
}
VALUES = {
    ("dependency", "grouping"): {"require_all", "require_any", "exclude_all", "optional_all"},
    ("dependent", "grouping"): {"require_all", "require_any", "exclude_all", "optional_all"},
    ("dependency", "restart_on"): {"error", "restart", "refresh", "none"},
    ("dependent", "restart_on"): {"error", "restart", "refresh", "none"},
    ("service_bundle", "type"): {"manifest"},
    ("service", "type"): {"service"},
    ("stability", "value"): {"Standard", "Stable", "Evolving", "Unstable", "External", "Obsolete"},
    ("create_default_instance", "enabled"): {"true", "false"},
}


def service(path: Path) -> ET.Element:
    found = ET.parse(path).getroot().find("service")
    assert found is not None
    return found


def fmris(path: Path, kind: str) -> dict[str, str]:
    """The services that it depends on, or that depend on it, each with the grouping."""
    return {e[0].attrib["value"]: e.attrib["grouping"] for e in service(path).iter(kind)}


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_is_valid(path: Path) -> None:
    assert '<!DOCTYPE service_bundle SYSTEM "/usr/share/lib/xml/dtd/service_bundle.dtd.1">' in path.read_text()
    for element in ET.parse(path).getroot().iter():
        assert element.tag in DTD, element.tag
        children, required, optional = DTD[element.tag]
        order = "".join(f"{child.tag} " for child in element)
        assert re.fullmatch(children, order), (element.tag, order)
        given = set(element.attrib)
        assert required <= given <= required | optional, (element.tag, given)
        for name, value in element.attrib.items():
            assert value in VALUES.get((element.tag, name), {value}), (element.tag, name, value)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_runs_the_method_once(path: Path) -> None:
    methods = {e.attrib["name"]: e.attrib["exec"] for e in service(path).iter("exec_method")}
    assert set(methods) == {"start", "stop"}
    verbs = set(re.findall(r"^(\w+)\)", (SMF / "method").read_text(), re.M))
    for words in (command.split() for command in methods.values() if command != ":true"):
        assert words[0] == "/lib/svc/method/zmgr" and words[1] in verbs
    (duration,) = (e.attrib["value"] for e in service(path).iter("propval") if e.attrib["name"] == "duration")
    assert duration == "transient", "it would be started again as soon as zmgr ends"


def test_the_order_of_the_services() -> None:
    zones = "svc:/system/zones:default"
    assert fmris(SMF / "zones.xml", "dependency")[zones] == "optional_all"
    assert fmris(SMF / "recover.xml", "dependent") == {zones: "optional_all"}
    assert zones not in fmris(SMF / "recover.xml", "dependency")


def test_they_are_packed() -> None:
    manifest = (TOP / "packaging/illumos/zmgr.p5m").read_text()
    for path in MANIFESTS:
        name = service(path).attrib["name"]
        line = next(line for line in manifest.splitlines() if line.startswith(f"file smf/{path.name} "))
        assert f"path=lib/svc/manifest/{name}.xml" in line and "restart_fmri=svc:/system/manifest-import:default" in line
    assert "file smf/method path=lib/svc/method/zmgr owner=root group=bin mode=0555\n" in manifest


@pytest.mark.parametrize(
    ("verb", "command"),
    [("boot", "boot --all --jobs 8"), ("shutdown", "shutdown --all --jobs 8"), ("recover", "recover --skip-installs")],
)
def test_the_method(tmp_path: Path, verb: str, command: str) -> None:
    zmgr = tmp_path / "zmgr"
    method = tmp_path / "method"
    method.write_text((SMF / "method").read_text().replace("/usr/bin/zmgr", str(zmgr)))
    for status, more in ((0, ""), (17, f"zmgr {verb} ended with status 17\n")):
        zmgr.write_text(f'#!/bin/sh\necho "$@"\nexit {status}\n')
        zmgr.chmod(0o755)
        ran = subprocess.run(["sh", method, verb], capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{command}\n{more}", "")
    assert subprocess.run(["sh", method, "start"], capture_output=True, check=False).returncode == 2


def test_the_method_runs_on_a_host(new_host) -> None:
    """With the real command line, on a simulated host."""
    host = new_host()
    tree = host.log.with_name("tree")
    method = host.log.with_name("method")
    zmgr = f"{host.zmgr} --host-root {host.root} --root {tree}"
    method.write_text((SMF / "method").read_text().replace("/usr/bin/zmgr", zmgr))

    def run(*argv: object) -> str:
        ran = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    words = zmgr.split()
    run(*words, "init")
    for name in ("db01", "web01"):
        run(*words, "create", name)
    run(*words, "set", "web01", "after=db01")
    run(*words, "apply")
    assert [line.split()[:2] for line in run("sh", method, "shutdown").splitlines()] == [["shut-down", "web01"], ["shut-down", "db01"]]
    assert [line.split()[:2] for line in run("sh", method, "boot").splitlines()] == [["booted", "db01"], ["booted", "web01"]]
    assert run("sh", method, "recover") == ""
