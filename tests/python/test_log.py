"""Actions of a manager as records of the logger ``zmgr``."""

from __future__ import annotations

import json
import logging

import pytest

import zmgr


def test_operations_and_commands_are_logged(zmgr_manager: zmgr.Manager, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="zmgr"):
        zmgr_manager.create_all(["web01", "web02"], jobs=2)
    records = [record for record in caplog.records if record.name == "zmgr"]
    details = [getattr(record, "zmgr") for record in records]
    finished = [d for record, d in zip(records, details) if record.getMessage().startswith("finished")]
    assert {d["zone"] for d in finished} == {"web01", "web02"}
    assert {d["operation"] for d in finished} == {"create"}
    install = next(d for d in details if d.get("command") == "zoneadm -z web01 install")
    assert (install["status"], install["step"], install["zone"]) == ("0", "install", "web01")
    assert int(install["elapsed_ms"]) >= 0


def test_the_level_is_that_of_the_logger(zmgr_manager: zmgr.Manager, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="zmgr"):
        zmgr_manager.create("web01")
    assert caplog.records
    assert all(record.levelno >= logging.INFO for record in caplog.records)


def test_a_failure_is_an_error(
    zmgr_manager: zmgr.Manager, zmgr_host: zmgr.SimHost, caplog: pytest.LogCaptureFixture
) -> None:
    zmgr_host.fault("zoneadm", "install", exit=1)
    with caplog.at_level(logging.ERROR, logger="zmgr"), pytest.raises(zmgr.CommandError):
        zmgr_manager.create("web01")
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_what_runs_in_a_zone_is_not_logged(zmgr_manager: zmgr.Manager, caplog: pytest.LogCaptureFixture) -> None:
    zmgr_manager.create("web01", boot=True)
    with caplog.at_level(logging.DEBUG, logger="zmgr"):
        zmgr_manager.exec("web01", ["echo", "pa55word"])
    assert "zlogin web01" in caplog.text and "pa55word" not in caplog.text


def test_events_count_zones_and_changes_are_recorded(zmgr_manager: zmgr.Manager, zmgr_host: zmgr.SimHost) -> None:
    events: list[zmgr.Event] = []
    zmgr_manager.create_all(["web01", "web02"], progress=events.append)
    finished = [event for event in events if event.kind is zmgr.EventKind.FINISHED]
    assert [(event.zones_done, event.zones) for event in finished] == [(1, 2), (2, 2)]
    assert finished[0].message is not None and finished[0].message.startswith("created web01 ")
    lines = (zmgr_host.directory / "var/log/zmgr/changes.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["started", "ended"] * 2
