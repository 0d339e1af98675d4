"""Draws the addresses of each pool and their holders in one HTML file: address_map.py DIRECTORY FILE"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import zmgr

#: A pool with more addresses gets one cell per run of addresses with the same use.
MOST = 1024
COLUMNS, WIDTH, HEIGHT = 16, 44, 26
USES = ("zone", "reservation", "host", "gateway", "excluded", "reserved", "free")

STYLE = """
:root { color-scheme: light dark; --text: #1b1b1b; --page: #fff; --line: #8884; --zone: #9ecbff; --reservation: #ffd58a; --host: #d5b8ff;
  --gateway: #ffb3b8; --excluded: #d0d0d0; --reserved: #b8e8c8; --free: #f6f6f6 }
@media (prefers-color-scheme: dark) { :root { --text: #eee; --page: #16181c; --zone: #1f4f82; --reservation: #70510a; --host: #543a82;
  --gateway: #84343c; --excluded: #4b4b4b; --reserved: #1f5c38; --free: #23262b } }
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; color: var(--text); background: var(--page) }
svg { width: 100%; height: auto } svg text { font-size: 11px; fill: var(--text); text-anchor: middle } rect { stroke: var(--line) }
.held text { font-weight: bold } table { border-collapse: collapse } td, th { padding: 0 1rem 0 0; text-align: left }
""" + " ".join(f".{use} rect {{ fill: var(--{use}) }}" for use in USES)


@dataclass
class Cell:
    """One address, or a run of addresses with the same use."""

    label: str
    use: str
    title: str


def cells(usage: zmgr.PoolUsage, family: zmgr.FamilyUsage) -> Iterator[Cell]:
    """Returns what to draw for the addresses of one family."""
    names = {held.address: f"{held.kind} {held.name}" for held in usage.holders}
    for run in family.map:
        if family.total > MOST:
            span = str(run.first) if run.count == 1 else f"{run.first} to {run.last}"
            yield Cell(f"{run.count}" if run.count < 10_000 else f"{float(run.count):.0e}", run.taken_for, f"{span}: {run.taken_for}")
            continue
        for at in range(run.count):
            address = run.first + at
            last = str(address).replace(":", ".").rpartition(".")[2]
            yield Cell(last, run.taken_for, f"{address}: {names.get(address, run.taken_for)}")


def picture(name: str, family: zmgr.FamilyUsage, drawn: list[Cell]) -> Iterator[str]:
    rows = -(-len(drawn) // COLUMNS) or 1
    told = f"Pool {name}, {family.family}: {family.used} of {family.total} addresses held, {family.free} free"
    yield f'<svg role="img" aria-label="{escape(told)}" viewBox="0 0 {COLUMNS * WIDTH} {rows * HEIGHT}">'
    for at, cell in enumerate(drawn):
        x, y = at % COLUMNS * WIDTH, at // COLUMNS * HEIGHT
        held = " held" if cell.use in ("zone", "reservation", "host", "gateway") else ""
        yield f'<g class="{cell.use}{held}"><title>{escape(cell.title)}</title>'
        yield f'<rect x="{x + 1}" y="{y + 1}" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="4"/>'
        yield f'<text x="{x + WIDTH / 2}" y="{y + 17}">{escape(cell.label)}</text></g>'
    yield "</svg>"


def legend() -> str:
    box = '<svg aria-hidden="true" viewBox="0 0 14 14" style="width:14px"><g class="{0}"><rect width="14" height="14"/></g></svg> {0}'
    boxes = (box.format(use) for use in USES)
    return f"<p>{' &nbsp; '.join(boxes)}</p>"


def page(usages: list[zmgr.PoolUsage]) -> Iterator[str]:
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Address map</title><style>{STYLE}</style><main><h1>Address map</h1>'
    yield legend()
    for usage in usages:
        yield f"<h2>{escape(usage.pool)}</h2>"
        for family in usage.families:
            yield from picture(usage.pool, family, list(cells(usage, family)))
        yield f"<table><caption>Holders in {escape(usage.pool)}</caption><tr><th scope=col>Address<th scope=col>Kind<th scope=col>Name"
        yield from (f"<tr><td>{held.address}<td>{escape(held.kind)}<td>{escape(held.name)}" for held in usage.holders)
        yield "</table>"
    yield "</main></html>"


def main(directory: str, file: str) -> int:
    with zmgr.Manager(simulate=directory) as manager:
        Path(file).write_text("\n".join(page(manager.pool_usages())), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
