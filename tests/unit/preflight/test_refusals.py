"""Every refusal: when it comes, when it does not, what it says, and what lifts it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import APPROVAL_LIFTS, Refusal
from dbmigrations.api.spec import ApprovalMode, BackupWhen, ChangePolicy, OperationsPolicy, RollbackPolicy
from dbmigrations.api.step import Direction, RequestedPolicy, Trigger
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.release.history import PartialMigration
from dbmigrations.release.migration import Kind
from dbmigrations.runner.preflight.decision import REFUSALS, Planned, decide
from dbmigrations.runner.preflight.facts import BackupFacts, OwnerRow, PreflightFacts, PrismaRow
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

if TYPE_CHECKING:
    from dbmigrations.release.directory import ReleaseDirectory

OTHER = OwnerRow("west/prod/shop", "uid-2")


def prisma(name: str, *, finished: bool = True, rolled_back: bool = False, of: ReleaseDirectory = SHOP) -> PrismaRow:
    known = of.migration(Kind.SCHEMA, name)
    return PrismaRow(name, known.up.raw_checksum if known else "0" * 64, finished, rolled_back)


def half(direction: Direction = Direction.UP, *, safe: bool = False, name: str = "d") -> PartialMigration:
    return PartialMigration(Kind.SQL, name, "1.1.0", direction, "u", "d" if safe else "", safe, 0, ME.uid, "run-9")


# Whose database it is


def test_a_database_of_another_resource_is_refused_by_its_name() -> None:
    refusal = refused(facts_of(SHOP, SimulatedDatabase(), "1.0.0", owner=OTHER))
    assert refusal.reason is Refusal.OWNED_BY_OTHER
    assert "west/prod/shop (uid uid-2)" in refusal.message
    assert "dbmigrate owner take east/prod/shop --reason" in refusal.message


@pytest.mark.parametrize(
    "owner", [None, OwnerRow(ME.owner, ME.uid), OwnerRow(ME.owner, "old"), OwnerRow("x/y/z", ME.uid)]
)
def test_an_unowned_database_and_ones_own_by_name_or_uid_are_taken(owner: OwnerRow | None) -> None:
    assert planned(facts_of(SHOP, SimulatedDatabase(), "1.0.0", owner=owner)).next


def test_a_laptop_refuses_an_owned_database_unless_forced() -> None:
    facts = facts_of(SHOP, SimulatedDatabase(), "1.0.0", owner=OTHER, requester=LAPTOP)
    assert refused(facts).reason is Refusal.OWNED_BY_OTHER
    assert "--force-owned" in refused(facts).message
    assert planned(replace(facts, force_owned=True)).next


# Moved back


def test_a_database_that_lacks_the_last_run_has_moved_back() -> None:
    refusal = refused(facts_of(SHOP, at("1.0.0"), "1.1.0", last_run="run-7", last_run_known=False))
    assert refusal.reason is Refusal.DATABASE_MOVED_BACK
    assert refusal.plan is not None
    for part in ("run-7", "at 1.0.0 now", "3 migrations", f"spec.approvedPlan: {refusal.plan.hash}"):
        assert part in refusal.message


def test_a_database_that_moved_back_to_nothing_is_told_even_with_all_history_gone() -> None:
    facts = facts_of(
        SHOP, SimulatedDatabase(), "1.1.0", last_run="run-7", last_run_known=False, database_is_empty=False
    )
    refusal = refused(facts)
    assert refusal.reason is Refusal.DATABASE_MOVED_BACK
    assert "no plan can be made" in refusal.message
    assert refusal.plan is None


def test_an_approval_moves_it_on_also_of_an_empty_plan() -> None:
    facts = facts_of(SHOP, at("1.1.0"), "1.1.0", last_run="run-7", last_run_known=False)
    assert planned(approving(facts)).plan.migrations == ()
    assert "Data(e)" in moves(planned(approving(replace(facts, history=at("1.0.0").history()))))


# What is there


def test_a_filled_database_without_history_is_never_migrated_by_guess() -> None:
    refusal = refused(facts_of(SHOP, SimulatedDatabase(), "1.1.0", database_is_empty=False))
    assert refusal.reason is Refusal.BASELINE_REQUIRED
    assert "spec.baseline.version: 1.0.0" in refusal.message
    assert refusal.plan is None


def test_a_history_of_which_everything_was_undone_is_a_history() -> None:
    source = directory(Rel("1.0.0"), Rel("1.1.0", "sql:d"))
    database = at("1.1.0", source)
    run_all(database, facts_of(source, database, "1.0.0"))
    assert database.applied_keys == []
    assert planned(facts_of(source, database, "1.1.0", database_is_empty=False)).plan.ups


def test_a_half_applied_first_migration_is_a_history() -> None:
    database = SimulatedDatabase(partial=[half()])
    facts = facts_of(directory(Rel("1.1.0", "sql:d")), database, "1.1.0", database_is_empty=False)
    assert moves(planned(facts)) == "Backup SQL(d) Verify1.1.0"


def baselining(*rows: PrismaRow, version: str = "1.0.0", baseline: str = "1.0.0") -> PreflightFacts:
    return facts_of(SHOP, SimulatedDatabase(), version, baseline=baseline, database_is_empty=False, prisma=tuple(rows))


def test_a_baseline_is_checked_recorded_and_verified_and_nothing_of_it_is_run() -> None:
    assert moves(planned(baselining(prisma("a")))) == "Baseline1.0.0 Verify1.0.0"
    onwards = planned(baselining(prisma("a"), version="1.1.0"))
    assert moves(onwards) == "Baseline1.0.0 Verify1.0.0 Backup Schema(c) SQL(d) Data(e) Verify1.1.0"
    assert [name for _, name, _ in onwards.plan.base] == ["a", "b"]
    assert [name for _, name, _ in onwards.plan.baselined] == ["a", "b"]


def test_the_plan_from_a_baseline_has_the_hash_of_the_plan_from_there() -> None:
    assert (
        planned(baselining(prisma("a"), version="1.1.0")).plan.hash
        == planned(facts_of(SHOP, at("1.0.0"), "1.1.0")).plan.hash
    )


def test_an_empty_database_and_one_with_a_history_need_no_baseline() -> None:
    empty = facts_of(SHOP, SimulatedDatabase(), "1.0.0", baseline="1.0.0")
    assert moves(planned(empty)) == "Backup Schema(a) SQL(b) Verify1.0.0"
    assert moves(planned(facts_of(SHOP, at("1.0.0"), "1.0.0", baseline="1.1.0"))) == ""


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((), "a (releases.yaml:3) is missing there"),
        ((prisma("a"), prisma("x")), "x is there too"),
        ((prisma("a"), prisma("c")), "c is there too, which is of release 1.1.0"),
        ((replace(prisma("a"), checksum="1" * 64),), "schema/a.sql is not the file that was applied"),
        ((prisma("a", finished=False),), "a is unfinished there"),
        ((prisma("a", rolled_back=True),), "a (releases.yaml:3) is missing there"),
    ],
)
def test_a_baseline_that_prisma_contradicts_is_refused(rows: tuple[PrismaRow, ...], told: str) -> None:
    refusal = refused(baselining(*rows))
    assert refusal.reason is Refusal.BASELINE_MISMATCH
    assert told in refusal.message


def test_line_ends_do_not_contradict_a_baseline() -> None:
    known = SHOP.migration(Kind.SCHEMA, "a")
    assert known is not None
    for checksum in known.up.accepted_checksums:
        assert planned(baselining(replace(prisma("a"), checksum=checksum)))


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (facts_of(SHOP, SimulatedDatabase(), "1.1.1"), "does not list 1.1.1 (spec.version): did you mean '1.1.0'?"),
        (facts_of(SHOP, SimulatedDatabase(), "42.7.3"), "the newest that it lists are 1.0.0, 1.1.0"),
        (baselining(prisma("a"), baseline="0.9.0"), "does not list 0.9.0 (spec.baseline.version)"),
    ],
)
def test_a_version_that_the_ledger_does_not_list_is_refused(facts: PreflightFacts, told: str) -> None:
    refusal = refused(facts)
    assert refusal.reason is Refusal.VERSION_NOT_FOUND
    assert told in refusal.message


# Two stories


def test_an_edited_applied_file_is_refused_with_its_place() -> None:
    edited = directory(Rel("1.0.0", "schema:a", "sql:b"), edited=("b",))
    refusal = refused(facts_of(edited, at("1.0.0"), "1.0.0"))
    assert refusal.reason is Refusal.HISTORY_DIVERGED
    assert "sql/b.sql (releases.yaml:4)" in refusal.message
    assert "Restore the file as it was applied" in refusal.message


def test_an_edited_file_of_what_is_undone_is_no_divergence() -> None:
    edited = directory(Rel("1.0.0", "schema:a", "sql:b"), Rel("1.1.0", "schema:c", "sql:d", "data:e"), edited=("d",))
    assert moves(planned(facts_of(edited, at("1.1.0"), "1.0.0"))) == "Backup data(e) sql(d) schema(c) Verify1.0.0"


@pytest.mark.parametrize(("row", "told"), [(prisma("x"), "not: x."), (prisma("x", finished=False), "x (unfinished)")])
def test_prisma_rows_that_the_history_lacks_are_a_divergence(row: PrismaRow, told: str) -> None:
    refusal = refused(facts_of(SHOP, at("1.0.0"), "1.1.0", prisma=(prisma("a"), row)))
    assert refusal.reason is Refusal.HISTORY_DIVERGED
    assert told in refusal.message


def test_prisma_rows_that_are_ours_or_rolled_back_are_none() -> None:
    database = at("1.0.0")
    database.partial = [replace(half(name="c"), kind=Kind.SCHEMA)]
    rows = (prisma("a"), prisma("c", finished=False), prisma("x", rolled_back=True))
    assert planned(facts_of(SHOP, database, "1.1.0", prisma=rows))


def test_a_half_applied_migration_holds_every_way_that_leads_away_from_it() -> None:
    database = at("1.0.0")
    database.partial = [half()]
    refusal = refused(facts_of(SHOP, database, "1.0.0"))
    assert refusal.reason is Refusal.PARTIALLY_APPLIED
    assert "sql/d.sql of 1.1.0 was applied half-way" in refusal.message
    assert "-- migrate: down=partial-safe" in refusal.message
    assert "SQL(d)" in moves(planned(facts_of(SHOP, database, "1.1.0")))


def test_a_half_applied_migration_with_a_safe_down_is_undone() -> None:
    database = at("1.0.0")
    database.partial = [half(safe=True)]
    assert moves(planned(facts_of(SHOP, database, "1.0.0"))) == "Backup sql(d) Verify1.0.0"


def test_a_half_undone_migration_holds_the_way_up() -> None:
    database = at("1.1.0")
    database.partial = [half(Direction.DOWN)]
    refusal = refused(facts_of(SHOP, database, "1.1.0"))
    assert refusal.reason is Refusal.PARTIALLY_APPLIED
    assert "was undone half-way" in refusal.message


def test_a_lost_line_is_refused_whatever_policy_says() -> None:
    lost = directory(Rel("1.0.0", "schema:a"), Rel("1.1.0", "schema:c", "sql:d", "data:e"))
    policy = RequestedPolicy(changed_release=ChangePolicy.APPLY, out_of_order=ChangePolicy.APPLY)
    refusal = refused(facts_of(lost, at("1.1.0"), "1.1.0", policy=policy))
    assert refusal.reason is Refusal.RELEASE_CHANGED
    assert "sql b of 1.0.0" in refusal.message


GROWN = directory(Rel("1.0.0", "schema:a", "sql:b", "sql:x"))
LATE = directory(Rel("1.0.0", "schema:a", "sql:b"), Rel("1.0.1", "sql:x"), Rel("1.1.0", "schema:c", "sql:d", "data:e"))


def test_a_line_gained_by_an_applied_release_is_refused_or_applied_and_named() -> None:
    facts = facts_of(GROWN, at("1.0.0"), "1.0.0")
    refusal = refused(facts)
    assert refusal.reason is Refusal.RELEASE_CHANGED
    assert "sql x (releases.yaml:5)" in refusal.message
    assert "spec.policy.changedRelease: Apply" in refusal.message
    allowed = planned(replace(facts, policy=RequestedPolicy(changed_release=ChangePolicy.APPLY)))
    assert moves(allowed) == "Backup SQL(x) Verify1.0.0"
    assert any("sql x" in note for note in allowed.notes)


def test_a_hotfix_merged_late_is_refused_or_applied_and_named() -> None:
    facts = facts_of(LATE, at("1.1.0"), "1.1.0")
    refusal = refused(facts)
    assert refusal.reason is Refusal.OUT_OF_ORDER
    assert "sql x (releases.yaml:6)" in refusal.message
    allowed = planned(replace(facts, policy=RequestedPolicy(out_of_order=ChangePolicy.APPLY)))
    assert moves(allowed) == "Backup SQL(x) Verify1.1.0"
    assert any("sql x" in note for note in allowed.notes)


# Going down


def test_there_is_no_way_back_below_what_was_baselined() -> None:
    refusal = refused(baselining(prisma("a"), prisma("c"), baseline="1.1.0"))
    assert refusal.reason is Refusal.BELOW_BASELINE
    assert "at or above 1.1.0" in refusal.message


def test_a_baseline_release_that_was_run_is_not_undone_either() -> None:
    source = directory(Rel("0.9.0"), Rel("1.0.0", "sql:a", baseline=True))
    refusal = refused(facts_of(source, at("1.0.0", source), "0.9.0"))
    assert refusal.reason is Refusal.BELOW_BASELINE


def test_a_down_with_one_missing_script_is_refused_whole() -> None:
    source = directory(Rel("1.0.0", "sql:a"), Rel("1.1.0", "sql:b~", "sql:c"))
    refusal = refused(facts_of(source, at("1.1.0", source), "1.0.0"))
    assert refusal.reason is Refusal.DOWN_MISSING
    assert "sql b of 1.1.0 (irreversible: it cannot be)" in refusal.message
    assert "sql c" not in refusal.message


def test_a_down_that_came_later_into_the_directory_does_not_replace_the_missing_one() -> None:
    before = directory(Rel("1.0.0", "sql:a"), Rel("1.1.0", "sql:b!"))
    after = directory(Rel("1.0.0", "sql:a"), Rel("1.1.0", "sql:b"))
    assert refused(facts_of(after, at("1.1.0", before), "1.0.0")).reason is Refusal.DOWN_MISSING


def test_where_downs_are_required_an_up_without_one_is_refused() -> None:
    source = directory(Rel("1.0.0", "sql:a!", baseline=True), Rel("1.1.0", "sql:b~"), Rel("1.2.0", "sql:c!"))
    policy = RequestedPolicy(require_down=True)
    assert planned(facts_of(source, SimulatedDatabase(), "1.1.0", policy=policy))
    refusal = refused(facts_of(source, SimulatedDatabase(), "1.2.0", policy=policy))
    assert refusal.reason is Refusal.DOWN_MISSING
    assert "sql c (releases.yaml:7)" in refusal.message
    assert planned(facts_of(source, SimulatedDatabase(), "1.2.0"))


def test_where_rollback_is_denied_nothing_goes_down() -> None:
    policy = RequestedPolicy(rollback=RollbackPolicy.DENY)
    refusal = refused(facts_of(SHOP, at("1.1.0"), "1.0.0", policy=policy))
    assert refusal.reason is Refusal.ROLLBACK_DENIED
    assert "data e of 1.1.0" in refusal.message
    assert planned(facts_of(SHOP, at("1.0.0"), "1.1.0", policy=policy))


def test_what_another_applied_is_not_undone_unasked() -> None:
    facts = facts_of(SHOP, at("1.1.0", uid="uid-2"), "1.0.0")
    refusal = refused(facts)
    assert refusal.reason is Refusal.VERSION_AHEAD
    assert "spec.version: 1.1.0" in refusal.message
    assert refusal.plan is not None
    assert f"spec.approvedPlan: {refusal.plan.hash}" in refusal.message
    assert moves(planned(approving(facts))) == "Backup data(e) sql(d) schema(c) Verify1.0.0"


def test_what_passed_a_verify_of_ours_is_our_own() -> None:
    database = at("1.1.0", uid="uid-2")
    database.verify("1.1.0")
    assert planned(facts_of(SHOP, database, "1.0.0")).plan.downs


@pytest.mark.parametrize(("version", "after"), [("1.0.0", True), ("1.1.0", False)])
def test_a_verify_of_ours_below_it_or_before_it_does_not_make_it_our_own(*, version: str, after: bool) -> None:
    database = at("1.0.0", uid="uid-2")
    plan = planned(facts_of(SHOP, database, "1.1.0")).plan
    if not after:
        database.verify(version)
    for migration in plan.migrations:
        database.do(migration, uid="uid-2")
    if after:
        database.verify(version)
    assert refused(facts_of(SHOP, database, "1.0.0")).reason is Refusal.VERSION_AHEAD


def test_a_laptop_goes_down_only_when_a_person_asks() -> None:
    facts = facts_of(SHOP, at("1.1.0", uid=""), "1.0.0", requester=LAPTOP)
    refusal = refused(facts)
    assert refusal.reason is Refusal.VERSION_AHEAD
    assert "`dbmigrate rollback --to-version 1.0.0`" in refusal.message
    assert planned(replace(facts, down_is_asked=True)).plan.downs


# What may happen


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


# The order, and what approval lifts


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
    policy = RequestedPolicy(rollback=RollbackPolicy.DENY)
    steps: list[tuple[Refusal, dict[str, object]]] = [
        (Refusal.OWNED_BY_OTHER, {"owner": None}),
        (Refusal.DATABASE_MOVED_BACK, {"last_run_known": True}),
        (Refusal.VERSION_NOT_FOUND, {"version": "1.0.0"}),
        (Refusal.HISTORY_DIVERGED, {"directory": restored}),
        (Refusal.PARTIALLY_APPLIED, {"history": replace(database.history(), partial=())}),
        (Refusal.RELEASE_CHANGED, {"directory": whole}),
        (Refusal.RELEASE_CHANGED, {"policy": (policy := changed(policy, changed_release=ChangePolicy.APPLY))}),
        (Refusal.OUT_OF_ORDER, {"policy": (policy := changed(policy, out_of_order=ChangePolicy.APPLY))}),
        (Refusal.BELOW_BASELINE, {"directory": unmarked}),
        (Refusal.DOWN_MISSING, {"history": at("1.1.0", directory(*mended), uid="uid-2").history()}),
        (Refusal.ROLLBACK_DENIED, {"policy": (policy := changed(policy, rollback=RollbackPolicy.REQUIRE_APPROVAL))}),
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
        policy=RequestedPolicy(rollback=RollbackPolicy.DENY),
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
