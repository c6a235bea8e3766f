"""Exit codes are a promise to scripts."""

from __future__ import annotations

from dbmigrations.runner.exits import MEANINGS, Exit


def test_the_numbers_never_change() -> None:
    assert {code.name: int(code) for code in Exit} == {
        "OK": 0,
        "FINDINGS": 1,
        "USAGE": 2,
        "REFUSED": 10,
        "FAILED": 20,
        "UNAVAILABLE": 30,
        "BUG": 70,
        "UNWRITTEN": 74,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }


def test_every_code_has_its_meaning_in_the_reference() -> None:
    assert set(MEANINGS) == set(Exit)
