"""Holds addresses for things that are not zones, and reports who holds what: addresses.py DIRECTORY"""

from __future__ import annotations

import sys

import zmgr


def main(directory: str) -> int:
    with zmgr.Manager(simulate=directory) as manager:
        manager.init()
        given = manager.allocate("internal", "printer")
        print("printer has", *given.addresses)
        manager.allocate_all("internal", [f"phone{n}" for n in range(3)])
        usage = manager.pool_usage("internal")
        for family in usage.families:
            print(f"{family.family}: {family.used} of {family.total} used")
        for held in usage.holders:
            print(held.address, held.kind, held.name)
        manager.release("internal", "printer", id=given.id)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
