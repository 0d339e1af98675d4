"""Values are frozen, equal, hashable, picklable, and say what they are."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import ipaddress
import json
import pickle
import uuid
from pathlib import Path

import pytest

import zmgr
from zmgr import _zmgr


@pytest.fixture
def zone(zmgr_manager: zmgr.Manager) -> zmgr.Zone:
    return zmgr_manager.create("web01", attrs={"owner": "alice"})


def test_a_zone(zmgr_manager: zmgr.Manager, zone: zmgr.Zone) -> None:
    (same,) = zmgr_manager.zones()
    assert zone == same and hash(zone) == hash(same) and zone is not same
    assert pickle.loads(pickle.dumps(zone)) == zone
    assert copy.copy(zone) == zone and copy.deepcopy(zone) == zone
    assert zmgr.Zone.from_json(zone.to_json()) == zone
    assert json.loads(zone.to_json()) == zone.to_dict()
    assert zone.to_dict()["nets"][0]["address"] == "10.1.0.10/24"
    assert repr(zone) == "<Zone 'web01' running 10.1.0.10/24>"
    assert zone != "web01"
    with pytest.raises(AttributeError):
        zone.name = "other"  # type: ignore[misc]
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr.Zone.from_json("{}")


def test_a_net(zone: zmgr.Zone) -> None:
    net = zone.nets[0]
    assert pickle.loads(pickle.dumps(net)) == net and hash(net) == hash(zone.nets[0])
    assert zone.nets is zone.nets
    with pytest.raises(dataclasses.FrozenInstanceError):
        net.name = "other"  # type: ignore[misc]


def test_a_report_equals_its_pickled_copy(zmgr_manager: zmgr.Manager, zone: zmgr.Zone) -> None:
    with pytest.raises(zmgr.PartialError) as caught:
        zmgr_manager.create_all(["web01", "web02"])
    report = caught.value.report
    assert report is not None and [o.action for o in report] == [zmgr.Action.FAILED, zmgr.Action.CREATED]
    assert pickle.loads(pickle.dumps(report)) == report and hash(pickle.loads(pickle.dumps(report))) == hash(report)
    assert pickle.loads(pickle.dumps(caught.value)) == caught.value
    assert report != zmgr.Report(report.outcomes[:1]) and caught.value != zmgr.PartialError("another")


def test_values_sort(zmgr_manager: zmgr.Manager, zone: zmgr.Zone) -> None:
    other = zmgr_manager.create("db01")
    assert sorted([zone, other]) == [other, zone] and other < zone and zone >= other
    first, second = zmgr_manager.pool_usage("internal").holders[1:3]
    assert sorted([second, first]) == [first, second]
    networks = [zmgr.Address(ipaddress.ip_interface(text)) for text in ("10.0.0.10/24", "2001:db8::1/64", "10.0.0.9/24")]
    assert [str(a.address) for a in sorted(networks)] == ["10.0.0.9/24", "10.0.0.10/24", "2001:db8::1/64"]
    none = zmgr.Diagnostic(zmgr.Severity.ERROR, "a", "b")
    assert sorted([zmgr.Diagnostic(zmgr.Severity.ERROR, "a", "b", "help"), none])[0] is none
    with pytest.raises(TypeError):
        sorted([first, zone])  # type: ignore[type-var]


def test_every_value_can_be_hashed(zmgr_manager: zmgr.Manager, zone: zmgr.Zone) -> None:
    values = [zmgr_manager.config(), *zmgr_manager.templates(), *zmgr_manager.pools(), *zmgr_manager.publishers()]
    values += [*zmgr_manager.pool_usages(), *zmgr_manager.diff(), zmgr_manager.find("web01"), zone]
    assert len({hash(value) for value in values}) == len(values)


def test_types_of_the_standard_library(zmgr_manager: zmgr.Manager, zone: zmgr.Zone) -> None:
    assert isinstance(zone.uuid, uuid.UUID) and str(zone.uuid) == zone.to_dict()["uuid"]
    assert zone.created is not None and zone.created.tzinfo is not None
    assert abs((datetime.datetime.now(datetime.timezone.utc) - zone.created).total_seconds()) < 3600
    taken = zmgr_manager.create_snapshot("web01", "before")
    (snapshot,) = zmgr_manager.snapshots()
    assert snapshot.label == taken.label == "before"
    assert snapshot.created >= zone.created
    config = zmgr_manager.config()
    assert config.zonepath_prefix == Path("/zones") and isinstance(config.log_dir, Path)
    assert config.on_failure is zmgr.OnFailure.ROLLBACK
    usage = zmgr_manager.pool_usage("internal")
    assert usage.stub == "stub0" and str(usage.networks[0].network) == "10.1.0.0/24"
    assert usage.families[0].family is zmgr.Family.IPV4 and usage.families[0].percent == 1


def test_the_words_are_those_of_the_core() -> None:
    words = _zmgr._words()
    assert {"Action", "Operation", "ZoneState", "ZoneStatus"} <= words.keys()
    for name, core in words.items():
        assert {each.value for each in getattr(zmgr, name)} == set(core), name


def test_a_plan(zmgr_manager: zmgr.Manager) -> None:
    plan = zmgr_manager.plan_create("web02")
    assert pickle.loads(pickle.dumps(plan)) == plan
    assert {plan: 1}[zmgr.Plan.from_json(plan.to_json())] == 1
    assert pickle.loads(pickle.dumps(plan.changes)) == plan.changes
    assert repr(plan) == "<Plan create web02>"


def test_a_manager_does_not_travel(zmgr_manager: zmgr.Manager) -> None:
    with pytest.raises(TypeError, match="Manager"):
        pickle.dumps(zmgr_manager)


def test_words_are_text() -> None:
    assert zmgr.ZoneStatus("shutting_down") is zmgr.ZoneStatus.SHUTTING_DOWN
    assert f"{zmgr.ZoneState.READY}" == "ready" == zmgr.ZoneState.READY


def test_a_finding_says_where() -> None:
    finding = zmgr.Diagnostic(zmgr.Severity.ERROR, "x", "wrong", path=Path("/a.kdl"), line=3, column=7)
    assert str(finding) == "/a.kdl:3:7: wrong"
