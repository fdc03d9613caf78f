"""Every page: its links lead somewhere, and it speaks of nothing but the project."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from environment.paths import project_root

ROOT = project_root()
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
OUTSIDE = ("http://", "https://", "mailto:")
FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


def pages() -> list[Path]:
    """List our Markdown files; what was made here or installed has a dot before its folder's name."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    return sorted(page for page in found if not any(part.startswith((".", "build")) for part in page.parts))


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def test_the_pages_are_found() -> None:
    assert {Path("README.md"), Path("docs/sandbox.md"), Path("kustomize/README.md")} <= set(pages())


@pytest.mark.parametrize("page", pages(), ids=str)
def test_relative_links_resolve(page: Path) -> None:
    broken = []
    for link in LINK.findall(FENCE.sub("", (ROOT / page).read_text())):
        if link.startswith(OUTSIDE):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=str)
def test_no_page_names_a_machine_or_our_own_work(page: Path) -> None:
    text = (ROOT / page).read_text()
    # An upstream project's issue has its name before it: kubeflow/pipelines #9549.
    issues = re.findall(r"(?<!\S)(?:[Ii]ssue )?#\d+", re.sub(r"[\w.-]+/[\w.-]+ #\d+", "", text))
    folders = re.findall(r"(?<![\w.~}])/(?:home|root|Users|work|mnt)/\S*", text)
    assert (issues, folders) == ([], [])
