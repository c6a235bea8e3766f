"""Figures as people read them."""

from __future__ import annotations

import pytest

from dbmigrations.runner.report import words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.031, "0.03 s"), (12.34, "12.3 s"), (60, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations_are_as_exact_as_they_are_useful(value: float, text: str) -> None:
    assert words.seconds(value) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB")])
def test_sizes_have_the_unit_that_fits(number: int, text: str) -> None:
    assert words.size(number) == text


def test_one_is_not_many() -> None:
    assert (words.count(1, "migration"), words.count(2, "migration"), words.count(0, "step")) == (
        "1 migration",
        "2 migrations",
        "0 steps",
    )
