"""The Python module and the CLI give the collection the same results."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conftest import SOURCE, ZMGR, zmgr

IPV6 = """pool "wide" {
    network "10.3.0.0/24"
    network "fd00:1::/64"
    stub "stub0"
    exclude "10.3.0.2-10.3.0.9"
    reserve "10.3.0.20" for="db02"
}
"""


def both(api: ModuleType, host: Path) -> list[Any]:
    """Both implementations on one simulated host."""
    place = api.Place(simulate=str(host))
    return [api.ModuleApi(place), api.CommandApi(place, str(ZMGR))]


def outcome(api: ModuleType, call: Callable[[], Any]) -> Any:
    """Returns the result of a call, or its failure, without what is random."""
    try:
        result = call()
    except api.Failure as failure:
        result = failure.as_dict()
    text = re.sub(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{64}\b|\b[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}\b", "RANDOM", repr(result))
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|[0-9a-f]{8}-[0-9a-f-]{27}|guid=\W*\d+", "RANDOM", text)


@pytest.mark.parametrize("name", ["python", "cli"])
def test_the_option_chooses(api: ModuleType, host: Path, name: str) -> None:
    assert api.open_api(dict(simulate=str(host), api=name, executable=str(ZMGR))).name == name


def test_without_the_module_the_command_is_used(api: ModuleType, host: Path) -> None:
    program = (
        "import importlib.util as u, sys; s = u.spec_from_file_location('api', sys.argv[1]); m = u.module_from_spec(s); "
        "s.loader.exec_module(m); a = m.open_api(dict(simulate=sys.argv[2], executable=sys.argv[3])); print(a.name, a.zones())"
    )
    words = [sys.executable, "-I", "-S", "-c", program, SOURCE / "ansible/plugins/module_utils/api.py", host, ZMGR]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "cli []\n"
    with pytest.raises(api.Failure, match="zmgr-nowhere not found|neither the Python module nor the command"):
        api.CommandApi(api.Place(simulate=str(host)), "zmgr-nowhere")


def test_they_answer_alike(api: ModuleType, host: Path) -> None:
    results = []

    def alike(*calls: Callable[[Any], Any]) -> None:
        for call in calls:
            told = [outcome(api, lambda: call(one)) for one in both(api, host)]
            assert told[0] == told[1]
            results.append(told[0])

    (host / "etc/zmgr/pools/wide.kdl").write_text(IPV6)
    zmgr(host, "create", "web01", "web02", "--attr", "owner=alice", "--attr", "note=100")
    zmgr(host, "create", "loose01")
    zmgr(host, "forget", "loose01", "--yes")
    zmgr(host, "set", "web02", "cpu-shares=7")
    (host / "etc/zmgr/zones/todo.kdl").write_text('zone "todo" { template "oi"; }\n')
    alike(
        lambda a: a.version(),
        lambda a: a.place.tree,
        lambda a: a.zones(),
        lambda a: a.zones(unregistered=True),
        lambda a: a.zones(offline=True),
        lambda a: a.pools(),
        lambda a: a.diff(),
        lambda a: a.diff(["web02"]),
        lambda a: a.plan_create(["new01"], addresses={"internal": ["10.1.0.99"]}, boot=False, attrs={"b": "2", "a": "1"}),
        lambda a: a.plan_create(["new01", "new02"], template="oi", boot=True),
        lambda a: a.plan_destroy(["web01"], keep_data=True),
        lambda a: a.plan_apply(["web01", "web02"], reboot=True, prune=True, recreate=True),
        lambda a: a.set("web01", {"attr.owner": "bob", "capped-memory.physical": "2G"}),
    )
    assert not any("'code':" in told and "'number':" in told for told in results), results
    (host / "etc/zmgr/zones/broken.kdl").write_text('zone "broken" { nonsense }\n')
    alike(lambda a: a.zones(), lambda a: a.diff())
    results.clear()
    alike(
        lambda a: a.plan_create(["bad name"]),
        lambda a: a.plan_create(["new01"]),
        lambda a: a.plan_create(["web01", "new01"]),
        lambda a: a.plan_create(["new01"], clone_from="web01"),
        lambda a: a.plan_destroy(["nope"]),
        lambda a: a.set("web01", {"nope": "1"}),
        lambda a: a.boot(["web01", "todo"]),
        lambda a: a.shutdown(["nope", "web01"]),
        lambda a: a.run({"no": "plan"}),
    )
    assert all("'code':" in told and "'number':" in told for told in results), results


def test_they_change_a_host_alike(api: ModuleType, host: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "host"
    shutil.copytree(host, other, symlinks=True)
    told = []
    for at, directory in enumerate((host, other)):
        one = both(api, directory)[at]
        steps: list[Callable[[], Any]] = [
            lambda: one.run(one.plan_create(["web01", "web02"], attrs={"owner": "alice"}), jobs=2),
            lambda: one.set("web01", {"cpu-shares": "20", "tags": "a,b"}),
            lambda: one.run(one.plan_apply(["web01"], reboot=True)),
            lambda: one.shutdown(["web01", "web02"], timeout=30, force=True, jobs=2),
            lambda: one.boot(["web02"]),
            lambda: one.run(one.plan_destroy(["web01"]), keep=True),
            lambda: one.zones(unregistered=True),
            lambda: one.diff(),
        ]
        told.append([outcome(api, step).replace(str(directory), "HOST") for step in steps])
    assert told[0] == told[1]


def test_a_scratch_copy_names_the_tree_and_leaves_it_alone(api: ModuleType, host: Path) -> None:
    for one in both(api, host):
        with one.scratch() as scratch:
            plan = scratch.plan_create(["web01"])
            assert plan["changes"][0]["spec"]["zonepath"]["source"]["file"] == f"{host}/etc/zmgr/config.kdl"
            (Path(scratch.place.tree) / "zones/bad.kdl").write_text("zone {")
            with pytest.raises(api.Failure) as raised:
                scratch.plan_apply(["bad"])
            assert scratch.place.tree not in repr(raised.value.as_dict())
            assert f"{host}/etc/zmgr/zones/bad.kdl" in repr(raised.value.as_dict())
        assert not Path(scratch.place.tree).exists()
        assert list((host / "etc/zmgr/zones").iterdir()) == []


def test_values_named_like_secrets_are_found(api: ModuleType) -> None:
    attrs = {"admin-password": "a", "API_KEY": "b", "auth-token": "c", "owner": "d", "role-key": "e", "db-passwd": "", "private-key": "f"}
    assert api.secrets([{"attrs": attrs}]) == {"a", "b", "c", "f"}
    assert api.secrets([{"attrs": attrs}], ["role-key"]) == {"a", "b", "c", "e", "f"}
