"""How far a plan has come, read from the history alone. Pure.

What came after the base must be a beginning of the plan's migrations: nothing else, nothing missing, in order. A
migration counts as in effect by how often it was applied, so that a plan that undoes and applies the same one again
is followed too; failed and partial attempts count nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.words import Direction, StepName
from dbmigrations.release.migration import Key
from dbmigrations.runner.errors import StepRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dbmigrations.release.history import DatabaseHistory
    from dbmigrations.release.plan import Plan, PlannedMigration
    from dbmigrations.release.steps import PlannedStep, Steps


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a plan's migrations that belongs to one step: indexes from `first` up to, without, `end`."""

    first: int
    end: int


def stretch_of(steps: Steps, step: PlannedStep) -> Stretch:
    """Which migrations a step has; an empty stretch where it has none, at the place where it stands."""
    before = sum(len(s.migrations) for s in steps[: step.ordinal] if s.name is not StepName.BASELINE)
    own = 0 if step.name is StepName.BASELINE else len(step.migrations)
    return Stretch(before, before + own)


def in_effect(plan: Plan, history: DatabaseHistory, *, baseline_pending: bool = False) -> int:
    """How many of the plan's migrations, from the first, are in effect.

    Args:
        plan: as preflight stored it.
        history: as the database has it now.
        baseline_pending: whether the migrations that the Baseline step records may still be missing.

    Raises:
        StepRefusedError: DatabaseMovedBack where the base is no longer there, HistoryDiverged where anything else is.
    """
    _check_base(plan, history, baseline_pending=baseline_pending)
    counts = history.counts()
    done = [_is_in_effect(migration, history, counts) for migration in plan.migrations]
    count = done.index(False) if False in done else len(done)
    if True in done[count:]:
        late = plan.migrations[done.index(True, count)]
        raise StepRefusedError(
            Refusal.HISTORY_DIVERGED,
            f"{_title(late)} is in effect, but {_title(plan.migrations[count])}, which comes before it in the plan, "
            f"is not: something else changed this database.",
        )
    return count


def check_place(count: int, stretch: Stretch, plan: Plan, *, finished: bool) -> None:
    """Require that all migrations of the steps before are in effect, then a beginning of this step's own.

    Raises:
        StepRefusedError: fewer is DatabaseMovedBack, more is HistoryDiverged (unless this step was `finished` before).
    """
    if count < stretch.first:
        raise StepRefusedError(
            Refusal.DATABASE_MOVED_BACK,
            f"{_title(plan.migrations[count])} was in effect in this run and is not any more: "
            f"was the database restored to an earlier state?",
        )
    if count > stretch.end and not finished:
        raise StepRefusedError(
            Refusal.HISTORY_DIVERGED,
            f"{_title(plan.migrations[stretch.end])} is in effect before its step began: "
            f"something else changed this database.",
        )


def _check_base(plan: Plan, history: DatabaseHistory, *, baseline_pending: bool) -> None:
    planned = {migration.key for migration in plan.migrations}
    now = {migration.key: migration.up_checksum for migration in history.applied}
    base = {(kind, name): checksum for kind, name, checksum in plan.base}
    pending = {(kind, name) for kind, name, _ in plan.baselined} if baseline_pending else frozenset[Key]()
    for key in base.keys() - planned - pending:
        if key not in now:
            raise StepRefusedError(
                Refusal.DATABASE_MOVED_BACK,
                f"{key[0]} {key[1]} was applied when this run was planned and is not any more: "
                f"was the database restored to an earlier state?",
            )
        if now[key] != base[key]:
            raise _diverged(key, "is applied with another content than when this run was planned")
    for key in now.keys() - base.keys() - planned:
        raise _diverged(key, "was applied after this run was planned, and not by it")


def _is_in_effect(migration: PlannedMigration, history: DatabaseHistory, counts: Mapping[Key, int]) -> bool:
    if migration.direction is Direction.UP:
        return counts.get(migration.key, 0) >= migration.nth
    still = [applied for applied in history.applied if applied.key == migration.key]
    halves = [half for half in history.partial if half.key == migration.key and half.direction is Direction.UP]
    return all(row.times_applied > migration.nth for row in still) and all(
        half.times_applied >= migration.nth for half in halves
    )


def _diverged(key: Key, what: str) -> StepRefusedError:
    return StepRefusedError(Refusal.HISTORY_DIVERGED, f"{key[0]} {key[1]} {what}.")


def _title(migration: PlannedMigration) -> str:
    verb = "applying" if migration.direction is Direction.UP else "undoing"
    return f"{verb} {migration.kind} {migration.name} ({migration.release})"
