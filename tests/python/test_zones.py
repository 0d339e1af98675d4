"""Creating, looking at and destroying zones."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

import zmgr


def test_a_zone_comes_and_goes(zmgr_manager: zmgr.Manager) -> None:
    zone = zmgr_manager.create("web01", attrs={"owner": "alice"})
    assert zone.name == "web01"
    assert zone.state is zmgr.ZoneState.READY
    assert zone.status is zmgr.ZoneStatus.RUNNING
    assert zone.zonepath is not None and zone.zonepath.name == "web01"
    assert zone.autoboot is True
    assert zone.attrs == {"owner": "alice"}
    assert zone.origin == "create"
    (net,) = zone.nets
    assert net.address == ipaddress.IPv4Interface("10.1.0.10/24")
    assert net.gateway == ipaddress.IPv4Address("10.1.0.1")
    assert net.vnic == "web01_0"
    assert net.managed

    assert str(zmgr_manager.create("web02").nets[0].address) == "10.1.0.11/24"
    assert [z.name for z in zmgr_manager.zones()] == ["web01", "web02"]
    assert [z.name for z in zmgr_manager.zones("web02")] == ["web02"]
    assert [z.status for z in zmgr_manager.zones(iter(["web01"]), query_host="never")] == [None]

    report = zmgr_manager.destroy("web01")
    assert [(o.name, o.action, o.zone, o.error) for o in report] == [("web01", "destroyed", None, None)]
    with pytest.raises(zmgr.NotFoundError, match="web01"):
        zmgr_manager.zone("web01")
    assert str(zmgr_manager.create("web03").nets[0].address) == "10.1.0.10/24"


@pytest.mark.parametrize(
    "wanted",
    ["10.1.0.77", ipaddress.ip_address("10.1.0.77"), ["10.1.0.77"], [ipaddress.ip_address("10.1.0.77")]],
)
def test_an_address_may_be_asked_for(zmgr_manager: zmgr.Manager, wanted: object) -> None:
    zone = zmgr_manager.create("a", addresses={"internal": wanted}, boot=False)  # type: ignore[dict-item]
    assert str(zone.nets[0].address) == "10.1.0.77/24"
    assert zone.status == "installed"
    with pytest.raises(zmgr.AddressInUseError):
        zmgr_manager.create("b", addresses={"internal": "10.1.0.77"})
    with pytest.raises(zmgr.InvalidArgumentError, match="prefix length"):
        zmgr_manager.create("b", addresses={"internal": "10.1.0.78/24"})


def test_several_at_once(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.create("b")
    with pytest.raises(zmgr.PartialError) as caught:
        zmgr_manager.create_all(["a", "b", "c"], jobs=3)
    report = caught.value.report
    assert report is not None
    assert [z.name for z in report.zones] == ["a", "c"]
    assert isinstance(report.outcomes[1].error, zmgr.ExistsError)
    assert len(report) == 3
    assert len(zmgr_manager.destroy(["a", "b", "c"], jobs=2).outcomes) == 3
    assert zmgr_manager.zones() == []


def test_a_source_is_destroyed_after_its_clone(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.create("golden", boot=False)
    zmgr_manager.create("copy", clone_from="golden")
    plan = zmgr_manager.plan_destroy(["golden", "copy"], purge=True)
    assert [change.zone for change in plan.changes] == ["copy", "golden"]
    with pytest.raises(zmgr.InvalidArgumentError, match="contradict"):
        zmgr_manager.destroy("copy", keep_data=True, purge=True)
    assert len(zmgr_manager.destroy(["golden", "copy"], jobs=2, purge=True).outcomes) == 2
    assert zmgr_manager.zones() == []


def test_a_failed_install_leaves_nothing(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    zmgr_host.fault("zoneadm", "install", exit=1, stdout="the hook's last words", times=1)
    with pytest.raises(zmgr.CommandError) as caught:
        zmgr_manager.create("web01")
    error = caught.value
    assert error.command is not None
    assert Path(error.command.argv[0]).name == "zoneadm"
    assert error.command.status == 1
    assert "the hook's last words" in error.command.stdout
    assert zmgr_manager.zones() == []
    assert str(zmgr_manager.create("web01").nets[0].address) == "10.1.0.10/24"


def test_plans(zmgr_manager: zmgr.Manager) -> None:
    plan = zmgr_manager.plan_create(["p1", "p2"])
    assert zmgr_manager.zones() == []
    assert plan.operation == "create"
    assert not plan.is_empty
    assert [c.zone for c in plan.changes] == ["p1", "p2"]
    assert any(Path(s.argv[0]).name == "zonecfg" for s in plan.changes[0].steps if s.argv)
    assert "create-vnic" in str(plan)
    again = zmgr.Plan.from_json(plan.to_json())
    assert again == plan and hash(again) == hash(plan) and again.digest == plan.digest
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr.Plan.from_json("{}")
    assert [z.name for z in zmgr_manager.run(again).zones] == ["p1", "p2"]
    with pytest.raises(zmgr.StalePlanError):
        zmgr_manager.run(plan)
    assert zmgr_manager.plan_destroy("p1").operation == "destroy"


def test_close(zmgr_host: zmgr.SimHost) -> None:
    with zmgr.Manager(simulate=zmgr_host.directory) as manager:
        assert manager.root == zmgr_host.directory / "etc/zmgr"
    manager.close()
    assert repr(manager) == "<Manager closed>"
    with pytest.raises(zmgr.StateError, match="closed"):
        manager.zones()


def test_a_site_that_makes_no_sense(tmp_path: Path) -> None:
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr.Manager(simulate=tmp_path, host_root=tmp_path)
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr.Manager("")
    with pytest.raises(zmgr.InvalidArgumentError, match="query_host"):
        zmgr.Manager(simulate=tmp_path / "h").zones(query_host="perhaps")  # type: ignore[arg-type]


def test_power(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.create_all(["a", "b"], jobs=2)
    assert [o.action for o in zmgr_manager.shutdown(["a", "b"], timeout=60.0, jobs=2)] != []
    assert [z.status for z in zmgr_manager.zones()] == ["installed", "installed"]
    zmgr_manager.boot("a")
    zmgr_manager.reboot("a", force=True)
    assert zmgr_manager.zone("a").status is zmgr.ZoneStatus.RUNNING
    zmgr_manager.halt("a")
    before = zmgr_manager.zone("a")
    after = zmgr_manager.reinstall("a", boot=True)
    assert after.status is zmgr.ZoneStatus.RUNNING
    assert after.id == before.id and after.nets == before.nets and after.uuid != before.uuid
    assert zmgr_manager.plan_reinstall("a").operation == "reinstall"
    assert len(zmgr_manager.reinstall_all(["a", "b"])) == 2
    assert "set-aside" in str(zmgr_manager.plan_reinstall("a", snapshot=True))
    zmgr_manager.reinstall("a", snapshot=True, boot=False)
    [kept] = zmgr_manager.snapshots("a")
    with pytest.raises(zmgr.StateError, match="has snapshots"):
        zmgr_manager.reinstall("a")
    zmgr_manager.reinstall_all("a", snapshot=True)
    assert kept.label in [found.label for found in zmgr_manager.snapshots("a")]
    with pytest.raises(zmgr.InvalidArgumentError, match="seconds"):
        zmgr_manager.halt("a", timeout=-1.0)


def test_all_zones_in_their_order(zmgr_manager: zmgr.Manager, zmgr_host: zmgr.SimHost) -> None:
    zmgr_manager.create_all(["a", "b"], jobs=2)
    zmgr_manager.set("a", {"after": "b"})
    started: list[str] = []

    def hear(event: zmgr.Event) -> None:
        if event.kind == "finished":
            started.append(event.zone)

    down = zmgr_manager.shutdown_all(timeout=60.0, force=True, jobs=2, progress=hear)
    assert [(o.name, o.action) for o in down] == [("a", "shut-down"), ("b", "shut-down")]
    assert started == ["a", "b"]
    up = zmgr_manager.boot_all(jobs=2, progress=hear)
    assert [(o.name, o.action) for o in up] == [("a", "booted"), ("b", "booted")]
    assert started[2:] == ["b", "a"]
    plan = zmgr_manager.plan_shutdown(["b", "a"], force=True)
    assert [change.zone for change in plan.changes] == ["a", "b"]
    zmgr_manager.run(plan)
    assert [change.zone for change in zmgr_manager.plan_boot().changes] == ["b", "a"]
    zmgr_host.fault("zoneadm", "boot", zone="b", exit=1)
    with pytest.raises(zmgr.PartialError):
        zmgr_manager.boot_all()
    assert list(zmgr_manager.recover(skip_installs=True)) == []


def test_commands_inside(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.create("a")
    result = zmgr_manager.exec("a", ["echo", "hello"])
    assert (result.status, result.stdout, result.stderr) == (0, b"hello\n", b"")
    heard: list[tuple[str, bytes]] = []
    result = zmgr_manager.exec("a", ["echo", "hello"], output=lambda stream, chunk: heard.append((stream, chunk)))
    assert heard == [("stdout", b"hello\n")] and result.stdout == b""
    zmgr_manager.halt("a")
    with pytest.raises(zmgr.StateError):
        zmgr_manager.exec("a", ["echo"])
    with pytest.raises(zmgr.StateError):
        zmgr_manager.login("a", term="vt100")


def test_addresses(zmgr_manager: zmgr.Manager) -> None:
    # The fixture has written the tree already.
    assert zmgr_manager.init() == []
    given = zmgr_manager.allocate("internal", "printer")
    assert given.addresses == (ipaddress.ip_interface("10.1.0.10/24"),)
    assert zmgr_manager.allocate("internal", "printer") == given
    with pytest.raises(zmgr.ExistsError):
        zmgr_manager.allocate("internal", "printer", ipaddress.ip_address("10.1.0.99"))
    assert [a.owner for a in zmgr_manager.allocate_all("internal", ["a", "b"])] == ["a", "b"]
    usage = zmgr_manager.pool_usage("internal")
    assert usage in zmgr_manager.pool_usages()
    assert usage.families[0].reservations == 3
    assert usage.families[0].total == usage.families[0].free + usage.families[0].used
    runs = [(str(r.first), r.count, r.taken_for) for r in usage.families[0].map]
    assert runs == [("10.1.0.10", 3, "reservation"), ("10.1.0.13", 238, "free")]
    assert [h.name for h in usage.holders if h.kind == "reservation"] == ["printer", "a", "b"]
    assert zmgr_manager.check_pools("internal") == []
    zmgr_manager.release("internal", "a", "10.1.0.11")
    with pytest.raises(zmgr.NotFoundError):
        zmgr_manager.release("internal", "a")
    zmgr_manager.release("internal", "printer", id=given.id)
    assert zmgr_manager.allocate("internal", "next").addresses[0].ip == ipaddress.ip_address("10.1.0.10")


def test_documents(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.init()
    assert [d for d in zmgr_manager.check() if d.severity is zmgr.Severity.ERROR] == []
    config = zmgr_manager.config()
    assert config.zonepath_prefix == Path("/zones") and config.lock_timeout == 30.0
    template = zmgr_manager.template(config.default_template or "")
    assert template in zmgr_manager.templates()
    (net,) = template.nets
    assert (net.name, net.pool, net.has_address, net.physical) == ("internal", "internal", True, None)
    pool = zmgr_manager.pool("internal")
    assert pool in zmgr_manager.pools()
    assert pool.networks[0].network == ipaddress.ip_network("10.1.0.0/24")
    assert pool.networks[0].gateway == ipaddress.ip_address("10.1.0.1")
    assert zmgr_manager.publishers() == [zmgr_manager.publisher(p.name) for p in zmgr_manager.publishers()]
    with pytest.raises(zmgr.NotFoundError):
        zmgr_manager.pool("missing")
    zmgr_manager.create("a")
    spec = zmgr_manager.effective("a")
    assert spec["brand"]["value"] == zmgr_manager.zone("a").brand
    assert spec["brand"]["source"]["line"] > 0


def test_rename(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.create("a")
    with pytest.raises(zmgr.StateError):
        zmgr_manager.rename("a", "b")
    zmgr_manager.halt("a")
    (change,) = zmgr_manager.plan_rename("a", "b", links=True).changes
    assert [step.id for step in change.steps][:2] == ["link:internal", "zonecfg"]
    (outcome,) = zmgr_manager.rename("a", "b", links=True, zonepath=True)
    assert outcome.action == "renamed" and outcome.zone is not None
    assert (outcome.zone.name, outcome.zone.nets[0].vnic) == ("b", "b_0")
    assert str(outcome.zone.zonepath) == "/zones/b"
    with pytest.raises(zmgr.NotFoundError):
        zmgr_manager.zone("a")


def test_detach_and_attach(zmgr_manager: zmgr.Manager) -> None:
    before = zmgr_manager.create("a", boot=False)
    assert [step.id for step in zmgr_manager.plan_detach("a").changes[0].steps][0] == "autoboot-off"
    assert [outcome.action for outcome in zmgr_manager.detach("a")] == ["detached"]
    assert zmgr_manager.zone("a").state == zmgr.ZoneState.DETACHED
    with pytest.raises(zmgr.StateError):
        zmgr_manager.boot("a")
    assert zmgr_manager.plan_attach("a", update=True).operation == "attach"
    (outcome,) = zmgr_manager.attach("a", boot=True)
    assert outcome.action == "attached" and outcome.zone is not None
    assert outcome.zone.nets == before.nets and outcome.zone.uuid != before.uuid
    zmgr_manager.destroy("a", keep_data=True)
    (outcome,) = zmgr_manager.attach("a", template="oi")
    assert outcome.zone is not None and outcome.zone.state == zmgr.ZoneState.READY
    with pytest.raises(zmgr.NotFoundError):
        zmgr_manager.attach("b")


def test_update(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.create("a", boot=True)
    with pytest.raises(zmgr.StateError):
        zmgr_manager.update("a")
    plan = zmgr_manager.plan_update("a", reboot=True)
    assert [step.kind for step in plan.changes[0].steps] == ["refresh", "copy", "take", "shutdown", "packages", "boot"]
    (outcome,) = zmgr_manager.update(reboot=True, snapshot=False)
    assert (outcome.name, outcome.action) == ("a", "unchanged")
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr_manager.update("a", reboot=True, force=True)


def test_refresh_templates(zmgr_manager: zmgr.Manager) -> None:
    with pytest.raises(zmgr.StateError):
        zmgr_manager.refresh_templates("oi")
    template = zmgr_manager.root / "templates/oi.kdl"
    template.write_text(template.read_text().replace("autoboot #true", "install { golden #true; }"))
    (first,) = zmgr_manager.refresh_templates("oi")
    assert first.action == zmgr.Action.CREATED
    plan = zmgr_manager.plan_refresh_templates(["oi"])
    assert plan.operation == zmgr.Operation.REFRESH
    assert [change.zone for change in plan.changes] == [f"{first.name}-2", first.name]
    assert [outcome.action for outcome in zmgr_manager.run(plan)] == ["created", "destroyed"]
    zmgr_manager.create("a")
    (third,) = zmgr_manager.refresh_templates("oi")
    zmgr_manager.destroy("a")
    assert [outcome.name for outcome in zmgr_manager.refresh_templates([])] == [f"{first.name}-2"]
    assert zmgr_manager.plan_refresh_templates([]).is_empty and third.name == f"{first.name}-3"
    with pytest.raises(zmgr.NotFoundError):
        zmgr_manager.plan_refresh_templates("nosuch")


def test_import(zmgr_manager: zmgr.Manager) -> None:
    zone = zmgr_manager.create("a")
    (zmgr_manager.root / "zones/a.kdl").unlink()
    assert [c.zone for c in zmgr_manager.plan_import("a").changes] == ["a"]
    (outcome,) = zmgr_manager.import_zones("a")
    assert outcome.action == "adopted"
    adopted = zmgr_manager.zone("a")
    assert adopted.origin == "import" and adopted.nets[0].address == zone.nets[0].address
    assert adopted.template == "oi"
    assert not zmgr_manager.plan_forget("a").is_empty
    assert [o.action for o in zmgr_manager.forget("a")] == ["forgotten"]
    with pytest.raises(zmgr.NotFoundError):
        zmgr_manager.forget("a")
    zmgr_manager.import_zones("a", no_template=True)
    assert zmgr_manager.zone("a").template is None
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr_manager.plan_import("a", template="oi", no_template=True)


def test_snapshots(zmgr_manager: zmgr.Manager, zmgr_host: zmgr.SimHost) -> None:
    zmgr_manager.create("a")
    motd = zmgr_host.directory / "zones/a/root/etc/motd"
    motd.write_text("old")
    assert not zmgr_manager.plan_create_snapshot("a").is_empty
    events: list[zmgr.Event] = []
    taken = zmgr_manager.create_snapshot("a", "before", progress=events.append)
    assert taken.state is zmgr.SnapshotState.COMPLETE and taken.datasets[0].found and taken.excluded == ()
    assert any(event.step == "take:before" for event in events)
    assert zmgr_manager.snapshots() == zmgr_manager.snapshots("a") == [taken]
    with pytest.raises(zmgr.ExistsError):
        zmgr_manager.create_snapshot("a", "before")
    motd.write_text("new")
    zmgr_manager.set("a", {"attr.owner": "alice"})
    (outcome,) = zmgr_manager.apply("a", snapshot=True)
    assert outcome.action == "applied" and len(zmgr_manager.snapshots()) == 2
    with pytest.raises(zmgr.StateError):
        zmgr_manager.plan_roll_back("a", "before")
    plan = zmgr_manager.plan_roll_back("a", "before", force=True, unproven=True)
    assert plan.changes[0].steps[0].kind == "shutdown"
    (outcome,) = zmgr_manager.roll_back("a", "before", force=True)
    assert outcome.action == "rolled-back" and any("is lost" in note for note in outcome.notes)
    assert motd.read_text() == "old" and zmgr_manager.zone("a").status == "running"
    assert not zmgr_manager.plan_delete_snapshot("a", "before").is_empty
    assert [o.action for o in zmgr_manager.delete_snapshot("a", "before")] == ["snapshot-deleted"]
    assert zmgr_manager.snapshots() == []
    with pytest.raises(zmgr.NotFoundError):
        zmgr_manager.roll_back("a", "before")


def test_drift(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.create("a")
    assert [d.status for d in zmgr_manager.diff()] == [zmgr.DriftStatus.CLEAN]
    assert zmgr_manager.set("a", {"attr.owner": "alice"}).attrs == {"owner": "alice"}
    (drift,) = zmgr_manager.diff("a")
    assert drift.status is zmgr.DriftStatus.DIFFERS and drift.items[0].cause == "files"
    assert drift.items[0].path == zmgr_manager.root / "zones/a.kdl" and drift.items[0].line is not None
    assert not zmgr_manager.plan_apply("a").is_empty
    (offline,) = zmgr_manager.diff("a", offline=True)
    assert offline.status is zmgr.DriftStatus.DIFFERS and offline.unchecked and offline.items[0].host is None
    assert [o.action for o in zmgr_manager.apply()] == ["applied"]
    assert [d.status for d in zmgr_manager.diff()] == [zmgr.DriftStatus.CLEAN]
    assert [d.status for d in zmgr_manager.diff(offline=True)] == [zmgr.DriftStatus.UNCHECKED]


def test_a_running_zone_names_the_addresses_that_are_up(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.create("a", boot=True)
    zone = zmgr_manager.zone("a")
    assert zone.up == tuple(net.address.ip for net in zone.nets if net.address)
    assert zone == zmgr.Zone.from_json(zone.to_json()) and zmgr_manager.zones()[0].up is None
    zmgr_manager.halt("a")
    assert zmgr_manager.zone("a").up is None


def test_what_waits_for_a_reboot_is_pending(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.create("a", boot=True)
    zmgr_manager.set("a", {"bootargs": "-v"})
    zmgr_manager.apply("a")
    assert zmgr_manager.zone("a").pending == ("bootargs",)
    (drift,) = zmgr_manager.diff("a")
    assert drift.status is zmgr.DriftStatus.PENDING and drift.pending == ("bootargs",)
    zmgr_manager.reboot("a")
    assert zmgr_manager.zone("a").pending == ()
