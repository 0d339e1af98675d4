"""Plans zones, keeps the plan as for an approval, and runs what was approved: plan_and_run.py DIRECTORY NAME..."""

from __future__ import annotations

import sys

import zmgr


def main(directory: str, *names: str) -> int:
    with zmgr.Manager(simulate=directory) as manager:
        plan = manager.plan_create(names)
        print(plan, file=sys.stderr)
        kept = plan.to_json()  # for a file, a ticket, another process
        try:
            report = manager.run(zmgr.Plan.from_json(kept), jobs=4)
        except zmgr.StalePlanError as error:
            print(f"nothing was done: {error}", file=sys.stderr)
            return error.number
    for outcome in report:
        print(outcome.name, outcome.action)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
