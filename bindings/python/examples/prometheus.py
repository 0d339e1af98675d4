"""Writes metrics for the textfile collector of Prometheus's node_exporter: prometheus.py DIRECTORY FILE

Run it from cron. On an illumos host, `zmgr.Manager()` takes the place of the simulated host in DIRECTORY.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import zmgr

HELP = {
    "zmgr_zone_info": "Zones of the registry; always 1.",
    "zmgr_zone_running": "1 if the zone is running, 0 if not; missing if unknown.",
    "zmgr_zone_drift": "Number of differences between the zone and its files that count as drift.",
    "zmgr_zone_pending": "Number of applied changes that take effect at the next boot.",
    "zmgr_pool_addresses": "Number of addresses of a pool by use.",
    "zmgr_problems": "Number of diagnostics of `zmgr check`.",
    "zmgr_collected_seconds": "Time at which the metrics were collected.",
}

Sample = tuple[str, dict[str, str], float]


def samples(manager: zmgr.Manager) -> Iterator[Sample]:
    """Returns name, labels and value of each sample."""
    for zone in manager.zones():
        labels = {"zone": zone.name}
        state = "unbuilt" if zone.state is None else str(zone.state)
        yield "zmgr_zone_info", labels | {"state": state, "brand": zone.brand or "", "template": zone.template or ""}, 1
        if zone.status is not None:
            yield "zmgr_zone_running", labels, float(zone.status == "running")
        yield "zmgr_zone_pending", labels, len(zone.pending)
    for drift in manager.diff():
        yield "zmgr_zone_drift", {"zone": drift.name}, sum(item.counts for item in drift.items)
    for usage in manager.pool_usages():
        for family in usage.families:
            labels = {"pool": usage.pool, "family": family.family}
            for use in ("zones", "reservations", "host", "fleet", "gateways", "excluded", "reserved", "free"):
                yield "zmgr_pool_addresses", labels | {"use": use}, getattr(family, use)
    problems = [diagnostic.severity for diagnostic in manager.check()]
    for severity in zmgr.Severity:
        yield "zmgr_problems", {"severity": str(severity)}, problems.count(severity)
    yield "zmgr_collected_seconds", {}, int(time.time())


def escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def exposition(found: list[Sample]) -> str:
    """Returns the samples in Prometheus's text format, grouped by metric."""
    lines: list[str] = []
    for metric, text in HELP.items():
        lines += [f"# HELP {metric} {text}", f"# TYPE {metric} gauge"]
        for name, labels, value in found:
            if name == metric:
                told = ",".join(f'{key}="{escaped(label)}"' for key, label in labels.items())
                lines.append(f"{name}{{{told}}} {value:.0f}" if told else f"{name} {value:.0f}")
    return "\n".join(lines) + "\n"


def main(directory: str, file: str) -> int:
    with zmgr.Manager(simulate=directory) as manager:
        text = exposition(list(samples(manager)))
    # The collector must never read half a file.
    part = Path(f"{file}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(file)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
