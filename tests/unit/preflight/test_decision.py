"""What preflight answers when nothing refuses: what runs, what is reported, what is approved, what is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.api.reasons import Failure, Refusal, Waiting
from dbmigrations.api.spec import ApprovalMode, BackupWhen, OperationsPolicy, RollbackPolicy
from dbmigrations.api.step import DataLoss, PlanDirection, RequestedPolicy, StepName, StepRef, Trigger
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.runner.preflight.decision import CancelReported, Planned, Refused, Reported, decide
from dbmigrations.runner.preflight.facts import BackupFacts, OwnerRow, RunRecord
from tests.unit.preflight.situations import (
    LAPTOP,
    ME,
    SHOP,
    Analyses,
    approving,
    at,
    does,
    facts_of,
    loses,
    moves,
    planned,
    refused,
    run_all,
)
from tests.unit.release.building import Rel, SimulatedDatabase, directory
from tests.unit.release.test_sets import ledgers

if TYPE_CHECKING:
    from dbmigrations.runner.preflight.facts import PreflightFacts

ALWAYS = RequestedPolicy(approval=ApprovalMode.ALWAYS)


# What runs


def test_the_first_step_is_the_next_one() -> None:
    decision = planned(facts_of(SHOP, SimulatedDatabase(), "1.0.0"))
    assert decision.next == StepRef(name=StepName.BACKUP, ordinal=1)
    assert decision.steps[0].name is StepName.PREFLIGHT


def test_a_database_verified_by_this_resource_at_the_version_has_nothing_to_do() -> None:
    assert planned(facts_of(SHOP, at("1.1.0"), "1.1.0")).next is None


@pytest.mark.parametrize("verify", ["uid-2", ""])
def test_an_empty_plan_that_this_resource_has_not_verified_runs_verify_alone(verify: str) -> None:
    database = at("1.1.0", uid=verify)
    assert moves(planned(facts_of(SHOP, database, "1.1.0"))) == "Verify1.1.0"
    run_all(database, facts_of(SHOP, database, "1.1.0"))
    assert planned(facts_of(SHOP, database, "1.1.0")).next is None


def test_a_laptop_takes_anybodys_verify() -> None:
    assert planned(facts_of(SHOP, at("1.1.0"), "1.1.0", requester=LAPTOP)).next is None


def test_an_empty_plan_whose_verify_failed_runs_it_again() -> None:
    database = at("1.0.0")
    for migration in planned(facts_of(SHOP, database, "1.1.0")).plan.migrations:
        database.do(migration)
    assert moves(planned(facts_of(SHOP, database, "1.1.0"))) == "Verify1.1.0"


def test_a_version_that_moved_without_migrations_is_verified_each_way() -> None:
    source = directory(Rel("1.0.0", "sql:a"), Rel("1.0.1"))
    database = at("1.0.0", source)
    for version in ("1.0.1", "1.0.0", "1.0.1"):
        facts = facts_of(source, database, version)
        assert moves(planned(facts)) == f"Verify{version}"
        run_all(database, facts)
        assert database.history().current_version == version


def test_a_resource_made_anew_takes_over_and_only_verifies() -> None:
    database = at("1.1.0", uid="uid-before")
    owner = OwnerRow(ME.owner, "uid-before")
    assert moves(planned(facts_of(SHOP, database, "1.1.0", owner=owner))) == "Verify1.1.0"
    assert refused(facts_of(SHOP, database, "1.0.0", owner=owner)).reason is Refusal.VERSION_AHEAD


# What is reported


def record(outcome: str, *, reason: str = "", trigger: Trigger = Trigger.SPEC, message: str = "it broke") -> RunRecord:
    return RunRecord("run-8", trigger, outcome, reason, message)


@pytest.mark.parametrize(
    ("previous", "reason"),
    [
        (record("Failed", reason="VerifyFailed"), Failure.VERIFY_FAILED),
        (record("Failed", reason="HistoryDiverged"), Refusal.HISTORY_DIVERGED),
        (record("Failed", reason="WaitingForLock"), Waiting.LOCK),
        (record("Failed", reason="written by hand"), Failure.MIGRATION_FAILED),
        (record("Cancelled"), Failure.CANCELLED),
        (record("Cancelled", message=""), Failure.CANCELLED),
        (record("Succeeded", trigger=Trigger.ON_FAILURE_ROLLBACK), Failure.ROLLED_BACK),
        (record("Failed", reason="MigrationFailed", trigger=Trigger.ON_FAILURE_ROLLBACK), Failure.MIGRATION_FAILED),
    ],
)
def test_a_generation_that_ended_badly_is_reported_and_not_repeated(previous: RunRecord, reason: object) -> None:
    facts = facts_of(SHOP, at("1.0.0"), "1.1.0", previous=previous)
    decision = decide(facts)
    assert isinstance(decision, Reported)
    assert decision.reason is reason
    assert decision.run == "run-8"
    assert decision.message
    assert isinstance(decide(replace(facts, trigger=Trigger.RETRY)), Planned)


@pytest.mark.parametrize(
    "previous",
    [None, record("Running"), record("Superseded"), record("Succeeded"), record("Succeeded", trigger=Trigger.RETRY)],
)
def test_an_unfinished_or_succeeded_run_is_no_obstacle(previous: RunRecord | None) -> None:
    assert planned(facts_of(SHOP, at("1.0.0"), "1.1.0", previous=previous)).plan.ups


def test_a_report_comes_before_every_refusal_but_those_of_identity() -> None:
    previous = record("Failed", reason="VerifyFailed")
    elsewhere = facts_of(SHOP, at("1.0.0"), "9.9.9", previous=previous)
    assert isinstance(decide(elsewhere), Reported)
    assert refused(replace(elsewhere, owner=OwnerRow("x/y/z", "u"))).reason is Refusal.OWNED_BY_OTHER
    assert refused(replace(elsewhere, last_run="r", last_run_known=False)).reason is Refusal.DATABASE_MOVED_BACK


def test_after_a_cancel_nothing_is_planned() -> None:
    facts = facts_of(SHOP, at("1.0.0"), "1.1.0", trigger=Trigger.CANCEL_REPORT, owner=OwnerRow("x/y/z", "u"))
    assert decide(facts) == CancelReported()


# What is approved


@pytest.mark.parametrize("done", range(4))
def test_an_approval_covers_the_rest_of_its_plan(done: int) -> None:
    database = at("1.0.0")
    first = approving(facts_of(SHOP, database, "1.1.0", policy=ALWAYS))
    plan = planned(first).plan
    for migration in plan.migrations[:done]:
        database.do(migration, approval=first.approved_plan)
    rest = facts_of(SHOP, database, "1.1.0", policy=ALWAYS, approved_plan=first.approved_plan)
    assert [m.name for m in planned(rest).plan.migrations] == ["c", "d", "e"][done:]
    assert planned(rest).approval == first.approved_plan


@pytest.mark.parametrize("done", range(4))
def test_an_approval_of_a_rollback_covers_its_rest(done: int) -> None:
    database = at("1.1.0")
    policy = RequestedPolicy(rollback=RollbackPolicy.REQUIRE_APPROVAL)
    first = approving(facts_of(SHOP, database, "1.0.0", policy=policy))
    for migration in planned(first).plan.migrations[:done]:
        database.do(migration, approval=first.approved_plan)
    rest = facts_of(SHOP, database, "1.0.0", policy=policy, approved_plan=first.approved_plan)
    assert planned(rest).approval == first.approved_plan


def test_a_left_over_approval_does_not_cover_an_edited_rest() -> None:
    database = at("1.0.0")
    first = approving(facts_of(SHOP, database, "1.1.0", policy=ALWAYS))
    database.do(planned(first).plan.migrations[0], approval=first.approved_plan)
    edited = directory(Rel("1.0.0", "schema:a", "sql:b"), Rel("1.1.0", "schema:c", "sql:d", "data:e"), edited=("d",))
    rest = facts_of(edited, database, "1.1.0", policy=ALWAYS, approved_plan=first.approved_plan)
    assert refused(rest).reason is Refusal.AWAITING_APPROVAL


def test_a_left_over_approval_does_not_approve_the_same_down_or_up_twice() -> None:
    database = at("1.0.0")
    policy = RequestedPolicy(approval=ApprovalMode.ALWAYS)
    up = approving(facts_of(SHOP, database, "1.1.0", policy=policy))
    run_all(database, up)
    down = approving(facts_of(SHOP, database, "1.0.0", policy=policy))
    run_all(database, down)
    again = facts_of(SHOP, database, "1.1.0", policy=policy, approved_plan=up.approved_plan)
    assert refused(again).reason is Refusal.AWAITING_APPROVAL
    run_all(database, approving(again))
    down_again = facts_of(SHOP, database, "1.0.0", policy=policy, approved_plan=down.approved_plan)
    assert refused(down_again).reason is Refusal.AWAITING_APPROVAL


def test_an_approval_of_the_rest_needs_that_nobody_else_was_here() -> None:
    source = directory(Rel("1.0.0", "sql:a"), Rel("1.1.0", "sql:b", "sql:c", "sql:d"))
    database = at("1.0.0", source)
    first = approving(facts_of(source, database, "1.1.0", policy=ALWAYS))
    migrations = planned(first).plan.migrations
    database.do(migrations[0], approval=first.approved_plan)
    database.do(migrations[1], uid="")
    rest = facts_of(source, database, "1.1.0", policy=ALWAYS, approved_plan=first.approved_plan)
    assert refused(rest).reason is Refusal.AWAITING_APPROVAL


def test_what_a_baseline_recorded_under_an_approval_belongs_to_the_base() -> None:
    database = SimulatedDatabase()
    source = directory(Rel("1.0.0", "sql:a"), Rel("1.1.0", "sql:b", "sql:c"))
    first = approving(facts_of(source, database, "1.1.0", policy=ALWAYS, baseline="1.0.0", database_is_empty=False))
    plan = planned(first).plan
    database.baseline(plan, "1.0.0")
    database.rows = [replace(row, approval=first.approved_plan) for row in database.rows]
    database.do(plan.migrations[0], approval=first.approved_plan)
    rest = facts_of(source, database, "1.1.0", policy=ALWAYS, approved_plan=first.approved_plan)
    assert planned(rest).approval == first.approved_plan


# What is shown


def test_the_summary_counts_migrations_operations_and_loss() -> None:
    analyses = Analyses(
        {
            "up:c": does(OperationClass.ADDITIVE),
            "up:d": replace(loses(rows=2, estimated=True), operations=does(OperationClass.REWRITING).operations * 2),
            "up:e": loses(values=3, unknown=True),
        }
    )
    summary = planned(facts_of(SHOP, at("1.0.0"), "1.1.0", analyses=analyses)).summary
    assert summary.direction is PlanDirection.UP
    assert (summary.releases, summary.release_count, summary.migrations) == (("1.1.0",), 1, 3)
    assert summary.operations == {"additive": 1, "rewriting": 2}
    assert summary.data_loss == DataLoss(rows=2, values=3, unknown=True, estimated=True)


def test_the_summary_names_twenty_releases_and_counts_them_all() -> None:
    source = directory(*(Rel(f"1.{i}.0", f"sql:m{i}") for i in range(25)))
    summary = planned(facts_of(source, SimulatedDatabase(), "1.24.0")).summary
    assert summary.releases == tuple(f"1.{i}.0" for i in range(20))
    assert (summary.release_count, summary.migrations) == (25, 25)


def test_a_refusal_shows_the_plan_that_it_refuses() -> None:
    refusal = refused(facts_of(SHOP, at("1.0.0"), "1.1.0", policy=ALWAYS))
    assert refusal.summary is not None
    assert refusal.plan is not None
    assert refusal.summary.hash == refusal.plan.hash


def test_a_destructive_release_that_says_nothing_of_it_is_noted() -> None:
    quiet = directory(Rel("1.0.0", "sql:a", "sql:b"))
    loud = directory(Rel("1.0.0", "sql:a", "sql:b", breaking="clients must go"))
    destroys = Analyses({"up:a": does(OperationClass.DESTRUCTIVE), "up:b": does(OperationClass.DESTRUCTIVE)})
    policy = RequestedPolicy(operations=OperationsPolicy.ANY)
    noted = planned(facts_of(quiet, SimulatedDatabase(), "1.0.0", policy=policy, analyses=destroys)).notes
    assert noted == ("release 1.0.0 (releases.yaml:2) destroys something: say so in `breaking:`",)
    assert planned(facts_of(loud, SimulatedDatabase(), "1.0.0", policy=policy, analyses=destroys)).notes == ()


def test_a_stored_down_that_differs_from_the_directorys_is_noted_and_runs() -> None:
    other = directory(
        Rel("1.0.0", "schema:a", "sql:b"), Rel("1.1.0", "schema:c", "sql:d", "data:e"), other_downs=("d",)
    )
    decision = planned(facts_of(other, at("1.1.0"), "1.0.0"))
    assert decision.notes == ("sql d of 1.1.0: the stored down runs, not the directory's",)
    assert decision.plan == planned(facts_of(SHOP, at("1.1.0"), "1.0.0")).plan


def test_a_laptop_is_told_options_and_a_resource_fields() -> None:
    facts = facts_of(SHOP, at("1.0.0"), "1.1.0", policy=ALWAYS)
    assert "set `spec.approvedPlan: sha256:" in refused(facts).message
    assert "pass `--approve sha256:" in refused(replace(facts, requester=LAPTOP)).message


def test_a_long_list_names_three_and_counts_the_rest() -> None:
    source = directory(Rel("1.0.0", *(f"sql:m{i}" for i in range(6))), edited=tuple(f"m{i}" for i in range(6)))
    database = at("1.0.0", directory(Rel("1.0.0", *(f"sql:m{i}" for i in range(6)))))
    message = refused(facts_of(source, database, "1.0.0")).message
    assert "sql/m2.sql (releases.yaml:5) and 3 more" in message
    assert "m3" not in message


# What always holds


@st.composite
def wandering(draw: st.DrawFn) -> tuple[SimulatedDatabase, PreflightFacts]:
    """A database after some versions and some runs that stopped half-way, and a request for another version."""
    source = draw(ledgers())
    database = SimulatedDatabase()
    for number, version in enumerate(draw(st.lists(st.sampled_from(source.versions), max_size=3))):
        decision = planned(facts_of(source, database, version))
        for step in decision.steps[: draw(st.integers(1, len(decision.steps)))]:
            database.step(decision.plan, step, run=f"run-{number}")
    return database, facts_of(source, database, draw(st.sampled_from(source.versions)))


@given(wandering())
def test_a_run_ends_verified_at_its_version_and_leaves_nothing_to_do(
    situation: tuple[SimulatedDatabase, PreflightFacts],
) -> None:
    database, facts = situation
    run_all(database, facts)
    assert database.history().current_version == facts.version
    assert planned(replace(facts, history=database.history(), database_is_empty=False)).next is None


@given(situation=wandering(), when=st.sampled_from(BackupWhen), approved=st.booleans())
def test_nothing_that_loses_data_runs_without_a_backup_or_an_approval(
    *, situation: tuple[SimulatedDatabase, PreflightFacts], when: BackupWhen, approved: bool
) -> None:
    _, facts = situation
    lossy = replace(
        facts, analyses={}, backup=BackupFacts(when), policy=RequestedPolicy(operations=OperationsPolicy.ANY)
    )
    decision = decide(approving(lossy) if approved else lossy)
    if isinstance(decision, Refused):
        assert decision.reason is Refusal.AWAITING_APPROVAL
        assert when is BackupWhen.NEVER
        assert not approved
    else:
        assert isinstance(decision, Planned)
        backups = [step.name for step in decision.steps].count(StepName.BACKUP)
        assert not decision.plan.migrations or decision.approval or backups == 1


@given(wandering(), st.data())
def test_a_failed_run_rolled_back_leaves_what_was_there_before_it(
    situation: tuple[SimulatedDatabase, PreflightFacts], data: st.DataObject
) -> None:
    database, facts = situation
    before = set(database.applied_keys)
    decision = planned(facts)
    if decision.plan.downs:
        return
    for step in decision.steps[: data.draw(st.integers(1, len(decision.steps)))]:
        database.step(decision.plan, step, run="failed")
    history = database.history()
    undoing = replace(facts, history=history, trigger=Trigger.ON_FAILURE_ROLLBACK, undo_run="failed")
    for step in (undone := planned(undoing)).steps:
        database.step(undone.plan, step, run="undo")
    assert set(database.applied_keys) == before


@given(wandering())
def test_the_same_facts_give_the_same_decision(situation: tuple[SimulatedDatabase, PreflightFacts]) -> None:
    _, facts = situation
    assert decide(facts) == decide(replace(facts))
