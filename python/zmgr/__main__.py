"""The command ``zmgr``: ``python -m zmgr``, and the script of that name that the wheel installs."""

import os
import signal
import sys
from typing import NoReturn

from ._zmgr import _main


def main() -> NoReturn:
    """Runs the command line of this process and exits with its status."""
    # The command rolls back by itself; Python would raise KeyboardInterrupt besides. An ignored signal stays ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Faster than sys.exit, and there is nothing to clean up.
    os._exit(_main(["zmgr", *sys.argv[1:]], [sys.executable, "-m", "zmgr"]))


if __name__ == "__main__":
    main()
