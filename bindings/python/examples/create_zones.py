"""Creates zones, several at once, and tells how it goes: create_zones.py DIRECTORY NAME...

DIRECTORY is that of a simulated machine; on an illumos host it would be zmgr.Manager().
"""

from __future__ import annotations

import sys

import zmgr


def tell(event: zmgr.Event) -> None:
    if event.kind is zmgr.EventKind.STEP_STARTED:
        print(f"{event.zone}: {event.step} ({event.position} of {event.steps})")


def main(directory: str, *names: str) -> int:
    with zmgr.Manager(simulate=directory) as manager:
        try:
            report = manager.create_all(names, jobs=4, progress=tell)
        except zmgr.PartialError as error:
            assert error.report is not None
            report = error.report
        except zmgr.ZmgrError as error:
            print(f"{error.code}: {error}", file=sys.stderr)
            return error.number
    for outcome in report:
        if outcome.zone is not None:
            print(outcome.name, *(a.address for net in outcome.zone.nets for a in net.addresses))
        else:
            print(outcome.name, "failed:", outcome.error)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
