"""The figures of the README, written from what the benchmarks wrote: `python -m bench.readme`.

Nothing is typed by hand: each table is one file of bench/results, with the machine and the method that stand in it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results"
BEGIN, END = "<!-- figures: written by `make figures` -->\n", "<!-- end of figures -->\n"

Json = dict[str, Any]


def section(results: Path = RESULTS) -> str:
    """All tables, by part."""
    return "\n".join(_part(json.loads(file.read_text())) for file in sorted(results.glob("*.json")))


def with_figures(readme: str, figures: str) -> str:
    """The README with these figures between its two marks.

    Raises:
        ValueError: a mark is missing.
    """
    head, begin, rest = readme.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md lacks the marks {BEGIN.strip()} and {END.strip()}")
    return f"{head}{begin}\n{figures}\n{end}{tail}"


def _part(content: Json) -> str:
    rows = ["| figure | value | reference | ratio | goal | holds |", "|---|---|---|---|---|---|"]
    rows += [_row(figure) for figure in content["figures"]]
    machine = content["machine"]
    method = "; ".join(f"{name.replace('_', ' ')}: {_text(value)}" for name, value in content["method"].items())
    told = f"*{machine['cpus']} processors, Python {machine['python']}. {method}.*"
    return "\n".join([f"**{content['part']}**", "", *rows, "", told, ""])


def _row(figure: Json) -> str:
    ratio, holds = figure["ratio"], figure["holds"]
    cells = (
        figure["name"],
        _number(figure["value"], figure["unit"]),
        "" if figure["reference"] is None else _number(figure["reference"], figure["unit"]),
        "" if ratio is None else f"{ratio:.2f}",
        figure["goal"],
        "" if holds is None else "yes" if holds else "**no**",
    )
    return f"| {' | '.join(cells)} |"


def _number(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"  # noqa: PLR2004 - where commas begin


def _text(value: object) -> str:
    return f"`{value}`" if isinstance(value, str) and "import " in value else str(value).replace("|", "\\|")


def main() -> int:
    """Writes the README."""
    readme = ROOT / "README.md"
    readme.write_text(with_figures(readme.read_text(), section()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
