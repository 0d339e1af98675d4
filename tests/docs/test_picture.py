"""The picture of the terminal in the README is what the program prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_picture_is_what_the_program_prints(top: Path, debug_zmgr: Path) -> None:
    said = subprocess.run([sys.executable, top / "tests/picture", debug_zmgr], capture_output=True, text=True, check=True)
    assert "created web01 10.1.0.10/24" in said.stdout
    assert said.stdout == (top / "docs/terminal.svg").read_text(), "run tests/picture --update"
    assert 'src="docs/terminal.svg"' in (top / "README.md").read_text()
