"""What goes up and what comes down follows from what is desired and what is applied, never from two numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.api.step import Direction, PlanDirection
from dbmigrations.release.history import PartialMigration
from dbmigrations.release.migration import Kind
from dbmigrations.release.sets import Sets, compare, plan_of, undo
from dbmigrations.release.versions import Version
from tests.unit.release.building import Rel, SimulatedDatabase, directory

if TYPE_CHECKING:
    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.plan import Plan

THREE = directory(
    Rel("1.0.0", "schema:a", "sql:b"), Rel("1.1.0", "schema:c", "sql:d", "data:e"), Rel("1.2.0", "schema:f", "sql:g")
)


def sets_of(source: ReleaseDirectory, database: SimulatedDatabase, target: str) -> Sets:
    return compare(source, database.history(), Version.parse(target))


def plan_to(source: ReleaseDirectory, database: SimulatedDatabase, target: str) -> Plan:
    return plan_of(sets_of(source, database, target), database.history())


def at(version: str, source: ReleaseDirectory = THREE) -> SimulatedDatabase:
    """A database that was migrated to a version and verified there."""
    database = SimulatedDatabase()
    for migration in plan_to(source, database, version).migrations:
        database.do(migration)
    database.verify(version)
    return database


def ups(plan: Plan) -> str:
    return "".join(m.name for m in plan.ups)


def downs(plan: Plan) -> str:
    return "".join(m.name for m in plan.downs)


def names(rows: object) -> str:
    assert isinstance(rows, tuple)
    return "".join(row.name for row in rows)


def test_an_empty_database_gets_everything_up_to_the_target_in_order() -> None:
    plan = plan_to(THREE, SimulatedDatabase(), "1.1.0")
    assert (ups(plan), downs(plan), plan.base) == ("abcde", "", ())
    assert plan.direction is PlanDirection.UP
    assert plan.releases == ("1.0.0", "1.1.0")


def test_raising_applies_only_what_is_missing() -> None:
    assert ups(plan_to(THREE, at("1.0.0"), "1.2.0")) == "cdefg"


def test_lowering_undoes_in_reverse_order_of_application() -> None:
    plan = plan_to(THREE, at("1.2.0"), "1.0.0")
    assert (ups(plan), downs(plan)) == ("", "gfedc")
    assert plan.direction is PlanDirection.DOWN
    assert plan.releases == ("1.2.0", "1.1.0")


def test_at_the_target_there_is_nothing_to_do() -> None:
    plan = plan_to(THREE, at("1.1.0"), "1.1.0")
    assert plan.migrations == ()
    assert plan.direction is PlanDirection.NONE


def test_a_run_that_failed_half_way_and_is_lowered_undoes_just_what_was_applied() -> None:
    database = at("1.0.0")
    for migration in plan_to(THREE, database, "1.1.0").migrations[:2]:
        database.do(migration)
    assert downs(plan_to(THREE, database, "1.0.0")) == "dc"
    assert ups(plan_to(THREE, database, "1.1.0")) == "e"


def test_raised_twice_and_lowered_in_between_never_touches_the_highest() -> None:
    assert ups(plan_to(THREE, at("1.0.0"), "1.1.0")) == "cde"


def test_the_directory_need_not_know_what_is_undone() -> None:
    old = directory(Rel("1.0.0", "schema:a", "sql:b"))
    plan = plan_to(old, at("1.2.0"), "1.0.0")
    assert downs(plan) == "gfedc"
    assert sets_of(old, at("1.2.0"), "1.0.0").strays == ()


def test_downs_come_before_ups() -> None:
    database = at("1.0.0")
    full = plan_to(THREE, database, "1.2.0")
    for migration in (full.migrations[0], full.migrations[3]):
        database.do(migration)
    plan = plan_to(THREE, database, "1.1.0")
    assert (downs(plan), ups(plan)) == ("f", "de")
    assert plan.direction is PlanDirection.MIXED
    assert [m.direction for m in plan.migrations] == [Direction.DOWN, Direction.UP, Direction.UP]


def test_what_is_applied_again_counts_on() -> None:
    database = at("1.1.0")
    assert {m.nth for m in plan_to(THREE, database, "1.0.0").migrations} == {1}
    for migration in plan_to(THREE, database, "1.0.0").migrations:
        database.do(migration)
    assert {m.nth for m in plan_to(THREE, database, "1.1.0").migrations} == {2}


def test_checksums_of_downs_come_from_the_history_and_of_ups_from_the_directory() -> None:
    edited = directory(
        Rel("1.0.0", "schema:a", "sql:b"),
        Rel("1.1.0", "schema:c", "sql:d", "data:e"),
        edited=("e",),
        other_downs=("e",),
    )
    stored = plan_to(THREE, at("1.1.0"), "1.0.0").migrations
    assert plan_to(edited, at("1.1.0"), "1.0.0").migrations == stored
    fresh = {m.name: m for m in plan_to(edited, SimulatedDatabase(), "1.1.0").migrations}
    assert fresh["e"].up != stored[0].up
    assert fresh["e"].down != stored[0].down


def test_a_lost_line_is_a_stray_and_not_undone() -> None:
    without = directory(Rel("1.0.0", "schema:a"), Rel("1.1.0", "schema:c", "sql:d", "data:e"))
    sets = sets_of(without, at("1.1.0"), "1.1.0")
    assert names(sets.strays) == "b"
    assert (sets.ups, sets.downs) == ((), ())


def test_a_line_moved_above_the_target_is_a_stray() -> None:
    moved = directory(Rel("1.0.0", "schema:a"), Rel("1.1.0", "sql:b"))
    assert names(sets_of(moved, at("1.0.0"), "1.0.0").strays) == "b"


def test_a_line_moved_below_the_target_is_a_stray_when_its_recorded_release_is_left() -> None:
    moved = directory(Rel("1.0.0", "schema:a", "sql:b", "schema:c"), Rel("1.1.0", "sql:d", "data:e"))
    sets = sets_of(moved, at("1.1.0"), "1.0.0")
    assert names(sets.strays) == "c"
    assert names(sets.downs) == "ed"


def test_a_recorded_release_that_is_no_version_is_a_stray() -> None:
    database = SimulatedDatabase()
    plan = plan_to(THREE, database, "1.1.0")
    database.do(replace(plan.migrations[0], name="x", release="newest"))
    assert names(sets_of(THREE, database, "1.0.0").strays) == "x"


def test_a_migration_added_to_a_verified_release_is_gained() -> None:
    grown = directory(
        Rel("1.0.0", "schema:a", "sql:b", "sql:x"), Rel("1.1.0", "schema:c", "sql:d", "data:e"), Rel("1.2.0", "sql:y")
    )
    sets = sets_of(grown, at("1.1.0"), "1.2.0")
    assert (names(sets.ups), names(sets.gained), names(sets.late)) == ("xy", "x", "x")


def test_a_migration_appended_to_the_newest_release_is_gained_and_not_late() -> None:
    grown = directory(Rel("1.0.0", "schema:a", "sql:b", "sql:x"))
    sets = sets_of(grown, at("1.0.0"), "1.0.0")
    assert (names(sets.gained), names(sets.late)) == ("x", "")


def test_a_release_verified_without_migrations_can_gain_one() -> None:
    database = at("1.0.0")
    database.verify("1.0.1")
    grown = directory(Rel("1.0.0", "schema:a", "sql:b"), Rel("1.0.1", "sql:x"))
    assert names(sets_of(grown, database, "1.0.1").gained) == "x"


def test_a_hotfix_release_merged_late_is_late_and_not_gained() -> None:
    merged = directory(
        Rel("1.0.0", "schema:a", "sql:b"), Rel("1.0.1", "sql:x"), Rel("1.1.0", "schema:c", "sql:d", "data:e")
    )
    sets = sets_of(merged, at("1.1.0"), "1.1.0")
    assert (names(sets.gained), names(sets.late)) == ("", "x")


def test_the_rest_of_a_failed_release_is_not_gained() -> None:
    database = at("1.0.0")
    for migration in plan_to(THREE, database, "1.1.0").migrations[:1]:
        database.do(migration)
    sets = sets_of(THREE, database, "1.1.0")
    assert (names(sets.gained), names(sets.late)) == ("", "")


def test_what_a_rollback_undid_half_way_is_on_its_way_back_and_not_gained() -> None:
    database = at("1.1.0")
    for migration in plan_to(THREE, database, "1.0.0").migrations[:2]:
        database.do(migration)
    sets = sets_of(THREE, database, "1.1.0")
    assert (names(sets.ups), names(sets.gained), names(sets.late)) == ("de", "", "")


def half(name: str, direction: Direction, *, safe: bool = False, run: str = "run-2") -> PartialMigration:
    return PartialMigration(Kind.SQL, name, "1.1.0", direction, "up", "down" if safe else "", safe, 0, "uid-1", run)


def test_a_half_applied_migration_is_resumed_by_an_up() -> None:
    database = at("1.0.0")
    database.partial = [half("d", Direction.UP)]
    sets = sets_of(THREE, database, "1.1.0")
    assert (names(sets.ups), sets.stuck, sets.downs) == ("cde", (), ())


@pytest.mark.parametrize("safe", [False, True])
def test_a_half_applied_migration_is_stuck_below_it_unless_its_down_is_safe(*, safe: bool) -> None:
    database = at("1.0.0")
    database.partial = [half("d", Direction.UP, safe=safe)]
    sets = sets_of(THREE, database, "1.0.0")
    assert (names(sets.stuck), names(sets.downs)) == (("", "d") if safe else ("d", ""))


def test_a_half_applied_migration_is_undone_before_the_whole_ones() -> None:
    database = at("1.0.0")
    for migration in plan_to(THREE, database, "1.1.0").migrations[:1]:
        database.do(migration)
    database.partial = [half("d", Direction.UP, safe=True)]
    plan = plan_to(THREE, database, "1.0.0")
    assert downs(plan) == "dc"
    assert "d" not in [name for _, name, _ in plan.base]


def test_a_half_undone_migration_is_finished_by_a_down_and_stuck_on_the_way_up() -> None:
    database = at("1.1.0")
    database.partial = [half("d", Direction.DOWN)]
    assert sets_of(THREE, database, "1.0.0").stuck == ()
    assert names(sets_of(THREE, database, "1.0.0").downs) == "edc"
    assert names(sets_of(THREE, database, "1.1.0").stuck) == "d"


def test_a_half_applied_migration_that_the_ledger_lost_is_stuck() -> None:
    database = at("1.0.0")
    database.partial = [half("z", Direction.UP)]
    assert names(sets_of(THREE, database, "1.1.0").stuck) == "z"


def test_undoing_a_run_undoes_exactly_what_it_applied_in_reverse() -> None:
    database = at("1.0.0")
    for migration in plan_to(THREE, database, "1.2.0").migrations[:4]:
        database.do(migration, run="run-2")
    sets = undo(database.history(), "run-2")
    assert (names(sets.downs), names(sets.kept), sets.ups) == ("fedc", "ab", ())


def test_undoing_a_run_is_stuck_at_its_half_done_migration_unless_that_is_safe() -> None:
    database = at("1.0.0")
    database.partial = [half("d", Direction.UP)]
    assert names(undo(database.history(), "run-2").stuck) == "d"
    database.partial = [half("d", Direction.UP, safe=True)]
    assert names(undo(database.history(), "run-2").downs) == "d"
    database.partial = [half("d", Direction.UP, run="run-1")]
    assert undo(database.history(), "run-2").stuck == ()


@st.composite
def ledgers(draw: st.DrawFn) -> ReleaseDirectory:
    """Ledgers of some releases, each with some migrations of any kind in any order."""
    kinds = draw(st.lists(st.lists(st.sampled_from(list(Kind)), max_size=4), min_size=1, max_size=5))
    number = iter(range(100))
    return directory(
        *(Rel(f"1.{i}.0", *(f"{kind}:m{next(number)}" for kind in release)) for i, release in enumerate(kinds))
    )


@given(st.data())
def test_applying_a_plan_makes_the_next_plan_empty_wherever_the_version_wanders(data: st.DataObject) -> None:
    source = data.draw(ledgers())
    database = SimulatedDatabase()
    for version in data.draw(st.lists(st.sampled_from(source.versions), min_size=1, max_size=5)):
        for migration in plan_to(source, database, version).migrations:
            database.do(migration)
        assert plan_to(source, database, version).migrations == ()
        assert database.applied_keys == [m.key for m in source.up_to(Version.parse(version))]


@given(st.data())
def test_a_plan_stopped_anywhere_goes_on_with_its_rest_or_back_by_the_mirror(data: st.DataObject) -> None:
    source = data.draw(ledgers())
    start, target = data.draw(st.sampled_from(source.versions)), data.draw(st.sampled_from(source.versions))
    database = at(start, source)
    plan = plan_to(source, database, target)
    done = data.draw(st.integers(0, len(plan.migrations)))
    for migration in plan.migrations[:done]:
        database.do(migration)
    rest = plan_to(source, database, target)
    assert [m.key for m in rest.migrations] == [m.key for m in plan.migrations[done:]]
    back = plan_to(source, database, start)
    assert [m.key for m in back.migrations] == [m.key for m in reversed(plan.migrations[:done])]
    assert {m.direction for m in back.migrations}.isdisjoint({m.direction for m in plan.migrations[:done]})
    assert sets_of(source, database, target).gained == ()
    assert sets_of(source, database, target).late == ()
