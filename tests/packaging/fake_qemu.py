#!/usr/bin/env python3
"""Takes the arguments of QEMU and plays a guest on standard input and output: a login on a console, a shell, disks, and power off.

The shell is the real /bin/sh of this machine, with the drives in place of /dev/rdsk and a directory in place of /var/tmp. FAKE_GUEST names
what goes wrong: silent (no prompt), hang (the check never ends), die (it stops in the check), nodisk (it does not see the disks).
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TROUBLE = os.environ.get("FAKE_GUEST", "")
PASSWORD = os.environ.get("FAKE_PASSWORD", "")


def say(text: str) -> None:
    """Writes to the console."""
    sys.stdout.write(text.replace("\n", "\r\n"))
    sys.stdout.flush()


def heard() -> str:
    """A line that was typed, with the echo of a terminal."""
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return line


def log_in() -> None:
    """Asks until the user is root with the right password."""
    while True:
        say("\nguest console login: ")
        user = heard()
        say(user)
        password = ""
        if PASSWORD:
            say("Password: ")
            password = heard().strip()
        if user.strip() == "root" and password == PASSWORD:
            say("Last login: Mon Nov 30 07:00:00 2026 on console\nThe Illumos Project\nroot@guest:~# ")
            return
        say("Login incorrect\n")


def main() -> None:
    """Plays the guest."""
    say("SeaBIOS\nLoading unix...\nillumos 5.11 Version illumos-1234 64-bit\nHostname: guest\n")
    if TROUBLE == "silent":
        heard()
        sys.exit(0)
    log_in()
    with tempfile.TemporaryDirectory() as directory:
        disks = Path(directory, "rdsk")
        disks.mkdir()
        drives = [argument for before, argument in zip(sys.argv, sys.argv[1:]) if before == "-drive"]
        for number, drive in enumerate(drives if TROUBLE != "nodisk" else drives[:1]):
            (disks / f"c{number}t0d0p0").symlink_to(re.search(r"file=([^,]*)", drive)[1])
        shell = subprocess.Popen(["/bin/sh"], stdin=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        echo = True
        while True:
            line = heard()
            if echo:
                say(line)
            if "stty -echo" in line:
                echo = False
            if line.startswith("exec "):
                # It would lose what this shell has read ahead of its pipe, which a terminal does not let it.
                continue
            if "poweroff" in line:
                say("syncing file systems... done\n")
                shell.kill()
                sys.exit(0)
            if line.rstrip().endswith("/run"):
                while TROUBLE == "hang":
                    heard()
                if TROUBLE == "die":
                    shell.kill()
                    sys.exit(1)
                script = Path(directory) / line.strip().removeprefix("/var/tmp/")
                script.write_text(script.read_text().replace("/dev/rdsk", str(disks)))
            shell.stdin.write(line.replace("/dev/rdsk", str(disks)).replace("/var/tmp", directory).replace("stty -echo;", ""))


main()
