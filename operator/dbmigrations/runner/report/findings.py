"""What a pull request should be told, one finding for a place in a file. Made from problems and from plans; pure."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.release.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dbmigrations.release.plan import Plan
    from dbmigrations.runner.preflight.case import Refused
    from dbmigrations.runner.preflight.facts import Operation, PreflightFacts


class Level(StrEnum):
    """How much a finding weighs, in the words of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


RULES = {
    "ledger": "The ledger and its files must fit together.",
    "script": "A script must be one that can be run as it is written.",
    "refused": "Preflight would refuse this plan.",
    "loss": "The plan loses data.",
    **{f"class/{each}": f"The class of a statement: {each}." for each in OperationClass},
}
"""Every rule that a finding can name, with a sentence about it."""

_LEVELS = {
    OperationClass.RESTRICTING: Level.WARNING,
    OperationClass.REWRITING: Level.WARNING,
    OperationClass.UNKNOWN: Level.WARNING,
    OperationClass.DESTRUCTIVE: Level.WARNING,
}
"""Classes that deserve a finding; the others are what one expects of a migration."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `file` is relative to the folder of the pull request; empty: about no file."""

    rule: str
    level: Level
    message: str
    file: str = ""
    line: int = 0
    """From 1; 0: about the whole file."""
    column: int = 0


def of_problems(problems: tuple[Problem, ...], root: Path) -> tuple[Finding, ...]:
    """What `validate` found. `root`: the release directory, as seen from the folder of the pull request."""
    return tuple(_of_problem(problem, root) for problem in problems)


def of_plan(facts: PreflightFacts, plan: Plan | None, refused: Refused | None) -> tuple[Finding, ...]:
    """What a reviewer of a plan should see: risky statements, losses, and why it would be refused."""
    return tuple(_of_plan(facts, plan, refused))


def _of_problem(problem: Problem, root: Path) -> Finding:
    field = f"{problem.field}: " if problem.field else ""
    remedy = f" ({problem.remedy})" if problem.remedy else ""
    return Finding(
        rule="script" if problem.file.endswith(".sql") else "ledger",
        level=Level.ERROR if problem.severity is Severity.ERROR else Level.WARNING,
        message=f"{field}{problem.message}{remedy}",
        file=_file(root, problem.file),
        line=problem.line,
        column=problem.column,
    )


def _of_plan(facts: PreflightFacts, plan: Plan | None, refused: Refused | None) -> Iterator[Finding]:
    root = facts.directory.root
    for migration in plan.migrations if plan else ():
        analysis = facts.analysis(*migration.key, migration.direction)
        known = facts.directory.migration(*migration.key)
        # A stored down may be another one than the directory's: then its lines are nowhere in the pull request.
        file = _file(root, analysis.path) if known and analysis.path else ""
        for operation in analysis.operations:
            level = _LEVELS.get(operation.operation_class)
            if level is not None:
                rule = f"class/{operation.operation_class}"
                yield Finding(rule, level, _said(operation), file, operation.line, operation.column)
        for loss in analysis.losses:
            yield Finding("loss", Level.WARNING, f"{migration.name} loses {loss}", file)
    if refused is not None:
        ledger = facts.directory.releases[0].file if facts.directory.releases else ""
        where = _file(root, ledger) if ledger else ""
        yield Finding("refused", Level.ERROR, f"{refused.reason}: {refused.message}", where)


def _said(operation: Operation) -> str:
    why = f": {operation.why}" if operation.why else ""
    safer = f". Safer: {operation.safer}" if operation.safer else ""
    return f"{operation.text} ({operation.operation_class}){why}{safer}"


def _file(root: Path, relative: str) -> str:
    """As the pull request has it: relative to the current folder where that is possible."""
    return os.path.relpath(root / relative).replace(os.sep, "/")
