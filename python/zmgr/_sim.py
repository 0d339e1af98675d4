"""Program that the links of ``SimHost.link`` run: ``python -m zmgr._sim DIR PROGRAM ARGS...``."""

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
    # Faster than sys.exit, and there is nothing to clean up.
    os._exit(status if status >= 0 else 1)


if __name__ == "__main__":
    main()
