"""Prints the zones of several hosts, one tree per host, as a Markdown page: fleet_inventory.py TREE...

Reads files only, so it runs on any machine, for example in the pipeline of the repository that has the trees. Exits with 3 if two
hosts hold the same address.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence

import zmgr


def cell(text: str) -> str:
    return text.replace("|", r"\|") or "-"


def page(zones: Sequence[zmgr.FleetZone], problems: Sequence[zmgr.Diagnostic]) -> Iterator[str]:
    """Returns the lines of the page."""
    count = Counter(zone.host for zone in zones)
    yield "# Fleet"
    yield ""
    yield ", ".join(f"{host}: {number} zones" for host, number in count.items()) or "no zones"
    yield ""
    yield "| host | zone | template | addresses | MAC addresses |"
    yield "|---|---|---|---|---|"
    for zone in zones:
        addresses = ", ".join(str(address.ip) for address in zone.addresses)
        words = (zone.host, zone.name, zone.template or "", addresses, ", ".join(zone.macs))
        yield f"| {' | '.join(cell(word) for word in words)} |"
    if problems:
        yield ""
        yield "## Problems"
        yield ""
        yield from (f"- {problem.severity}: {problem}" for problem in problems)


def main(*trees: str) -> int:
    try:
        zones, problems = zmgr.fleet_zones(trees), zmgr.fleet_check(trees)
    except zmgr.ZmgrError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return error.number
    print(*page(zones, problems), sep="\n")
    return 3 if any(problem.severity is zmgr.Severity.ERROR for problem in problems) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
