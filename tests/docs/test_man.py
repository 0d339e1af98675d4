"""The man pages that the program writes: no findings of mandoc, a date and a version in each footer."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def pages(debug_zmgr: Path, tmp_path: Path) -> list[Path]:
    subprocess.run([debug_zmgr, "man", tmp_path], check=True)
    found = sorted(tmp_path.rglob("zmgr*.[58]"))
    assert len(found) > 40
    return found


def test_mandoc_finds_nothing(pages: list[Path]) -> None:
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed: tests/tools")
    said = subprocess.run(["mandoc", "-T", "lint", "-W", "style", *pages], capture_output=True, text=True, check=False)
    # Some options of man pages on Linux are not those of BSD, and SEE ALSO names pages of illumos.
    found = [line for line in said.stdout.splitlines() if "referenced manual not found" not in line]
    assert found == [], "\n".join(found)


def test_each_page_has_a_date_a_version_and_a_short_synopsis(top: Path, pages: list[Path]) -> None:
    version = re.search(r'^version = "(.*)"', (top / "Cargo.toml").read_text(), re.M)
    assert version
    for page in pages:
        text = page.read_text()
        (title,) = re.findall(r"^\.TH .*$", text, re.M)
        assert re.search(rf'"?\d{{4}}-\d\d-\d\d"? "zmgr {re.escape(version[1])}"', title), f"{page.name}: {title}"
        if page.suffix == ".8":
            synopsis = text.split(".SH SYNOPSIS\n")[1].split(".SH ")[0]
            assert len(synopsis) < 200 and "dry" not in synopsis, f"{page.name}: {synopsis}"
