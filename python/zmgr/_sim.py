"""What the programs of ``SimHost.link`` run: ``python -m zmgr._sim DIR PROGRAM ARGS...``."""

import os
import signal
import sys

from ._zmgr import _answer


def main() -> None:
    status = _answer(sys.argv[1], sys.argv[2:])
    sys.stdout.flush()
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    # Not sys.exit: nothing of Python is left to be put in order, and other people's tools call this often.
    os._exit(status if status >= 0 else 1)


if __name__ == "__main__":
    main()
