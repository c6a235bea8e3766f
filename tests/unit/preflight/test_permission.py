"""What may happen without being asked, and what must be safe before it does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.spec import ApprovalMode, BackupWhen, ExceptionsPolicy, OperationsPolicy, RollbackPolicy
from dbmigrations.api.step import RequestedPolicy
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.runner.preflight.decision import Planned, decide
from dbmigrations.runner.preflight.facts import Analysis, BackupFacts, Operation, SchemaFacts
from tests.unit.preflight.situations import (
    LAPTOP,
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
)


@pytest.mark.parametrize(
    ("exists", "words"),
    [
        (False, 'CREATE SCHEMA "shopp" AUTHORIZATION "o""wner";'),
        (True, 'GRANT USAGE, CREATE ON SCHEMA "shopp" TO "o""wner";'),
    ],
)
def test_a_schema_that_cannot_be_filled_is_told_with_its_field_and_remedy(*, exists: bool, words: str) -> None:
    schema = SchemaFacts("shopp", exists=exists, role='o"wner', made_at="sql/a.sql:3:1")
    refusal = refused(facts_of(SHOP, at("1.0.0"), "1.1.0", unusable_schema=schema))
    assert refusal.reason is Refusal.SCHEMA_UNUSABLE
    assert "`spec.database.schema`" in refusal.message
    assert "sql/a.sql:3:1" in refusal.message
    assert words in refusal.message
    on_laptop = refused(facts_of(SHOP, at("1.0.0"), "1.1.0", unusable_schema=schema, requester=LAPTOP))
    assert "`--schema`" in on_laptop.message


def test_a_backup_that_cannot_be_taken_stops_everything() -> None:
    backup = BackupFacts(problem="the volume has 2 GiB free, the dump needs 3 GiB: enlarge it")
    refusal = refused(facts_of(SHOP, at("1.0.0"), "1.1.0", backup=backup))
    assert refusal.reason is Refusal.BACKUP_IMPOSSIBLE
    assert "enlarge it" in refusal.message


@pytest.mark.parametrize(
    ("when", "loss", "takes"),
    [
        (BackupWhen.ALWAYS, False, True),
        (BackupWhen.ALWAYS, True, True),
        (BackupWhen.DATA_LOSS, False, False),
        (BackupWhen.DATA_LOSS, True, True),
        (BackupWhen.NEVER, False, False),
    ],
)
def test_a_backup_is_taken_when_the_spec_says(*, when: BackupWhen, loss: bool, takes: bool) -> None:
    analyses = Analyses({"up:d": loses(rows=1)} if loss else {})
    facts = facts_of(SHOP, at("1.0.0"), "1.1.0", backup=BackupFacts(when), analyses=analyses)
    decision = planned(facts)
    assert decision.takes_backup is takes
    assert moves(decision).startswith("Backup") is takes
    impossible = replace(facts, backup=BackupFacts(when, problem="no"))
    assert isinstance(decide(impossible), Planned) is not takes


def test_without_migrations_no_backup_is_taken_and_none_need_be_possible() -> None:
    facts = facts_of(SHOP, at("1.1.0"), "1.1.0", backup=BackupFacts(problem="no"))
    assert not planned(facts).takes_backup


NON_DESTRUCTIVE = set(OperationClass) - {OperationClass.DESTRUCTIVE, OperationClass.UNKNOWN}


@pytest.mark.parametrize("operation", list(OperationClass))
@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (OperationsPolicy.ADDITIVE_ONLY, {OperationClass.ADDITIVE, OperationClass.WIDENING, OperationClass.DATA}),
        (OperationsPolicy.NON_DESTRUCTIVE, NON_DESTRUCTIVE),
        (OperationsPolicy.ANY, set(OperationClass)),
    ],
)
def test_policy_allows_ups_by_the_class_of_their_operations(
    policy: OperationsPolicy, allowed: set[OperationClass], operation: OperationClass
) -> None:
    analyses = Analyses({"up:d": does(operation, "drop column t.x")})
    facts = facts_of(SHOP, at("1.0.0"), "1.1.0", policy=RequestedPolicy(operations=policy), analyses=analyses)
    if operation in allowed:
        assert planned(facts).summary.operations[operation] == 1
        return
    refusal = refused(facts)
    assert refusal.reason is Refusal.POLICY_VIOLATION
    assert f"sql/d.sql:4: drop column t.x is {operation}" in refusal.message
    assert ("-- migrate: class=" in refusal.message) is (operation is OperationClass.UNKNOWN)
    assert planned(approving(facts)).plan == refusal.plan


def test_policy_of_operations_is_of_ups_only() -> None:
    analyses = Analyses({"down:d": does(OperationClass.DESTRUCTIVE)})
    policy = RequestedPolicy(operations=OperationsPolicy.ADDITIVE_ONLY)
    assert planned(facts_of(SHOP, at("1.1.0"), "1.0.0", policy=policy, analyses=analyses))


def test_a_script_that_nobody_looked_at_is_unknown_and_loses_what_nobody_knows() -> None:
    refusal = refused(facts_of(SHOP, at("1.0.0"), "1.1.0", analyses={}))
    assert refusal.reason is Refusal.POLICY_VIOLATION
    assert refusal.summary is not None
    assert refusal.summary.data_loss.unknown
    assert refusal.summary.operations == {"unknown": 3}


@pytest.mark.parametrize(
    ("policy", "lossy", "when", "told"),
    [
        (RequestedPolicy(approval=ApprovalMode.ALWAYS), False, BackupWhen.ALWAYS, "policy.approval is Always"),
        (RequestedPolicy(approval=ApprovalMode.DATA_LOSS), True, BackupWhen.ALWAYS, "it loses 5 rows and 1 value"),
        (RequestedPolicy(), True, BackupWhen.NEVER, "no backup is taken"),
    ],
)
def test_what_needs_a_reader_waits_for_approval_of_exactly_this_plan(
    *,
    policy: RequestedPolicy,
    lossy: bool,
    when: BackupWhen,
    told: str,
) -> None:
    analyses = Analyses({"up:d": loses(rows=5, values=1)} if lossy else {})
    facts = facts_of(SHOP, at("1.0.0"), "1.1.0", policy=policy, backup=BackupFacts(when), analyses=analyses)
    refusal = refused(facts)
    assert refusal.reason is Refusal.AWAITING_APPROVAL
    assert told in refusal.message
    assert refusal.plan is not None
    assert f"spec.approvedPlan: {refusal.plan.hash}" in refusal.message
    assert planned(approving(facts)).approval == refusal.plan.hash
    stale = refused(replace(facts, approved_plan="sha256:" + "0" * 64))
    assert stale.reason is Refusal.AWAITING_APPROVAL
    assert "the approved plan is another one" in stale.message


def test_with_data_loss_approval_asks_for_the_backup_too() -> None:
    policy = RequestedPolicy(approval=ApprovalMode.DATA_LOSS)
    facts = facts_of(SHOP, at("1.0.0"), "1.1.0", policy=policy, analyses=Analyses({"up:d": loses(unknown=True)}))
    assert planned(approving(facts)).takes_backup


def test_rollback_with_approval_waits_for_it() -> None:
    policy = RequestedPolicy(rollback=RollbackPolicy.REQUIRE_APPROVAL)
    refusal = refused(facts_of(SHOP, at("1.1.0"), "1.0.0", policy=policy))
    assert refusal.reason is Refusal.AWAITING_APPROVAL
    assert "3 migrations would be undone" in refusal.message
    assert planned(facts_of(SHOP, at("1.0.0"), "1.1.0", policy=policy))


def test_a_stale_approval_is_ignored_where_none_is_needed() -> None:
    decision = planned(facts_of(SHOP, at("1.0.0"), "1.1.0", approved_plan="sha256:" + "0" * 64))
    assert decision.approval == ""


def test_nothing_to_do_needs_no_approval() -> None:
    policy = RequestedPolicy(approval=ApprovalMode.ALWAYS)
    assert planned(facts_of(SHOP, at("1.1.0"), "1.1.0", policy=policy)).next is None


def test_estimates_and_unknown_loss_are_called_so() -> None:
    analyses = Analyses({"up:d": loses(rows=1, unknown=True, estimated=True)})
    facts = facts_of(SHOP, at("1.0.0"), "1.1.0", backup=BackupFacts(BackupWhen.NEVER), analyses=analyses)
    assert "it loses about 1 row and data that nobody can count" in refused(facts).message


# Exceptions of authors

UNREAD = Operation(OperationClass.DATA, 4, "run a DO block", column=3, declared="fills in batches")
DROPPED = Operation(
    OperationClass.DESTRUCTIVE,
    4,
    "drop column t.x",
    column=3,
    why="its values are gone",
    safer="drop it in a later release",
    exception="nobody reads it since 1.0.0",
)


@pytest.mark.parametrize(
    ("exceptions", "unread", "dropped"),
    [
        (ExceptionsPolicy.DECLARED, None, Refusal.AWAITING_APPROVAL),
        (ExceptionsPolicy.HONOUR, None, None),
        (ExceptionsPolicy.REQUIRE_APPROVAL, Refusal.AWAITING_APPROVAL, Refusal.AWAITING_APPROVAL),
        (ExceptionsPolicy.IGNORE, Refusal.POLICY_VIOLATION, Refusal.POLICY_VIOLATION),
    ],
)
def test_the_platform_decides_what_an_exception_counts_for(
    exceptions: ExceptionsPolicy, unread: Refusal | None, dropped: Refusal | None
) -> None:
    assert RequestedPolicy().exceptions is ExceptionsPolicy.DECLARED
    for operation, expected in ((UNREAD, unread), (DROPPED, dropped)):
        analyses = Analyses({"up:d": Analysis(operations=(operation,))})
        policy = RequestedPolicy(exceptions=exceptions)
        facts = facts_of(SHOP, at("1.0.0"), "1.1.0", policy=policy, analyses=analyses)
        assert expected is None or planned(approving(facts))
        if expected is None:
            assert planned(facts)
            continue
        refusal = refused(facts)
        assert refusal.reason is expected
        if expected is Refusal.AWAITING_APPROVAL:
            assert (operation.exception or operation.declared) in refusal.message
        else:
            assert "-- migrate:" not in refusal.message


def test_under_any_no_exception_is_asked_about() -> None:
    policy = RequestedPolicy(operations=OperationsPolicy.ANY, exceptions=ExceptionsPolicy.REQUIRE_APPROVAL)
    analyses = Analyses({"up:d": Analysis(operations=(UNREAD, DROPPED))})
    assert planned(facts_of(SHOP, at("1.0.0"), "1.1.0", policy=policy, analyses=analyses))


def test_a_refusal_names_place_class_reason_and_the_safer_way() -> None:
    analyses = Analyses({"up:d": Analysis(operations=(replace(DROPPED, exception=""),))})
    refusal = refused(facts_of(SHOP, at("1.0.0"), "1.1.0", analyses=analyses))
    assert (
        "sql/d.sql:4:3: drop column t.x is destructive (its values are gone); safer: drop it in a later release. "
        in refusal.message
    )


def test_a_laptop_is_told_of_its_options() -> None:
    asked = facts_of(
        SHOP,
        at("1.1.0", uid=""),
        "1.0.0",
        requester=LAPTOP,
        down_is_asked=True,
        policy=RequestedPolicy(approval=ApprovalMode.ALWAYS, rollback=RollbackPolicy.REQUIRE_APPROVAL),
    )
    told = refused(asked).message
    assert "--approval is Always; --rollback is RequireApproval" in told
    assert "policy." not in told
    assert "log of preflight" not in told
