"""Five lines and a caret for errors of a release directory, read from the file that they are about.

Errors of scripts that were read have theirs already. What cannot be shown (a file that is no text, a place that is not
in it) is left out: the line `file:line:column: what` says it all the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dbmigrations.postgres.sql.position import excerpt
from dbmigrations.postgres.sql.redact import redact_around
from dbmigrations.release import files
from dbmigrations.release.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EXCERPTS = 50
"""Errors that are shown with their lines; the others only say where they are."""


def with_excerpts(root: Path, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The same problems; errors with a place in a file under `root` have an excerpt, the first fifty of them."""
    texts: dict[str, str] = {}
    left = EXCERPTS
    told: list[Problem] = []
    for problem in problems:
        shown = problem
        if left and problem.severity is Severity.ERROR and problem.line and not problem.excerpt:
            if problem.file not in texts:
                texts[problem.file] = _text(root, problem.file)
            shown = replace(problem, excerpt=_excerpt(texts[problem.file], problem))
            left -= bool(shown.excerpt)
        told.append(shown)
    return tuple(told)


def _text(root: Path, file: str) -> str:
    try:
        raw = files.read_bytes(root, file, files.LEDGER_LIMIT)
    except (files.UnreadableError, OSError, ValueError):
        return ""
    return raw.decode("utf-8-sig", errors="replace")


def _excerpt(text: str, problem: Problem) -> str:
    lines = text.split("\n")
    if problem.line > len(lines) or not text:
        return ""
    before = sum(len(line) + 1 for line in lines[: problem.line - 1])
    offset = before + min(max(problem.column - 1, 0), len(lines[problem.line - 1]))
    if problem.file.endswith(".sql"):
        text, offset = redact_around(text, offset)
    return excerpt(text, offset)
