"""Nothing is undone that must not be, cannot be, or that nobody asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.spec import RollbackPolicy
from dbmigrations.api.step import RequestedPolicy
from tests.unit.preflight.situations import (
    LAPTOP,
    SHOP,
    approving,
    at,
    baselining,
    facts_of,
    moves,
    planned,
    prisma,
    refused,
)
from tests.unit.release.building import Rel, SimulatedDatabase, directory


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
    assert "resource" not in refused(facts).message
    refusal = refused(facts)
    assert refusal.reason is Refusal.VERSION_AHEAD
    assert "`dbmigrate rollback --to-version 1.0.0`" in refusal.message
    assert planned(replace(facts, down_is_asked=True)).plan.downs
