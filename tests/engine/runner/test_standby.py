"""A hot standby only repeats what its primary does: nothing is begun there, and the way out is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Waiting
from dbmigrations.api.step import Outcome
from tests.engine.databases import CANARY
from tests.engine.runner.program import Laptop, Operator
from tests.harness.postgres import caught_up

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.databases import Database
    from tests.engine.runner.releases import Notes

REMEDY = "is a read-only standby: connect to the primary (its service, or target_session_attrs=read-write)"


@pytest.fixture
def at_replica(tmp_path: Path, replica: Database, notes: Notes) -> Operator:
    """An operator whose Secret names the standby."""
    made = Operator(tmp_path, replica, notes.root)
    made.secret()
    return made


@pytest.fixture
def laptop_at_replica(tmp_path: Path, replica: Database) -> Laptop:
    """A shell whose DATABASE_URL names the standby."""
    return Laptop(tmp_path, replica.server.url(replica.name, replica.owner, CANARY))


def test_preflight_begins_nothing_at_a_standby_waits_and_says_what_to_do(
    at_replica: Operator, replicated: Database
) -> None:
    _, result = at_replica.preflight("1.0.0")

    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.DATABASE)
    assert REMEDY in result.message
    assert CANARY not in at_replica.log
    assert replicated.value("SELECT to_regnamespace('dbmigrations') IS NULL")


@pytest.mark.parametrize("command", ["migrate", "plan"])
def test_so_does_a_laptop(laptop_at_replica: Laptop, notes: Notes, command: str) -> None:
    assert notes.root.is_dir()

    ran = laptop_at_replica.run(command, "--to", "1.0.0")

    assert ran.code == 30
    assert REMEDY in ran.err
    assert "Traceback" not in ran.all


def test_a_server_that_became_a_standby_between_two_steps_is_waited_for_too(
    tmp_path: Path, replicated: Database, replica: Database, notes: Notes
) -> None:
    operator = Operator(tmp_path, replicated, notes.root)
    operator.secret()
    request, planned = operator.preflight("1.0.0")
    caught_up(replica.server, replicated.server)
    operator.database = replica
    operator.secret()

    failed = operator.follow(request, planned)[-1]

    assert (failed.step.name, failed.reason) == ("Schema", Waiting.DATABASE)
    assert REMEDY in failed.message


def test_a_standby_that_was_promoted_is_migrated_like_any_server(
    at_replica: Operator, replicated: Database, replica: Database
) -> None:
    replicated.server.halt()
    assert replica.value("SELECT pg_promote()")

    results = at_replica.migrate("1.0.0")

    assert results[-1].outcome is Outcome.SUCCEEDED
    assert replica.value("SELECT count(*) FROM notes") == 0
