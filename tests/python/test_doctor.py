"""Diagnosis of a host, and steps without evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

import zmgr


def test_a_new_host_can_be_managed(tmp_path: Path) -> None:
    with zmgr.Manager(simulate=tmp_path / "host") as manager:
        diagnosis = manager.doctor()
    assert diagnosis.can_manage and diagnosis.simulated
    assert diagnosis.distribution == "openindiana"
    assert {item.level for item in diagnosis.items} == {zmgr.DiagnosisLevel.OK, zmgr.DiagnosisLevel.NOTE}
    brand = next(item for item in diagnosis.items if item.subject == "nlipkg")
    assert (brand.area, brand.kind) == (zmgr.DiagnosisArea.BRANDS, zmgr.DiagnosisKind.BRAND_KNOWN)
    assert brand.evidence is zmgr.Evidence.READ
    assert hash(diagnosis) == hash(diagnosis)


def test_a_command_that_fails_is_found(tmp_path: Path) -> None:
    host = zmgr.SimHost.create(tmp_path / "host")
    with zmgr.Manager(simulate=host.directory) as manager:
        host.fault("dladm", "show-link", exit=1)
        diagnosis = manager.doctor()
    assert not diagnosis.can_manage
    errors = [item for item in diagnosis.items if item.level is zmgr.DiagnosisLevel.ERROR]
    assert [item.kind for item in errors] == [zmgr.DiagnosisKind.COMMAND_FAILED]


def test_a_machine_that_is_no_host_is_diagnosed_too(tmp_path: Path) -> None:
    with zmgr.Manager(host_root=tmp_path) as manager:
        diagnosis = manager.doctor()
    missing = {item.subject for item in diagnosis.items if item.kind is zmgr.DiagnosisKind.COMMAND_MISSING}
    assert {"zoneadm", "zonecfg", "dladm"} <= missing
    assert not diagnosis.can_manage


def test_what_is_only_inferred_is_destroyed_only_on_request(tmp_path: Path) -> None:
    host = zmgr.SimHost.create(tmp_path / "host", dialect="illumos")
    host.link(host.directory / "usr/sbin")
    with zmgr.Manager(simulate=host.directory) as manager:
        manager.create("web01", boot=False)
    with zmgr.Manager(host_root=host.directory) as manager:
        with pytest.raises(zmgr.UnsupportedHostError, match="only inferred"):
            manager.plan_destroy("web01")
        with pytest.raises(zmgr.UnsupportedHostError, match="only inferred"):
            manager.plan_reinstall("web01")
        change = manager.plan_destroy("web01", unproven=True).changes[0]
        assert {step.kind: step.evidence for step in change.steps}["uninstall"] is zmgr.Evidence.INFERRED
        assert manager.plan_reinstall("web01", unproven=True).changes
        manager.destroy("web01", unproven=True)
        assert list(manager.zones()) == []


def test_the_service_that_boots_zones_in_order_is_missing(tmp_path: Path) -> None:
    with zmgr.Manager(simulate=tmp_path / "host") as manager:
        manager.init()
        for name in ("db01", "web01"):
            manager.create(name)
        manager.set("web01", {"after": "db01"})
        warnings = [item for item in manager.doctor().items if item.level is zmgr.DiagnosisLevel.WARNING]
    assert [item.kind for item in warnings] == [zmgr.DiagnosisKind.BOOT_SERVICE_NOT_ONLINE]
    assert "web01" in warnings[0].message
