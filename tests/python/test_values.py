"""Values are frozen, equal, hashable, picklable, and say what they are."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from pathlib import Path

import pytest

import zmgr


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
