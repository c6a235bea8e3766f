"""The database and the release directory tell different stories."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.spec import ChangePolicy
from dbmigrations.api.step import Direction, RequestedPolicy
from dbmigrations.release.migration import Kind
from dbmigrations.runner.preflight.facts import Analysis, HalfDone
from tests.unit.preflight.situations import (
    GROWN,
    LATE,
    SHOP,
    Analyses,
    at,
    facts_of,
    half,
    moves,
    planned,
    prisma,
    refused,
)
from tests.unit.release.building import Rel, directory

if TYPE_CHECKING:
    from dbmigrations.runner.preflight.facts import PrismaRow


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


def test_a_half_done_migration_that_was_edited_where_it_has_run_is_a_divergence() -> None:
    database = at("1.0.0")
    database.partial = [half(name="d")]
    told = HalfDone((1,), 2, next=2, line=5, begun=False, edited=("sql/d.sql: statement 1",))
    refusal = refused(facts_of(SHOP, database, "1.1.0", analyses=Analyses({"up:d": Analysis(half=told)})))
    assert refusal.reason is Refusal.HISTORY_DIVERGED
    assert "sql/d.sql: statement 1. Put it back as it was" in refusal.message
    going_on = replace(told, edited=())
    assert planned(facts_of(SHOP, database, "1.1.0", analyses=Analyses({"up:d": Analysis(half=going_on)})))


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
