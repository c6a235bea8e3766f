"""Counts of strikes by fault and outcome, as a table for the end of the tests."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def table(strikes: Iterable[str]) -> list[str]:
    """Lines of `set|fault|outcome`, counted; none where there are none."""
    counted = Counter(tuple(strike.split("|")[1:]) for strike in strikes)
    if not counted:
        return []
    width = max(len(fault) for fault, _ in counted)
    lines = [f"{number:6d}  {fault:{width}}  {outcome}" for (fault, outcome), number in sorted(counted.items())]
    wrong = sum(number for (_, outcome), number in counted.items() if outcome == "WRONG")
    return [*lines, f"{counted.total():6d}  in all, {wrong} wrong"]
