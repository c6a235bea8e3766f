"""The README's figures are those that the benchmarks wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bench.figures import Figure, write
from bench.readme import BEGIN, END, ROOT, section, with_figures

if TYPE_CHECKING:
    from pathlib import Path


def test_the_readme_shows_what_was_measured_last() -> None:
    readme = (ROOT / "README.md").read_text()

    assert with_figures(readme, section()) == readme, "run `make figures`"


def test_a_missed_goal_is_shown_as_missed(tmp_path: Path) -> None:
    write("part", [Figure("slow", 3.0, "s", reference=1.0, at_most=2.0, bounds_ratio=True)], {"rounds": 3}, tmp_path)

    text = section(tmp_path)

    assert "| slow | 3 s | 1 s | 3.00 | ≤ 2 times | **no** |" in text
    assert "rounds: 3" in text
    assert json.loads((tmp_path / "part.json").read_text())["figures"][0]["holds"] is False


def test_a_readme_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the marks"):
        with_figures("# title\n", "x")


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    assert with_figures(f"a\n{BEGIN}old{END}b\n", "new") == f"a\n{BEGIN}\nnew\n{END}b\n"
