"""What the documents point at is there: files, tests, make targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dbmigrations

ROOT = Path(dbmigrations.__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "manifests").glob("*.md"))
)
TARGETS = "\n".join(path.read_text() for path in (ROOT / "Makefile", *(ROOT / "make").glob("*.mk")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / document).read_text())
    assert [link for link in links if not (ROOT / document).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_test_that_is_named_exists(document: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / document).read_text())
    missing = [
        (file, name)
        for file, name in named
        if not (ROOT / file).is_file() or (name and not re.search(rf"\b{name}\b", (ROOT / file).read_text()))
    ]
    assert missing == []


def test_everything_that_goes_wrong_in_the_peers_has_a_test_named_after_it() -> None:
    rows = re.findall(r"^\| (\d+) \|(.*)$", (ROOT / "docs" / "peers.md").read_text(), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 19))
    assert [number for number, row in rows if f"::test_peers_{number}_" not in row] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    named = re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", (ROOT / document).read_text(), re.MULTILINE)
    assert [target for pair in named for target in pair if target and f"\n{target}:" not in f"\n{TARGETS}"] == []
