"""The gallery in bindings/python/examples: each program runs on a host that has zones, reservations and drift."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import zmgr

POOL = """pool "backend" {
    network "10.2.0.0/28"
    network "fd00:2::/64"
    stub "stub0"
    exclude "10.2.0.3"
    reserve "10.2.0.9" for="db02"
}
"""

TEMPLATE = """template "storage" {
    extends "oi"
    net "backend" { pool "backend"; default-route #false }
}
"""

Example = Callable[..., str]


@pytest.fixture
def host(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> zmgr.SimHost:
    """Three zones, one of which is down and one changed, and a reservation."""
    zmgr_manager.init()
    (zmgr_manager.root / "pools/backend.kdl").write_text(POOL)
    (zmgr_manager.root / "templates/storage.kdl").write_text(TEMPLATE)
    zmgr_manager.create_all(["web01", "web_02"])
    zmgr_manager.create("db01", template="storage", boot=False)
    zmgr_manager.set("web01", {"cpu-shares": "20"})
    zmgr_manager.allocate("internal", "printer")
    return zmgr_host


@pytest.fixture
def example(source: Path, tmp_path: Path) -> Example:
    """Runs an example and returns what it printed."""

    def example(name: str, *words: str | Path, status: int = 0) -> str:
        program = source / "bindings/python/examples" / f"{name}.py"
        done = subprocess.run([sys.executable, "-W", "error", program, *words], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == status, done.stderr
        return done.stdout

    return example


def test_metrics_are_what_the_host_has(host: zmgr.SimHost, example: Example, tmp_path: Path) -> None:
    file = tmp_path / "zmgr.prom"
    file.write_text("old")
    example("prometheus", host.directory, file)
    lines = file.read_text().splitlines()
    for line in (
        'zmgr_zone_info{zone="db01",state="ready",brand="nlipkg",template="storage"} 1',
        'zmgr_zone_running{zone="db01"} 0',
        'zmgr_zone_running{zone="web01"} 1',
        'zmgr_zone_drift{zone="web01"} 1',
        'zmgr_zone_drift{zone="db01"} 0',
        'zmgr_pool_addresses{pool="internal",family="ipv4",use="zones"} 3',
        'zmgr_pool_addresses{pool="internal",family="ipv4",use="reservations"} 1',
        'zmgr_pool_addresses{pool="backend",family="ipv4",use="excluded"} 1',
        'zmgr_problems{severity="error"} 0',
    ):
        assert line in lines, file.read_text()
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? [0-9]+')
    assert all(line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line) for line in lines)
    assert len(set(lines)) == len(lines), "a sample twice"
    assert [p.name for p in tmp_path.glob("zmgr.prom*")] == ["zmgr.prom"]


def test_hosts_and_zone_file_name_zones_and_reservations(host: zmgr.SimHost, example: Example) -> None:
    hosts = example("dns", host.directory, "hosts", "example.org").splitlines()
    assert "10.1.0.10\tweb01.example.org web01" in hosts
    # A host name has no underscore.
    assert "10.1.0.11\tweb-02.example.org web-02" in hosts
    zone = example("dns", host.directory, "zone", "example.org").splitlines()
    assert zone[0] == "$ORIGIN example.org."
    assert "db01-backend\tIN\tA\t10.2.0.1" in zone
    assert any(line.startswith("db01-backend\tIN\tAAAA\tfd00:2::") for line in zone)
    assert "printer\tIN\tA\t10.1.0.13" in zone
    checker = shutil.which("named-checkzone")
    if checker:
        head = "$TTL 3600\n@ IN SOA ns. root. 1 2 3 4 5\n@ IN NS ns.\n"
        text = head + "\n".join(zone) + "\n"
        subprocess.run([checker, "-q", "example.org", "/dev/stdin"], input=text.encode(), check=True)


def test_a_fleet_of_two_trees(host: zmgr.SimHost, example: Example, tmp_path: Path) -> None:
    trees = [tmp_path / "h1", tmp_path / "h2"]
    for tree in trees:
        shutil.copytree(host.directory / "etc/zmgr", tree)
        config = tree / "config.kdl"
        config.write_text(f'host "{tree.name}"\n' + config.read_text())
    page = example("fleet_inventory", *trees, status=3)
    assert "h1: 3 zones, h2: 3 zones" in page
    assert re.search(r"^\| h2 \| db01 \| storage \| 10\.1\.0\.12, 10\.2\.0\.1, fd00:2::\S* \| ", page, re.M), page
    assert "## Problems" in page and "10.1.0.10" in page.split("## Problems")[1]
    assert "## Problems" not in example("fleet_inventory", trees[0])
    example("fleet_inventory", tmp_path / "nowhere", status=4)


class Page(html.parser.HTMLParser):
    """Collects elements of the address map."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[dict[str, str | None]] = []
        self.uses: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "svg" and "aria-hidden" not in found:
            self.pictures.append(found)
        if tag == "g" and "class" in found:
            self.uses.append(str(found["class"]))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_address_map_shows_every_address(host: zmgr.SimHost, example: Example, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    example("address_map", host.directory, file)
    page = Page()
    page.feed(file.read_text())
    assert all(picture["role"] == "img" and picture["aria-label"] for picture in page.pictures)
    assert [str(p["aria-label"]).split(":")[0] for p in page.pictures] == [
        "Pool backend, ipv4", "Pool backend, ipv6", "Pool internal, ipv4",
    ]
    for title in ("10.1.0.10: zone web01", "10.1.0.13: reservation printer", "10.2.0.3: excluded", "10.2.0.9: reserved", "10.1.0.99: free"):
        assert title in page.text
    assert page.uses.count("zone held") == 5
    # Colours of both schemes, for every use.
    assert file.read_text().count("--reserved: #") == 2 and "prefers-color-scheme: dark" in file.read_text()


def test_a_browser_shows_the_address_map(host: zmgr.SimHost, example: Example, tmp_path: Path) -> None:
    browser = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip("there is no Chromium")
    file = tmp_path / "map.html"
    example("address_map", host.directory, file)
    # The page reports its accessible names and computed colours in its title, which --dump-dom prints.
    probe = """<script>addEventListener("load", () => {
        const all = [...document.querySelectorAll("svg[role=img]")];
        const boxes = all.map(svg => svg.getBoundingClientRect());
        document.title = JSON.stringify({
            names: all.map(svg => svg.ariaLabel), roles: all.map(svg => svg.role), wide: boxes.every(b => b.width > 300 && b.height > 10),
            page: getComputedStyle(document.body).backgroundColor, overflow: document.body.scrollWidth > innerWidth,
            free: getComputedStyle(document.querySelector(".free rect")).fill });
    })</script>"""
    file.write_text(file.read_text() + probe)
    shown = {}
    for scheme in ("light", "dark"):
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / scheme}", "--enable-logging=stderr"]
        dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else ["--blink-settings=preferredColorScheme=1"]
        done = subprocess.run([browser, *options, *dark, "--dump-dom", file.as_uri()], capture_output=True, text=True, timeout=90)
        title = re.search(r"<title>(\{.*?\})</title>", done.stdout)
        assert title, done.stderr
        assert "CONSOLE" not in done.stderr, done.stderr
        shown[scheme] = json.loads(title[1].replace("&amp;", "&"))
        assert len(shown[scheme]["names"]) == 3 and all(shown[scheme]["names"]) and set(shown[scheme]["roles"]) == {"img"}
        assert shown[scheme]["wide"] and not shown[scheme]["overflow"]
    assert shown["light"]["page"] == "rgb(255, 255, 255)" and shown["dark"]["page"] == "rgb(22, 24, 28)", shown
    assert shown["light"]["free"] != shown["dark"]["free"]
