"""packaging/illumos/certify where a simulated host looks like the system itself."""

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
IN_MACHINE = TOP / "tests/clients/in-machine"
pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize(("dialect", "brand"), [("openindiana", "ipkg"), ("omnios", "lipkg")])
def test_a_machine_is_certified_by_its_absolute_paths(new_host, dialect, brand):
    host = new_host(dialect)
    (host.root / "usr/bin").mkdir(exist_ok=True)
    (host.root / "usr/bin/pkg").symlink_to("../sbin/pkg")
    before = host.there()
    out = host.log.with_name("recording.jsonl")
    root = shlex.quote(str(host.root))
    script = f"""
        mount -t overlay overlay -o lowerdir={root}/etc:/etc /etc || exit 77
        mount --bind {root}/etc/zones /etc/zones || exit 77
        mount -t overlay overlay -o lowerdir={root}/usr/lib:/usr/lib /usr/lib || exit 77
        exec {TOP}/packaging/illumos/certify {shlex.quote(str(out))}
    """
    process = subprocess.run(
        [IN_MACHINE, host.root, "/bin/sh", "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "ZMGR": str(host.zmgr)},
        check=False,
    )
    if process.returncode == 77:
        pytest.skip("namespaces or overlays are not allowed here")
    assert process.returncode == 0, process.stdout[-2000:] + process.stderr[-2000:]
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert records[0]["dialect"] == dialect
    assert any(record.get("argv", [])[:3] == ["zmgr", "create", "zchka"] for record in records)
    installed = [record["stdout"] for record in records if record.get("argv") == ["zoneadm", "-z", "zchka", "list", "-p"]]
    assert f":{brand}:excl" in installed[0]
    assert host.there() == before
