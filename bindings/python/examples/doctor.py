"""Checks a host, and prints what needs attention: doctor.py DIRECTORY"""

from __future__ import annotations

import sys

import zmgr


def main(directory: str) -> int:
    with zmgr.Manager(simulate=directory) as manager:
        diagnosis = manager.doctor()
    print(diagnosis.distribution, diagnosis.version, diagnosis.kernel)
    for item in diagnosis.items:
        if item.level in (zmgr.DiagnosisLevel.WARNING, zmgr.DiagnosisLevel.ERROR):
            print(f"{item.level}: {item.subject}: {item.message}")
            if item.help:
                print(f"  {item.help}")
    return 0 if diagnosis.can_manage else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
