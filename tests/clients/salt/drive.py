"""A zone's life through salt's execution modules zoneadm and zonecfg, with what salt's loader would give them."""

import os
import shlex
import subprocess

import salt.modules.zoneadm as zoneadm
import salt.modules.zonecfg as zonecfg


def run_all(command, **_):
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False)
    return {"retcode": done.returncode, "stdout": done.stdout.rstrip("\n"), "stderr": done.stderr.rstrip("\n")}


for module in (zoneadm, zonecfg):
    module.__salt__ = {
        "cmd.run_all": run_all,
        "file.directory_exists": os.path.isdir,
        "file.file_exists": os.path.isfile,
        "file.makedirs_perms": lambda path, mode: os.makedirs(path, int(mode, 8)),
        "file.remove": os.remove,
    }
    module.__grains__ = {"kernel": "SunOS", "os": "OpenIndiana"}
    assert module.__virtual__() in ("zoneadm", "zonecfg"), module.__virtual__()


def state(zone):
    zones = zoneadm.list_zones(verbose=True, installed=True, configured=True)
    return zones.get(zone, {}).get("state")


def well(answer):
    assert answer["status"], answer


well(zonecfg.create("web1", "nlipkg", "/zones/web1"))
well(zonecfg.set_property("web1", "ip-type", "exclusive"))
well(zonecfg.add_resource("web1", "net", physical="web1_0", **{"allowed-address": "10.1.0.10/24"}))
well(zonecfg.add_resource("web1", "attr", name="env", type="string", value="two words"))
well(zonecfg.add_resource("web1", "capped-memory", physical="2G"))
info = zonecfg.info("web1")
assert info["ip-type"] == "exclusive", info
assert state("web1") == "configured"
well(zoneadm.verify("web1"))
well(zoneadm.install("web1"))
assert state("web1") == "installed"
well(zoneadm.boot("web1"))
assert state("web1") == "running"
well(zoneadm.reboot("web1"))
well(zoneadm.shutdown("web1"))
well(zoneadm.detach("web1"))
assert state("web1") == "configured"
well(zoneadm.attach("web1"))
well(zoneadm.move("web1", "/zones/moved"))
well(zoneadm.uninstall("web1"))
well(zonecfg.remove_resource("web1", "attr", "name", "env"))
well(zonecfg.delete("web1"))
assert state("web1") is None
