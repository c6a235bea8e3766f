"""One database, one owner: a second resource is told by whom, a laptop keeps its hands off unless forced."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.step import Outcome

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator


@pytest.fixture
def owned(operator: Operator) -> Operator:
    """A database at 1.1.0 that belongs to prod/shop."""
    operator.migrate("1.1.0")
    return operator


def owner(database: Database) -> str:
    (row,) = database.rows("SELECT owner || ' ' || uid FROM dbmigrations.migration_owner ORDER BY id DESC LIMIT 1")
    return str(row[0])


def test_the_first_resource_claims_the_database(owned: Operator, database: Database) -> None:
    assert owned.uid == "uid-1"
    assert owner(database) == "c/prod/shop uid-1"


def test_a_second_resource_is_refused_and_told_by_whom(owned: Operator) -> None:
    second = replace(owned, name="copy", uid="uid-2", last_run="")
    _, result = second.preflight("1.1.0")
    assert (result.outcome, result.reason) == (Outcome.REFUSED, Refusal.OWNED_BY_OTHER)
    assert "c/prod/shop" in result.message


def test_a_resource_made_again_takes_over_but_goes_nowhere_down_unasked(owned: Operator, database: Database) -> None:
    again = replace(owned, uid="uid-2", last_run="")
    _, lower = again.preflight("1.0.0")
    assert (lower.outcome, lower.reason) == (Outcome.REFUSED, Refusal.VERSION_AHEAD)
    results = again.migrate("1.1.0")
    assert [r.step.name for r in results] == ["Preflight", "Verify"]
    assert owner(database) == "c/prod/shop uid-2"


def test_a_laptop_leaves_an_owned_database_alone_unless_forced(owned: Operator, laptop: Laptop) -> None:
    refused = laptop.run("migrate", "--to", "1.2.0", "--no-backup")
    assert refused.code == 10
    assert "OwnedByOther" in refused.err
    assert owned.name in refused.err
    laptop.changed("migrate", "--to", "1.2.0", "--force-owned")
    assert laptop.run("version", "--json").document["database"] == "1.2.0"


def test_a_laptop_may_look_at_an_owned_database(owned: Operator, laptop: Laptop) -> None:
    assert owned.name == "shop"
    for words in (["plan"], ["check", "--no-backup"], ["version"], ["history"], ["verify"], ["owner", "show"]):
        assert laptop.run(*words).code == 0, words


def test_what_a_laptop_applied_is_not_undone_by_the_resource_unasked(owned: Operator, laptop: Laptop) -> None:
    laptop.changed("migrate", "--to", "1.2.0", "--force-owned")
    owned.generation = 2
    _, refused = owned.preflight("1.1.0")
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Refusal.VERSION_AHEAD)
    assert owned.approve("1.1.0")[-1].current_version == "1.1.0"


def test_ownership_is_given_by_name_and_recorded_with_its_reason(
    owned: Operator, laptop: Laptop, database: Database
) -> None:
    ran = laptop.run("owner", "take", "prod/copy", "--reason", "moved to its own resource", "--json")
    assert (ran.code, ran.document["owner"]) == (0, "c/prod/copy")
    assert owned.preflight("1.1.0")[1].reason is Refusal.OWNED_BY_OTHER
    heir = replace(owned, name="copy", uid="uid-2", last_run="")
    assert heir.migrate("1.1.0")[-1].outcome is Outcome.SUCCEEDED
    assert owner(database) == "c/prod/copy uid-2"
    reasons = [row[0] for row in database.rows("SELECT reason FROM dbmigrations.migration_owner ORDER BY id")]
    assert "moved to its own resource" in reasons


def test_a_database_given_to_nobody_is_claimed_by_the_next_who_looks(
    owned: Operator, laptop: Laptop, database: Database
) -> None:
    assert laptop.run("owner", "take", "--reason", "the cluster is gone").code == 0
    assert laptop.run("owner", "show").out == "nobody owns this database\n"
    heir = replace(owned, name="other", uid="uid-9", last_run="")
    heir.migrate("1.1.0")
    assert owner(database) == "c/prod/other uid-9"


def test_ownership_that_moves_during_a_run_stops_it(owned: Operator, laptop: Laptop) -> None:
    owned.generation = 2
    request, planned = owned.preflight("1.2.0")
    laptop.run("owner", "take", "prod/copy", "--reason", "test")
    refused = owned.follow(request, planned)[-1]
    assert (refused.step.name, refused.reason) == ("SQL", Refusal.OWNED_BY_OTHER)


@pytest.mark.parametrize("name", ["shop", "a/b/c/d", "/shop", "prod/shop"])
def test_an_owner_is_named_in_full(laptop: Laptop, name: str) -> None:
    ran = laptop.run("owner", "take", name, "--reason", "test")
    assert ran.code == 2
    assert "cluster/namespace/name" in ran.err
