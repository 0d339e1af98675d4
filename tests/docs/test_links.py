"""Every link of the documentation leads somewhere, in the repository and in the book, and every path that a page names exists."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

#: Pages that package registries show by themselves: there, relative links lead nowhere.
ALONE = ["src/README.md", "python/README.md", "sim/README.md", "bindings/cli/README.md", "bindings/etcd/README.md"]
#: Beginnings of names in backticks that are files of the repository.
PLACES = ("src", "sim", "bindings", "python", "include", "ansible", "docs", "packaging", "tests", "benches")


def pages(top: Path) -> list[Path]:
    """Markdown files of the repository."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=top, capture_output=True, text=True, check=False)
    names = listed.stdout.split()
    # A source archive has no .git.
    found = [top / name for name in names] if names else [p for p in top.rglob("*.md") if "target" not in p.relative_to(top).parts]
    assert len(found) > 10
    return sorted(path for path in found if path.exists())


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)


def anchors(page: Path) -> set[str]:
    """Anchors of the titles, as GitHub and mdBook make them."""
    found: dict[str, int] = {}
    for title in re.findall(r"^#+ (.*)$", without_code(page.read_text()), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")
        found[name] = found.get(name, -1) + 1
        if found[name]:
            found[f"{name}-{found[name]}"] = 0
    return set(found)


def links(page: Path) -> list[str]:
    text = re.sub(r"`[^`\n]*`", "``", without_code(page.read_text()))
    return re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"<(?:a|img|source)\b[^>]*?(?:href|src|srcset)=\"([^\"]+)\"", text)


def test_links_in_the_repository(top: Path) -> None:
    broken = []
    checked = 0
    for page in pages(top):
        for link in links(page):
            if urlsplit(link).scheme:
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / unquote(path)).resolve() if path else page
            checked += 1
            if not target.exists():
                broken.append(f"{page.relative_to(top)}: {link}")
            elif anchor and anchor not in anchors(target):
                broken.append(f"{page.relative_to(top)}: {link} has no such title")
    assert checked > 30 and not broken, broken


def test_pages_of_registries_have_no_relative_links(top: Path) -> None:
    for name in ALONE:
        for link in links(top / name):
            assert urlsplit(link).scheme == "https" or link.startswith("#"), f"{name}: {link}"


def test_paths_in_backticks(top: Path) -> None:
    missing = []
    checked = 0
    for page in pages(top):
        if page.name == "CHANGELOG.md":
            continue
        for word in re.findall(r"`([^`\s]+)`", without_code(page.read_text())):
            if word.split("/")[0] in PLACES and "/" in word and not re.search(r"[A-Z]{3}|[*{}<>…=:]", word):
                checked += 1
                if not (top / word.removesuffix("/")).exists():
                    missing.append(f"{page.relative_to(top)}: {word}")
    assert checked > 50 and not missing, missing


class Page(HTMLParser):
    """Links and anchors of a page of the book."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        if name := of.get("id"):
            self.anchors.add(name)
        if target := of.get("href") or of.get("src"):
            self.links.append(target)


def test_the_book(top: Path) -> None:
    mdbook = Path(sys.executable).parent / "mdbook"
    if not mdbook.exists():
        pytest.skip("mdbook is not installed: tests/tools")
    said = subprocess.run([sys.executable, top / "tests/book", mdbook], capture_output=True, text=True, check=False)
    assert said.returncode == 0 and "WARN" not in said.stderr and "ERROR" not in said.stderr, said.stderr
    html = top / "target/book/html"
    built = {path.resolve(): Page(path) for path in html.rglob("*.html") if path.name not in ("print.html", "404.html", "toc.html")}
    assert {"guide.html", "cookbook.html", "format.html", "comparison.html", "architecture.html"} <= {p.name for p in built}
    broken = []
    for path, page in built.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                broken.append(f"{path.relative_to(html)}: {link}")
            elif parts.fragment and target in built and unquote(parts.fragment) not in built[target].anchors:
                broken.append(f"{path.relative_to(html)}: {link} has no such anchor")
    assert not broken, broken
