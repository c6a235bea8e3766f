"""What a benchmark says: figures with their references and goals, as a table for people and as JSON for the README."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One figure. A reference is measured in the same run; a ratio is of the value to it; a goal bounds one of them."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    at_most: float | None = None
    bounds_ratio: bool = False

    @property
    def ratio(self) -> float | None:
        """The value in terms of the reference."""
        return self.value / self.reference if self.reference else None

    @property
    def holds(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.at_most is None:
            return None
        bounded = self.ratio if self.bounds_ratio else self.value
        return bounded is not None and bounded <= self.at_most

    @property
    def goal(self) -> str:
        """The goal in words."""
        if self.at_most is None:
            return ""
        return f"≤ {self.at_most:g} times" if self.bounds_ratio else f"≤ {self.at_most:g} {self.unit}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(percent) // 100) - 1)]


def table(figures: Sequence[Figure]) -> str:
    """The figures, one a line."""
    head = ("figure", "value", "reference", "ratio", "goal", "holds")
    rows = [head, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])


def write(part: str, figures: Sequence[Figure], method: dict[str, object], folder: Path) -> Path:
    """The same as JSON."""
    content = {
        "part": part,
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "method": method,
        "figures": [
            asdict(figure) | {"ratio": figure.ratio, "goal": figure.goal, "holds": figure.holds} for figure in figures
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{part}.json"
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return file


def _row(figure: Figure) -> tuple[str, ...]:
    ratio, holds = figure.ratio, figure.holds
    return (
        figure.name,
        f"{figure.value:.4g} {figure.unit}",
        "" if figure.reference is None else f"{figure.reference:.4g} {figure.unit}",
        "" if ratio is None else f"{ratio:.2f}",
        figure.goal,
        "" if holds is None else "yes" if holds else "NO",
    )
