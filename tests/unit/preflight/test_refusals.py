"""The refusals come in their order, and an approval lifts what it may lift and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbmigrations.api.reasons import APPROVAL_LIFTS, Refusal
from dbmigrations.api.spec import ApprovalMode, ChangePolicy, DriftPolicy, OperationsPolicy, RollbackPolicy
from dbmigrations.api.step import RequestedPolicy, Trigger
from dbmigrations.postgres.catalog.difference import Difference
from dbmigrations.postgres.catalog.drift import Drift
from dbmigrations.postgres.catalog.snapshot import CatalogObject
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.runner.preflight.decision import REFUSALS
from dbmigrations.runner.preflight.facts import BackupFacts, PreflightFacts, SchemaFacts
from tests.unit.preflight.situations import (
    GROWN,
    LATE,
    OTHER,
    SHOP,
    Analyses,
    approving,
    at,
    baselining,
    does,
    facts_of,
    half,
    moves,
    planned,
    prisma,
    refused,
    run_all,
)
from tests.unit.release.building import Rel, SimulatedDatabase, directory


def test_the_chain_asks_in_the_order_of_the_list() -> None:
    names = [refusal.__name__ for refusal in REFUSALS]
    assert names == [reason.name.lower().removeprefix("database_") for reason in Refusal]


def test_where_all_is_wrong_the_first_refusal_is_told_and_each_remedy_leads_to_the_next() -> None:
    applied = (Rel("1.0.0", "sql:a", "sql:k"), Rel("1.1.0", "sql:b!"))
    mended = (applied[0], Rel("1.1.0", "sql:b"))
    database = at("1.1.0", directory(*applied), uid="uid-2")
    database.partial = [half()]
    lost = directory(Rel("1.0.0", "sql:x", "sql:a"), Rel("1.1.0", "sql:b!", baseline=True), edited=("a",))
    restored = directory(Rel("1.0.0", "sql:x", "sql:a"), Rel("1.1.0", "sql:b!", baseline=True))
    whole = directory(Rel("1.0.0", "sql:x", "sql:a", "sql:k"), Rel("1.1.0", "sql:b!", baseline=True))
    unmarked = directory(Rel("1.0.0", "sql:x", "sql:a", "sql:k"), Rel("1.1.0", "sql:b!"))
    policy = RequestedPolicy(rollback=RollbackPolicy.DENY, drift=DriftPolicy.REFUSE)
    steps: list[tuple[Refusal, dict[str, object]]] = [
        (Refusal.OWNED_BY_OTHER, {"owner": None}),
        (Refusal.DATABASE_MOVED_BACK, {"last_run_known": True}),
        (Refusal.VERSION_NOT_FOUND, {"version": "1.0.0"}),
        (Refusal.HISTORY_DIVERGED, {"directory": restored}),
        (Refusal.PARTIALLY_APPLIED, {"history": replace(database.history(), partial=())}),
        (Refusal.RELEASE_CHANGED, {"directory": whole}),
        (Refusal.RELEASE_CHANGED, {"policy": (policy := changed(policy, changed_release=ChangePolicy.APPLY))}),
        (Refusal.OUT_OF_ORDER, {"policy": (policy := changed(policy, out_of_order=ChangePolicy.APPLY))}),
        (Refusal.DRIFTED, {"drift": Drift()}),
        (Refusal.BELOW_BASELINE, {"directory": unmarked}),
        (Refusal.DOWN_MISSING, {"history": at("1.1.0", directory(*mended), uid="uid-2").history()}),
        (Refusal.ROLLBACK_DENIED, {"policy": (policy := changed(policy, rollback=RollbackPolicy.REQUIRE_APPROVAL))}),
        (Refusal.SCHEMA_UNUSABLE, {"unusable_schema": None}),
        (Refusal.BACKUP_IMPOSSIBLE, {"backup": BackupFacts()}),
        (Refusal.VERSION_AHEAD, {"down_is_asked": True}),
        (Refusal.POLICY_VIOLATION, {"policy": changed(policy, operations=OperationsPolicy.ANY)}),
    ]
    facts = facts_of(
        lost,
        database,
        "1.0.9",
        owner=OTHER,
        last_run="r",
        last_run_known=False,
        policy=RequestedPolicy(rollback=RollbackPolicy.DENY, drift=DriftPolicy.REFUSE),
        drift=Drift((Difference(None, CatalogObject("table", "theirs", "", {"owner": "me"})),), since="1.1.0"),
        unusable_schema=SchemaFacts("app", exists=False, role="me", made_at="a.sql:1:1"),
        backup=BackupFacts(problem="no"),
        analyses=Analyses({"up:x": does(OperationClass.DESTRUCTIVE)}),
    )
    for reason, remedy in steps:
        assert refused(facts).reason is reason
        facts = replace(facts, **remedy)  # type: ignore[arg-type]
    assert refused(facts).reason is Refusal.AWAITING_APPROVAL
    assert moves(planned(approving(facts))) == "Backup sql(b) SQL(x) Verify1.0.0"


def changed(policy: RequestedPolicy, **fields: object) -> RequestedPolicy:
    return policy.model_copy(update=fields)


@pytest.mark.parametrize("lifted", sorted(APPROVAL_LIFTS))
def test_approval_lifts_what_it_may_lift(lifted: Refusal) -> None:
    situations = {
        Refusal.DATABASE_MOVED_BACK: facts_of(SHOP, at("1.0.0"), "1.1.0", last_run="r", last_run_known=False),
        Refusal.VERSION_AHEAD: facts_of(SHOP, at("1.1.0", uid="uid-2"), "1.0.0"),
        Refusal.POLICY_VIOLATION: facts_of(
            SHOP, at("1.0.0"), "1.1.0", analyses=Analyses({"up:d": does(OperationClass.DESTRUCTIVE)})
        ),
        Refusal.AWAITING_APPROVAL: facts_of(
            SHOP, at("1.0.0"), "1.1.0", policy=RequestedPolicy(approval=ApprovalMode.ALWAYS)
        ),
    }
    assert refused(situations[lifted]).reason is lifted
    assert planned(approving(situations[lifted]))


@pytest.mark.parametrize(
    "facts",
    [
        facts_of(SHOP, SimulatedDatabase(), "1.0.0", owner=OTHER),
        facts_of(directory(Rel("1.0.0", "schema:a", "sql:b"), edited=("b",)), at("1.0.0"), "1.0.0"),
        facts_of(GROWN, at("1.0.0"), "1.0.0"),
        facts_of(LATE, at("1.1.0"), "1.1.0"),
        baselining(prisma("a"), prisma("c"), baseline="1.1.0"),
        facts_of(SHOP, at("1.1.0"), "1.0.0", policy=RequestedPolicy(rollback=RollbackPolicy.DENY)),
        facts_of(SHOP, at("1.0.0"), "1.1.0", backup=BackupFacts(problem="no")),
    ],
)
def test_approval_lifts_nothing_else(facts: PreflightFacts) -> None:
    reason = refused(facts).reason
    assert reason not in APPROVAL_LIFTS
    assert refused(approving(facts)).reason is reason


def test_a_failed_runs_rollback_is_held_by_policy_and_by_nothing_that_the_directory_says() -> None:
    database = at("1.0.0")
    run_all(database, facts_of(SHOP, database, "1.1.0"), run="run-2")
    gone = directory(Rel("9.0.0"), edited=("a",))
    facts = facts_of(gone, database, "1.1.0", trigger=Trigger.ON_FAILURE_ROLLBACK, undo_run="run-2")
    assert [m.name for m in planned(facts).plan.downs] == ["e", "d", "c"]
    for rollback, reason in (
        (RollbackPolicy.DENY, Refusal.ROLLBACK_DENIED),
        (RollbackPolicy.REQUIRE_APPROVAL, Refusal.AWAITING_APPROVAL),
    ):
        held = replace(facts, policy=RequestedPolicy(rollback=rollback))
        assert refused(held).reason is reason
