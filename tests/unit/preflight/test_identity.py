"""Whose database this is, whether it still is the one it was, and what was in it before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.release.migration import Kind
from dbmigrations.runner.preflight.facts import OwnerRow, PreflightFacts, PrismaRow
from tests.unit.preflight.situations import (
    LAPTOP,
    ME,
    OTHER,
    SHOP,
    approving,
    at,
    baselining,
    facts_of,
    half,
    moves,
    planned,
    prisma,
    refused,
    run_all,
)
from tests.unit.release.building import Rel, SimulatedDatabase, directory


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


BRING_BACK = "bring that one back or, where the edit is meant,"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((), "a (releases.yaml:3) is missing there"),
        ((prisma("a"), prisma("x")), "x is there too"),
        ((prisma("a"), prisma("c")), "c is there too, which is of release 1.1.0"),
        (
            (replace(prisma("a"), checksum="1" * 64),),
            f"schema/a.sql is not the file that was applied ({BRING_BACK} record {prisma('a').checksum} there)",
        ),
        (
            (prisma("a", finished=False),),
            "lists: a is unfinished there (`prisma migrate resolve` says whether it is applied or rolled back). Name",
        ),
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


def test_a_laptop_is_told_of_a_version_that_is_not_listed_in_its_own_words() -> None:
    only = directory(Rel("1.0.0", "schema:a"))
    told = refused(facts_of(only, SimulatedDatabase(), "42.7.3", requester=LAPTOP)).message
    assert "does not list 42.7.3: the newest that it lists is 1.0.0" in told
