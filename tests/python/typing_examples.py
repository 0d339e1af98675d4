"""Promises of the types: `mypy --strict` reads this file, which is never run."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import zmgr


def addresses(manager: zmgr.Manager) -> list[ipaddress.IPv4Interface | ipaddress.IPv6Interface]:
    return [a.address for z in manager.zones() for net in z.nets for a in net.addresses]


def make(directory: Path) -> str | None:
    token = zmgr.Cancel()
    with zmgr.Manager(simulate=directory) as manager:
        plan = manager.plan_create(["a", "b"], template="oi", attrs={"owner": "alice"})
        steps: list[zmgr.StepKind] = [step.kind for change in plan.changes for step in change.steps]
        zone: zmgr.Zone = manager.create(
            "c",
            addresses={"internal": [ipaddress.ip_address("10.1.0.20")]},
            progress=lambda event: len(steps) > event.position,
            cancel=token,
            on_failure="keep",
        )
        try:
            report: zmgr.Report = manager.destroy(["a", "c"], jobs=4)
        except zmgr.PartialError as error:
            assert error.report is not None
            report = error.report
        except (ValueError, TimeoutError) as error:
            return str(error)
        for outcome in report:
            if outcome.error is not None:
                return outcome.error.help
    status: zmgr.ZoneStatus | None = zone.status
    return None if status is None else status.value
