"""A run walks release by release; what is arrived at is verified, and nothing that is half there is."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.api.step import StepName
from dbmigrations.release.sets import compare, plan_of, undo
from dbmigrations.release.steps import Journey, Steps, next_ref, sequence
from dbmigrations.release.stored import StoredPlanError, dump_plan, dump_steps, load_plan, load_steps
from dbmigrations.release.versions import Version
from tests.unit.release.building import Rel, SimulatedDatabase, directory
from tests.unit.release.test_sets import THREE, at, ledgers, plan_to

if TYPE_CHECKING:
    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.plan import Plan

FREE = directory(Rel("1.0.0", "sql:a", "sql:b", "schema:c", "sql:d", "data:e"))


def steps_to(
    source: ReleaseDirectory, database: SimulatedDatabase, target: str, *, backup: bool = True, anyway: bool = False
) -> tuple[Plan, Steps]:
    history = database.history()
    plan = plan_of(compare(source, history, Version.parse(target)), history)
    journey = Journey(source, history, Version.parse(target), takes_backup=backup, verifies_anyway=anyway)
    return plan, sequence(plan, journey)


def walk(source: ReleaseDirectory, database: SimulatedDatabase, target: str, *, anyway: bool = False) -> str:
    """The sequence in short: `B` backup, `V1.0.0` verify, `1.0.0:SQL(ab)` migrations."""
    plan, steps = steps_to(source, database, target, anyway=anyway)
    return told(plan, steps)


def told(plan: Plan, steps: Steps) -> str:
    words = []
    for step in steps[1:]:
        match step.name:
            case StepName.BACKUP:
                words.append("B")
            case StepName.VERIFY:
                words.append(f"V{step.release}")
            case StepName.BASELINE:
                words.append(f"={step.release}({len(step.migrations)})")
            case name:
                members = "".join(plan.migrations[i].name for i in step.migrations)
                words.append(f"{step.release}:{name}({members})")
    return " ".join(words)


def test_an_empty_database_walks_release_by_release_and_verifies_each() -> None:
    assert walk(THREE, SimulatedDatabase(), "1.1.0") == (
        "B 1.0.0:Schema(a) 1.0.0:SQL(b) V1.0.0 1.1.0:Schema(c) 1.1.0:SQL(d) 1.1.0:Data(e) V1.1.0"
    )


def test_a_verified_release_is_not_verified_again_before_going_on() -> None:
    assert walk(THREE, at("1.1.0"), "1.2.0") == "B 1.2.0:Schema(f) 1.2.0:SQL(g) V1.2.0"


def test_an_applied_and_unverified_release_is_verified_before_going_on() -> None:
    database = at("1.1.0")
    database.verified.clear()
    assert walk(THREE, database, "1.2.0") == "V1.1.0 B 1.2.0:Schema(f) 1.2.0:SQL(g) V1.2.0"


def test_a_release_changed_since_its_verify_is_verified_before_going_on() -> None:
    database = at("1.0.0")
    for migration in plan_to(THREE, database, "1.1.0").migrations:
        database.do(migration)
    assert walk(THREE, database, "1.2.0").startswith("V1.1.0 B 1.2.0")


def test_half_a_release_is_finished_before_it_is_verified() -> None:
    database = at("1.0.0")
    for migration in plan_to(THREE, database, "1.1.0").migrations[:1]:
        database.do(migration)
    assert walk(THREE, database, "1.1.0") == "B 1.1.0:SQL(d) 1.1.0:Data(e) V1.1.0"


def test_going_down_is_the_mirror_with_one_verify_of_the_release_arrived_at() -> None:
    assert walk(THREE, at("1.2.0"), "1.0.0") == (
        "B 1.2.0:SQL(g) 1.2.0:Schema(f) 1.1.0:Data(e) 1.1.0:SQL(d) 1.1.0:Schema(c) V1.0.0"
    )


def test_downs_before_ups_verify_what_they_arrive_at_when_it_is_whole() -> None:
    database = at("1.0.0")
    database.do(plan_to(THREE, database, "1.2.0").migrations[3])
    assert walk(THREE, database, "1.1.0") == (
        "B 1.2.0:Schema(f) V1.0.0 1.1.0:Schema(c) 1.1.0:SQL(d) 1.1.0:Data(e) V1.1.0"
    )


def test_downs_before_ups_verify_nothing_where_they_end_between_two_releases() -> None:
    database = at("1.0.0")
    full = plan_to(THREE, database, "1.2.0")
    database.do(full.migrations[0])
    database.do(full.migrations[3])
    assert walk(THREE, database, "1.1.0") == "B 1.2.0:Schema(f) 1.1.0:SQL(d) 1.1.0:Data(e) V1.1.0"


def test_neighbours_of_one_kind_share_a_step() -> None:
    assert walk(FREE, SimulatedDatabase(), "1.0.0") == (
        "B 1.0.0:SQL(ab) 1.0.0:Schema(c) 1.0.0:SQL(d) 1.0.0:Data(e) V1.0.0"
    )


def test_a_migration_added_to_an_old_release_verifies_the_newest_and_not_the_old_one() -> None:
    grown = directory(
        Rel("1.0.0", "schema:a", "sql:b", "sql:x"),
        Rel("1.1.0", "schema:c", "sql:d", "data:e", "data:y"),
    )
    assert walk(grown, at("1.1.0"), "1.1.0") == "B 1.0.0:SQL(x) 1.1.0:Data(y) V1.1.0"


def test_an_empty_plan_runs_nothing_or_verify_alone() -> None:
    assert walk(THREE, at("1.1.0"), "1.1.0") == ""
    assert walk(THREE, at("1.1.0"), "1.1.0", anyway=True) == "V1.1.0"


def test_a_release_without_migrations_is_verified_on_the_way_only_for_its_assertions() -> None:
    source = directory(Rel("1.0.0", "sql:a"), Rel("1.1.0", verify=("x",)), Rel("1.2.0"), Rel("1.3.0", "sql:b"))
    assert walk(source, SimulatedDatabase(), "1.3.0") == "B 1.0.0:SQL(a) V1.0.0 V1.1.0 1.3.0:SQL(b) V1.3.0"
    assert walk(source, at("1.1.0", source), "1.3.0") == "B 1.3.0:SQL(b) V1.3.0"
    assert walk(source, SimulatedDatabase(), "1.2.0") == "B 1.0.0:SQL(a) V1.0.0 V1.1.0 V1.2.0"


def test_without_a_backup_there_is_no_such_step() -> None:
    plan, steps = steps_to(THREE, at("1.1.0"), "1.2.0", backup=False)
    assert told(plan, steps) == "1.2.0:Schema(f) 1.2.0:SQL(g) V1.2.0"


def test_a_baseline_is_recorded_and_verified_before_the_backup() -> None:
    history = SimulatedDatabase().history()
    recorded = at("1.0.0").history()
    plan = plan_of(
        compare(THREE, recorded, Version.parse("1.1.0")),
        recorded,
        baselined=tuple((m.kind, m.name, m.up.checksum) for m in THREE.up_to(Version.parse("1.0.0"))),
    )
    steps = sequence(plan, Journey(THREE, history, Version.parse("1.1.0"), baseline="1.0.0"))
    assert told(plan, steps) == "=1.0.0(2) V1.0.0 B 1.1.0:Schema(c) 1.1.0:SQL(d) 1.1.0:Data(e) V1.1.0"


def test_a_baseline_at_the_target_is_verified_once() -> None:
    recorded = at("1.0.0").history()
    plan = plan_of(compare(THREE, recorded, Version.parse("1.0.0")), recorded, baselined=())
    journey = Journey(
        THREE, SimulatedDatabase().history(), Version.parse("1.0.0"), baseline="1.0.0", verifies_anyway=True
    )
    assert told(plan, sequence(plan, journey)) == "=1.0.0(0) V1.0.0"


def undone_walk(source: ReleaseDirectory, database: SimulatedDatabase) -> str:
    history = database.history()
    plan = plan_of(undo(history, "run-2"), history)
    return told(plan, sequence(plan, Journey(source, history, None)))


def test_undoing_a_run_verifies_where_the_run_began() -> None:
    database = at("1.0.0")
    for migration in plan_to(THREE, database, "1.2.0").migrations[:4]:
        database.do(migration, run="run-2")
    assert undone_walk(THREE, database) == "B 1.2.0:Schema(f) 1.1.0:Data(e) 1.1.0:SQL(d) 1.1.0:Schema(c) V1.0.0"


def test_undoing_a_run_that_began_at_a_release_without_migrations_returns_to_it() -> None:
    source = directory(Rel("1.0.0", "sql:a"), Rel("1.0.1"), Rel("1.1.0", "sql:b"))
    database = at("1.0.1", source)
    for migration in plan_to(source, database, "1.1.0").migrations:
        database.do(migration, run="run-2")
    assert undone_walk(source, database) == "B 1.1.0:SQL(b) V1.0.1"


def test_undoing_a_run_on_an_empty_database_has_nothing_to_verify() -> None:
    database = SimulatedDatabase()
    for migration in plan_to(THREE, database, "1.0.0").migrations:
        database.do(migration, run="run-2")
    assert undone_walk(THREE, database) == "B 1.0.0:SQL(b) 1.0.0:Schema(a)"


def test_undoing_a_run_that_applied_nothing_does_nothing() -> None:
    assert undone_walk(THREE, at("1.0.0")) == ""


def test_each_step_names_the_next_and_the_last_none() -> None:
    _, steps = steps_to(THREE, at("1.1.0"), "1.2.0")
    assert [step.ordinal for step in steps] == list(range(5))
    assert [next_ref(steps, i) for i in range(5)] == [*(step.ref for step in steps[1:]), None]


@given(st.data())
def test_every_walk_does_each_migration_once_in_order_and_ends_verified_at_the_target(data: st.DataObject) -> None:
    source = data.draw(ledgers())
    database = SimulatedDatabase()
    for target in data.draw(st.lists(st.sampled_from(source.versions), min_size=1, max_size=4)):
        plan, steps = steps_to(source, database, target, anyway=True)
        stop = data.draw(st.integers(1, len(steps)))
        for step in steps[:stop]:
            database.step(plan, step)
        order = [index for step in steps for index in step.migrations]
        assert order == list(range(len(plan.migrations)))
        assert steps[-1].name is StepName.VERIFY
        assert steps[-1].release == target
        assert all(one.name is not StepName.VERIFY or two.name is not StepName.VERIFY or one.release != two.release
                   for one, two in itertools.pairwise(steps))  # fmt: skip


@given(st.data())
def test_a_verified_version_is_always_wholly_applied_and_nothing_above_it_is(data: st.DataObject) -> None:
    source = data.draw(ledgers())
    database = SimulatedDatabase()
    for target in data.draw(st.lists(st.sampled_from(source.versions), min_size=1, max_size=4)):
        plan, steps = steps_to(source, database, target, anyway=True)
        for step in steps[: data.draw(st.integers(1, len(steps)))]:
            database.step(plan, step)
            if step.name is StepName.VERIFY:
                assert set(database.applied_keys) == {m.key for m in source.up_to(Version.parse(step.release))}


@given(ledgers(), st.data())
def test_plans_and_steps_come_back_as_they_were_stored(source: ReleaseDirectory, data: st.DataObject) -> None:
    start, target = data.draw(st.sampled_from(source.versions)), data.draw(st.sampled_from(source.versions))
    plan, steps = steps_to(source, at(start, source), target)
    assert load_plan(dump_plan(plan)) == plan
    assert load_plan(dump_plan(plan)).hash == plan.hash
    assert load_steps(dump_steps(steps)) == steps


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"base": [], "baselined": [], "migrations": [{}]},
        {"base": [["view", "a", ""]], "baselined": [], "migrations": []},
    ],
)
def test_a_stored_plan_of_another_shape_is_an_error_of_its_own(data: dict[str, object]) -> None:
    with pytest.raises(StoredPlanError, match="cannot be read"):
        load_plan(data)


@pytest.mark.parametrize("data", [[{}], [{"ordinal": 0, "name": "Dance", "release": "", "migrations": []}]])
def test_stored_steps_of_another_shape_are_an_error_of_their_own(data: list[dict[str, object]]) -> None:
    with pytest.raises(StoredPlanError, match="cannot be read"):
        load_steps(data)
