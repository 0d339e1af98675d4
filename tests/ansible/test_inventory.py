"""The inventory plugin, as ansible-inventory shows it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import ZMGR, zmgr

TWO_POOLS = """pool "backend" {
    network "10.2.0.0/24"
    stub "stub0"
}
"""

TEMPLATE = """template "storage" {
    extends "oi"
    net "backend" {
        pool "backend"
        default-route #false
    }
}
"""


@pytest.fixture
def site(host: Path) -> Path:
    """A host with three zones."""
    (host / "etc/zmgr/pools/backend.kdl").write_text(TWO_POOLS)
    (host / "etc/zmgr/templates/storage.kdl").write_text(TEMPLATE)
    zmgr(host, "create", "web01", "--attr", "owner=alice", "--attr", "db-password=hunter22", "--attr", "role-key=xyzzy44")
    zmgr(host, "set", "web01", "tags=web,front")
    zmgr(host, "create", "db01", "-t", "storage", "--no-boot")
    return host


def inventory(environment: dict[str, str], directory: Path, text: str, *options: str) -> str:
    """Returns what ansible-inventory prints for an inventory file."""
    file = directory / "zmgr.yml"
    file.write_text("plugin: zmgr.zones.zmgr\n" + text)
    words = ["ansible-inventory", "-i", file, *(options or ["--list"])]
    done = subprocess.run(words, env=environment | {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def decoded(text: str) -> dict[str, Any]:
    """Returns a listing; ansible-core 2.19 marks strings that are not templates."""

    def plain(value: dict[str, Any]) -> Any:
        return value["__ansible_unsafe"] if set(value) == {"__ansible_unsafe"} else value

    found: dict[str, Any] = json.loads(text, object_hook=plain)
    return found


def options(host: Path, api: str) -> str:
    return f"simulate: {host}\napi: {api}\nexecutable: {ZMGR}\n"


def test_zones_are_hosts_in_groups(site: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    composed = """
secret_attrs: [role-key]
nets: [backend]
group_by: [template, tag, pool, state, status, host]
keyed_groups:
  - key: zmgr_attrs.owner
    prefix: owner
groups:
  databases: zmgr_name is match('db')
compose:
  ansible_user: "'admin'"
"""
    listed = [decoded(inventory(environment, tmp_path, options(site, api) + composed)) for api in ("python", "cli")]
    assert listed[0] == listed[1]
    found = listed[0]
    web, db = (found["_meta"]["hostvars"][name] for name in ("web01", "db01"))
    assert web["ansible_host"] == "10.1.0.10" and web["ansible_user"] == "admin"
    assert web["zmgr_attrs"] == {"owner": "alice"}, "secrets are left out"
    assert db["ansible_host"] == "10.2.0.1" and db["zmgr_addresses"] == ["10.2.0.1", "10.1.0.11"]
    assert (web["zmgr_status"], db["zmgr_status"]) == ("running", "installed")
    groups = {name: sorted(group["hosts"]) for name, group in found.items() if "hosts" in group and name != "_meta"}
    assert groups == {
        "zmgr_template_oi": ["web01"],
        "zmgr_template_storage": ["db01"],
        "zmgr_tag_web": ["web01"],
        "zmgr_tag_front": ["web01"],
        "zmgr_pool_internal": ["db01", "web01"],
        "zmgr_pool_backend": ["db01"],
        "zmgr_state_ready": ["db01", "web01"],
        "zmgr_status_running": ["web01"],
        "zmgr_status_installed": ["db01"],
        "zmgr_host_localhost": ["db01", "web01"],
        "owner_alice": ["web01"],
        "databases": ["db01"],
    }
    graph = inventory(environment, tmp_path, options(site, "python"), "--graph")
    assert "  |--@zmgr_tag_web:\n  |  |--web01\n" in graph


def test_several_hosts_through_ssh_and_from_git(site: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    # ssh as it is called: the destination, then one string for the login shell.
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ssh").write_text('#!/bin/sh\necho "$@" >>"$0.log"\nwhile [ $# -gt 1 ]; do shift; done\nexec sh -c "$1"\n')
    (programs / "ssh").chmod(0o755)
    with_ssh = environment | {"PATH": f"{programs}{os.pathsep}{environment['PATH']}"}
    tree = tmp_path / "git" / "h2"
    shutil.copytree(site / "etc/zmgr", tree)
    fleet = f"""
qualified_names: true
hosts:
  - name: h1
    ssh: root@h1.example.org
    simulate: {site}
    executable: {ZMGR}
  - name: h2
    root: {tree}
    offline: true
group_by: [host, status]
"""
    found = decoded(inventory(with_ssh, tmp_path, fleet))
    assert found["zmgr_host_h1"]["hosts"] == ["db01.h1", "web01.h1"]
    assert found["zmgr_host_h2"]["hosts"] == ["db01.h2", "web01.h2"]
    assert found["zmgr_status_running"]["hosts"] == ["web01.h1"]
    assert "root@h1.example.org" in (programs / "ssh.log").read_text()

    jump = fleet.replace("  - name: h2", "#").replace("    root:", "#").replace("    offline:", "#") + "connection: jump\n"
    web = decoded(inventory(with_ssh, tmp_path, jump))["_meta"]["hostvars"]["web01.h1"]
    assert web["ansible_ssh_common_args"] == "-o ProxyJump=root@h1.example.org" and web["ansible_host"] == "10.1.0.10"

    with pytest.raises(AssertionError, match="two hosts have a zone db01: set qualified_names"):
        inventory(with_ssh, tmp_path, fleet.replace("qualified_names: true", ""))


def test_an_error_names_host_and_code(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/config.kdl").write_text("nonsense {")
    text = f"hosts:\n  - name: h7\n    root: {tmp_path}/tree\n    offline: true\n    api: cli\n    executable: /nowhere/zmgr\n"
    with pytest.raises(AssertionError, match="h7: cannot run /nowhere/zmgr: No such file or directory"):
        inventory(environment, tmp_path, text)
