"""How far a plan has come is read from the history alone."""

from __future__ import annotations

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.step import Direction, StepName
from dbmigrations.release.history import (
    AppliedMigration,
    AppliedOutcome,
    DatabaseHistory,
    PartialMigration,
    UndoneMigration,
)
from dbmigrations.release.migration import Kind
from dbmigrations.release.plan import Plan, PlannedMigration
from dbmigrations.release.steps import PlannedStep
from dbmigrations.runner.errors import StepRefusedError
from dbmigrations.runner.steps.progress import Stretch, check_place, in_effect, stretch_of


def up(name: str, nth: int = 1) -> PlannedMigration:
    return PlannedMigration("1.1.0", Kind.SQL, name, Direction.UP, nth, f"up-{name}", f"down-{name}")


def down(name: str, nth: int = 1) -> PlannedMigration:
    return PlannedMigration("1.1.0", Kind.SQL, name, Direction.DOWN, nth, f"up-{name}", f"down-{name}")


def applied(name: str, times: int = 1, checksum: str = "") -> AppliedMigration:
    return AppliedMigration(
        Kind.SQL, name, "1.1.0", checksum or f"up-{name}", f"down-{name}", AppliedOutcome.APPLIED, "u", "r", times, 1
    )


def undone(name: str, times: int = 1) -> UndoneMigration:
    return UndoneMigration(Kind.SQL, name, times, 2)


def half(name: str, times: int = 0, direction: Direction = Direction.UP) -> PartialMigration:
    return PartialMigration(
        Kind.SQL,
        name,
        "1.1.0",
        direction,
        f"up-{name}",
        f"down-{name}",
        down_partial_safe=True,
        times_applied=times,
        uid="u",
        run="r",
    )


def plan(*migrations: PlannedMigration, base: tuple[str, ...] = (), baselined: tuple[str, ...] = ()) -> Plan:
    def entry(name: str) -> tuple[Kind, str, str]:
        return Kind.SQL, name, f"up-{name}"

    return Plan(tuple(map(entry, (*base, *baselined))), migrations, tuple(map(entry, baselined)))


def history(*rows: AppliedMigration | UndoneMigration | PartialMigration) -> DatabaseHistory:
    return DatabaseHistory(
        applied=tuple(row for row in rows if isinstance(row, AppliedMigration)),
        undone=tuple(row for row in rows if isinstance(row, UndoneMigration)),
        partial=tuple(row for row in rows if isinstance(row, PartialMigration)),
    )


@pytest.mark.parametrize(
    ("planned", "now", "count"),
    [
        (plan(up("a"), up("b")), history(), 0),
        (plan(up("a"), up("b")), history(applied("a")), 1),
        (plan(up("a"), up("b")), history(applied("a"), applied("b")), 2),
        (plan(up("b"), base=("a",)), history(applied("a")), 0),
        (plan(up("a", 2)), history(undone("a", 1)), 0),
        (plan(up("a", 2)), history(applied("a", 2)), 1),
        (plan(up("a")), history(half("a")), 0),
        (plan(down("b"), down("a"), base=("a", "b")), history(applied("a"), applied("b")), 0),
        (plan(down("b"), down("a"), base=("a", "b")), history(applied("a"), undone("b")), 1),
        (plan(down("b"), down("a"), base=("a", "b")), history(undone("a"), undone("b")), 2),
        (plan(down("a"), base=("a",)), history(applied("a"), half("a", 1, Direction.DOWN)), 0),
        (plan(down("a", 1), up("a", 2), base=("a",)), history(applied("a", 1)), 0),
        (plan(down("a", 1), up("a", 2), base=("a",)), history(undone("a", 1)), 1),
        (plan(down("a", 1), up("a", 2), base=("a",)), history(undone("a", 1), half("a", 1)), 1),
        (plan(down("a", 1), up("a", 2), base=("a",)), history(applied("a", 2)), 2),
        (plan(down("a", 1)), history(half("a", 0)), 0),
        (plan(down("a", 1)), history(undone("a", 0)), 1),
        (plan(), history(), 0),
    ],
)
def test_what_is_in_effect_is_a_beginning_of_the_plan(planned: Plan, now: DatabaseHistory, count: int) -> None:
    assert in_effect(planned, now) == count


@pytest.mark.parametrize(
    ("planned", "now", "reason", "name"),
    [
        (plan(up("b"), base=("a",)), history(), Refusal.DATABASE_MOVED_BACK, "a"),
        (plan(up("b"), base=("a",)), history(undone("a")), Refusal.DATABASE_MOVED_BACK, "a"),
        (plan(up("b"), base=("a",)), history(applied("a", checksum="edited")), Refusal.HISTORY_DIVERGED, "a"),
        (plan(up("b")), history(applied("x")), Refusal.HISTORY_DIVERGED, "x"),
        (plan(up("a"), up("b")), history(applied("b")), Refusal.HISTORY_DIVERGED, "b"),
        (plan(up("b"), baselined=("a",)), history(), Refusal.DATABASE_MOVED_BACK, "a"),
    ],
)
def test_anything_else_is_refused_by_name(planned: Plan, now: DatabaseHistory, reason: Refusal, name: str) -> None:
    with pytest.raises(StepRefusedError, match=rf"sql {name} ") as caught:
        in_effect(planned, now)
    assert caught.value.reason is reason


def test_what_is_to_be_baselined_may_be_missing_until_it_is() -> None:
    assert in_effect(plan(up("b"), baselined=("a",)), history(), baseline_pending=True) == 0


STEPS = (
    PlannedStep(0, StepName.PREFLIGHT),
    PlannedStep(1, StepName.BASELINE, "1.0.0", (0, 1, 2)),
    PlannedStep(2, StepName.BACKUP),
    PlannedStep(3, StepName.SCHEMA, "1.1.0", (0,)),
    PlannedStep(4, StepName.SQL, "1.1.0", (1, 2)),
    PlannedStep(5, StepName.VERIFY, "1.1.0"),
)


@pytest.mark.parametrize(
    ("ordinal", "stretch"),
    [(1, Stretch(0, 0)), (2, Stretch(0, 0)), (3, Stretch(0, 1)), (4, Stretch(1, 3)), (5, Stretch(3, 3))],
)
def test_each_step_has_its_stretch_of_the_plan(ordinal: int, stretch: Stretch) -> None:
    assert stretch_of(STEPS, STEPS[ordinal]) == stretch


def refusal(count: int, stretch: Stretch, *, finished: bool = False) -> Refusal | None:
    try:
        check_place(count, stretch, plan(up("a"), up("b"), up("c")), finished=finished)
    except StepRefusedError as error:
        return error.reason
    return None


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_step_may_begin_where_the_steps_before_ended_or_go_on_where_it_stopped(count: int) -> None:
    assert refusal(count, Stretch(1, 3)) is None


def test_fewer_than_the_steps_before_had_done_means_moved_back() -> None:
    assert refusal(0, Stretch(1, 3)) is Refusal.DATABASE_MOVED_BACK


def test_more_than_this_step_does_means_diverged() -> None:
    assert refusal(2, Stretch(0, 1)) is Refusal.HISTORY_DIVERGED


def test_a_step_that_was_finished_before_does_not_mind_what_followed() -> None:
    assert refusal(3, Stretch(0, 1), finished=True) is None
