"""A plan as a person reads it: the log of preflight, and what `dbmigrate plan` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.runner.report.words import count, migration_title, size, step_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dbmigrations.api.step import DataLoss, PlanSummary
    from dbmigrations.postgres.sql.operations import LockMode
    from dbmigrations.release.plan import Plan, PlannedMigration
    from dbmigrations.release.steps import Steps
    from dbmigrations.runner.preflight.facts import Analysis, HalfDone, MigrationRef, Operation


OPERATIONS_SHOWN = 12
"""Operations listed under one migration; the rest is counted."""


def plan_lines(
    plan: Plan, summary: PlanSummary, analyses: Mapping[MigrationRef, Analysis], *, current: str, target: str
) -> Iterator[str]:
    """The plan line by line: the way, the hash, each migration with what it does and loses.

    A name may hold a line end: it does not end the line.
    """
    for line in _plan_lines(plan, summary, analyses, current=current, target=target):
        yield line.replace("\n", "\\n")


def _plan_lines(
    plan: Plan, summary: PlanSummary, analyses: Mapping[MigrationRef, Analysis], *, current: str, target: str
) -> Iterator[str]:
    yield f"from {current or 'no version'} to {target}: {_what(plan, summary)}"
    yield f"plan {plan.hash}"
    if plan.baselined:
        yield f"recorded as applied before, not run: {count(len(plan.baselined), 'migration')}"
    release = ""
    for migration in plan.migrations:
        if migration.release != release:
            release = migration.release
            yield f"release {release}"
        yield f"  {migration_title(migration)}{_no_way_back(migration)}"
        yield from _details(migration, analyses.get((migration.kind, migration.name, migration.direction)))
    if plan.migrations:
        yield f"data loss: {loss_words(summary.data_loss)}"


def step_lines(steps: Steps) -> Iterator[str]:
    """The steps that follow preflight."""
    following = [step_title(step.ref) for step in steps[1:]]
    yield f"steps: {' → '.join(following)}" if following else "steps: none, nothing is to be done"


def loss_words(loss: DataLoss) -> str:
    """`none`, `about 12 rows, 3 values`, `12 rows and what nobody can count`."""
    parts = []
    if loss.rows:
        parts.append(count(loss.rows, "row"))
    if loss.values:
        parts.append(count(loss.values, "value"))
    if loss.unknown:
        parts.append("what nobody can count")
    about = "about " if loss.estimated else ""
    return about + ", ".join(parts) if parts else "none"


def _what(plan: Plan, summary: PlanSummary) -> str:
    ups = sum(migration.direction is Direction.UP for migration in plan.migrations)
    downs = len(plan.migrations) - ups
    parts = []
    if downs:
        parts.append(f"{count(downs, 'migration')} to undo")
    if ups:
        parts.append(f"{count(ups, 'migration')} to apply")
    if not parts:
        return "no migration"
    classes = ", ".join(f"{number} {name}" for name, number in sorted(summary.operations.items()))
    return ", ".join(parts) + (f" ({classes})" if classes else "")


def _details(migration: PlannedMigration, analysis: Analysis | None) -> Iterator[str]:
    if analysis is None:
        return
    if analysis.half:
        yield f"      {_half_words(analysis.half, backfill=bool(analysis.backfill))}"
    if analysis.backfill:
        yield f"      backfill of {analysis.backfill}"
    for operation in analysis.operations[:OPERATIONS_SHOWN]:
        yield f"      {_operation_line(migration, operation)}"
    if len(analysis.operations) > OPERATIONS_SHOWN:
        yield f"      and {len(analysis.operations) - OPERATIONS_SHOWN} more"
    for loss in analysis.losses:
        yield f"      loses {loss}"


def _half_words(half: HalfDone, *, backfill: bool = False) -> str:
    """`half-done: 2 of 3 statements ran; it goes on with statement 3 (line 7)`."""
    if backfill:
        return "half-done: it goes on behind its last batch"
    ran = f"half-done: {len(half.ran)} of {count(half.statements, 'statement')} ran"
    if not half.next:
        return f"{ran}; only its end is to be recorded"
    begun = ", which was begun: the database is asked whether it took effect" if half.begun else ""
    return f"{ran}; it goes on with statement {half.next} (line {half.line}){begun}"


def _no_way_back(migration: PlannedMigration) -> str:
    return "  (cannot be undone: it has no down)" if migration.direction is Direction.UP and not migration.down else ""


def _operation_line(migration: PlannedMigration, operation: Operation) -> str:
    """`line 3: destructive: drop column notes.colour; locks notes (8.0 KiB) ACCESS EXCLUSIVE; …`."""
    line = f"line {operation.line}: " if operation.line else ""
    parts = [f"{line}{operation.operation_class}: {operation.text}"]
    if operation.lock is not None:
        parts.append(f"locks {_locked(operation)}{lock_words(operation.lock)}")
    if operation.loses_data and migration.direction is Direction.UP:
        parts.append("no down brings its data back")
    return "; ".join(parts)


def _locked(operation: Operation) -> str:
    if not operation.relation:
        return ""
    known = "" if operation.size is None else f"({size(operation.size)}) "
    return f"{operation.relation} {known}"


def lock_words(lock: LockMode) -> str:
    """`ACCESS EXCLUSIVE`, as PostgreSQL's manual has it."""
    return lock.name.replace("_", " ")
