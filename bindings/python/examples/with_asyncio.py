"""Creates a zone without keeping an event loop waiting, and gives up after a while: with_asyncio.py DIRECTORY NAME"""

from __future__ import annotations

import asyncio
import sys

import zmgr


async def create(manager: zmgr.Manager, name: str, patience: float) -> zmgr.Zone:
    token = zmgr.Cancel()
    work = asyncio.create_task(asyncio.to_thread(manager.create, name, cancel=token))
    done, _ = await asyncio.wait({work}, timeout=patience)
    if not done:
        # Cancelling the task would not stop the thread: the token does, and the work is undone.
        token.cancel()
    return await work


def main(directory: str, name: str) -> int:
    with zmgr.Manager(simulate=directory) as manager:
        try:
            zone = asyncio.run(create(manager, name, patience=60))
        except zmgr.CancelledError as error:
            print(error, file=sys.stderr)
            return error.number
    print(zone)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
