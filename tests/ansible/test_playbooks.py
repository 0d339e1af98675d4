"""Playbooks on the simulated host, through the Python module and through the CLI."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from conftest import ANSIBLE, SOURCE, Play, contents, zmgr

pytestmark = pytest.mark.timeout(600)

#: Tasks of site.yml that change an empty host.
CHANGES = 3


@pytest.mark.parametrize("play", ["cli"], indirect=True)
def test_a_site_is_created_once(host: Path, play: Play) -> None:
    empty = contents(host)
    checked = play("site.yml", "--check", "--diff")
    assert checked.changed == CHANGES and '+    "status": "running"' in checked.output
    assert contents(host) == empty, "check mode changed something"

    created = play("site.yml", "--diff", "-v")
    assert created.changed == CHANGES
    assert "create web02" in created.output and "[install] /usr/sbin/zoneadm -z web01 install" in created.output
    for secret in ("hunter22", "xyzzy44"):
        assert secret not in created.output and secret in zmgr(host, "show", "web01", "--json")
    assert play("site.yml", "--diff").changed == 0


@pytest.mark.parametrize("play", ["python"], indirect=True)
def test_settings_and_power_change_once(host: Path, play: Play) -> None:
    play("site.yml")
    before = contents(host)
    checked = play("site.yml", "--check", "--diff", memory="2G", web="stopped")
    assert checked.changed == 1
    assert contents(host) == before, "check mode changed something"
    for line in ('-    capped-memory physical="1G"', '+    capped-memory physical="2G"', "apply web02", '-    "status": "running"'):
        assert line in checked.output, checked.output
    assert play("site.yml", memory="2G", web="stopped").changed == 1
    assert 'capped-memory physical="2G"' in (host / "etc/zmgr/zones/web01.kdl").read_text()
    assert play("site.yml", memory="2G", web="stopped").changed == 0


@pytest.mark.parametrize("play", ["python"], indirect=True)
def test_absent_destroys_once(host: Path, play: Play) -> None:
    zmgr(host, "create", "old01", "old02")
    before = contents(host)
    checked = play("absent.yml", "--check", "--diff")
    assert checked.changed == 1 and "[uninstall]" in checked.output and '+    "state": "absent"' in checked.output
    assert contents(host) == before, "check mode changed something"
    assert play("absent.yml").changed == 1
    assert json.loads(zmgr(host, "list", "--all", "--json")) == []
    assert play("absent.yml").changed == 0


def test_errors_have_message_and_code_and_change_nothing(host: Path, tmp_path: Path, play: Play) -> None:
    zmgr(host, "create", "db01", "--address", "internal=10.1.0.77")
    zmgr(host, "create", "app01", "legacy")
    zmgr(host, "forget", "legacy", "--yes")
    before = contents(host / "etc/zmgr/zones")
    assert play("errors.yml").changed == 0
    assert contents(host / "etc/zmgr/zones") == before
    assert [z["name"] for z in json.loads(zmgr(host, "list", "--all", "--json"))] == ["app01", "db01", "legacy"]


@pytest.mark.parametrize("play", ["cli"], indirect=True)
def test_a_failure_on_the_host_names_the_zone(host: Path, play: Play) -> None:
    zmgr(host, "sim", "fault", "zoneadm", "boot", "--zone", "two", "--exit", "1", "--stderr", "boom")
    play("failure.yml")


def test_the_examples_of_the_documentation_pass_the_syntax_check(environment: dict[str, str], tmp_path: Path) -> None:
    modules = ["zmgr.zones.zmgr_zone", "zmgr.zones.zmgr_info"]
    shown = subprocess.run(["ansible-doc", "--json", *modules], env=environment, capture_output=True, text=True, check=True).stdout
    playbook = "- hosts: localhost\n  tasks:\n"
    for module in modules:
        tasks = tmp_path / f"{module}.yml"
        tasks.write_text(json.loads(shown)[module]["examples"])
        playbook += f"    - ansible.builtin.import_tasks: {tasks}\n"
    (tmp_path / "playbook.yml").write_text(playbook)
    words = ["ansible-playbook", "--syntax-check", tmp_path / "playbook.yml"]
    checked = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_the_guide_does_what_it_says(environment: dict[str, str], host: Path) -> None:
    section = (SOURCE / "docs/guide.md").read_text().split("## Zones from Ansible\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```(.*)\n((?:.*\n)*?)```$", section, re.M)
    shell = next(text for words, text in blocks if words == "sh ansible")
    for words, text in blocks:
        if words.startswith("yaml "):
            (host.parent / words.removeprefix("yaml ")).write_text(text)
    # The module is not told which implementation to use, so it takes the Python module.
    here = environment | {"ZMGR_SIMULATE": str(host), "ANSIBLE_PYTHON_INTERPRETER": str(ANSIBLE / "bin/python")}
    done = subprocess.run(["sh", "-e", "-c", shell], cwd=host.parent, env=here, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"changed=(\d)", done.stdout) == ["1", "1", "0"]
    assert "[install] /usr/sbin/zoneadm -z shop02 install" in done.stdout
    assert "|--@owner_alice:\n  |  |--shop01\n  |  |--shop02\n" in done.stdout


def test_the_collection_builds(environment: dict[str, str], tmp_path: Path) -> None:
    words = ["ansible-galaxy", "collection", "build", "--output-path", tmp_path, SOURCE / "ansible"]
    subprocess.run(words, env=environment, capture_output=True, check=True)
    (archive,) = tmp_path.glob("zmgr-zones-*.tar.gz")
    with tarfile.open(archive) as tar:
        files = [name for name in tar.getnames() if "." in name.rpartition("/")[2] or name == "COPYING"]
    assert {"COPYING", "README.md", "MANIFEST.json", "meta/runtime.yml", "plugins/modules/zmgr_zone.py"} <= set(files)
    version = re.search(r'^version = "(.*)"', (SOURCE / "Cargo.toml").read_text(), re.M)
    assert version and archive.name == f"zmgr-zones-{version[1]}.tar.gz"
