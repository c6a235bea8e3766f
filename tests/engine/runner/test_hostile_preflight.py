"""What the application's schema puts before the catalog takes no part in what preflight and the other steps read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from dbmigrations.api.spec import BackupWhen
from dbmigrations.api.step import Outcome, RequestedBackup, RequestedPolicy
from dbmigrations.api.words import OperationsPolicy
from dbmigrations.postgres.client_programs import client_version

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator
    from tests.engine.runner.releases import Notes

FUNCTIONS = {
    "quote_ident(name)": "text",
    "starts_with(name, text)": "boolean",
    "format(text, name)": "text",
    "format(text, name, name)": "text",
    "format(text, text)": "text",
    "concat(text, text)": "text",
    "string_agg(name, text)": "text",
    "lower(name)": "text",
    "length(name)": "integer",
    "pg_table_size(oid)": "bigint",
    "pg_relation_size(oid)": "bigint",
    "pg_total_relation_size(oid)": "bigint",
    "to_regclass(name)": "regclass",
    "generate_series(integer, smallint)": "SETOF integer",
    "jsonb_build_object(text, name)": "jsonb",
    "array_length(smallint[], integer)": "integer",
}
"""What fits calls in queries over the catalog better than PostgreSQL's own, which take text, regclass or anything."""

OPERANDS = ("oid, regclass", "regclass, oid", "oid, regnamespace", "oid, regtype", "text, name", "name, varchar")
OPERATORS = ("=", "<>", "~~", "!~~", "||")


EXACT = {
    "current_setting(text)": "text",
    "current_database()": "name",
    "pg_backend_pid()": "integer",
    "pg_is_in_recovery()": "boolean",
    "set_config(text, text, boolean)": "text",
    "pg_try_advisory_lock(integer, integer)": "boolean",
    "pg_advisory_unlock_all()": "void",
    "to_regclass(text)": "regclass",
    "to_regnamespace(text)": "regnamespace",
}
"""What stands in the place of PostgreSQL's own where the catalog comes last in a search_path."""


def plant(database: Database, *, catalog_last: bool = False) -> None:
    """Fill the application's schema with traps; whoever steps on one says so."""
    body = "LANGUAGE plpgsql AS $$ BEGIN RAISE 'caught by {}'; END $$"
    if catalog_last:
        exact = [f"CREATE FUNCTION public.{call} RETURNS {of} {body.format(call)}" for call, of in EXACT.items()]
        database.run(*exact, f'ALTER DATABASE "{database.name}" SET search_path = public, pg_catalog')
    traps = [f"CREATE FUNCTION public.{call} RETURNS {of} {body.format(call)}" for call, of in FUNCTIONS.items()]
    for number, operands in enumerate(OPERANDS):
        left, right = operands.split(", ")
        traps.append(f"CREATE FUNCTION public.trap_{number}({operands}) RETURNS boolean {body.format(operands)}")
        traps += [
            f"CREATE OPERATOR public.{sign} (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = public.trap_{number})"
            for sign in OPERATORS
        ]
    database.run(*traps, user=database.owner)


@pytest.mark.parametrize(
    "query", ["SELECT FROM pg_class WHERE oid = 'notes'::regclass", "SELECT quote_ident(relname) FROM pg_class"]
)
def test_the_traps_catch_whoever_does_not_mean_the_catalog(laptop: Laptop, database: Database, query: str) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    plant(database)
    with pytest.raises(psycopg.errors.RaiseException, match="caught by"):
        database.rows(query)


@pytest.mark.parametrize("catalog_last", [False, True], ids=["usual path", "catalog last"])
def test_no_command_steps_into_a_trap(laptop: Laptop, database: Database, notes: Notes, *, catalog_last: bool) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    plant(database, catalog_last=catalog_last)
    notes.write(notes.VIEW, "CREATE INDEX CONCURRENTLY coloured ON notes (colour);\nVACUUM notes;\n")
    notes.write("migrations/sql/20260201_0900_colours.down.sql", "DROP INDEX CONCURRENTLY coloured;\n")
    assert laptop.run("check", "--no-backup").code == 0
    assert laptop.run("migrate", "--to", "1.1.0", "--no-backup").code == 0
    database.run("INSERT INTO notes (body, colour) VALUES ('one', 'red'), ('two', 'blue')", user=database.owner)
    for words in (
        ("check", "--drift", "Refuse", "--no-backup"),
        ("version", "--check"),
        ("version", "set", "1.2.0", "--reason", "tried", "--dry-run", "--despite-catalog"),
        ("version", "diff", "1.0.0"),
        ("history",),
        ("verify",),
    ):
        ran = laptop.run(*words)
        assert "caught by" not in ran.all, ran.all
        assert ran.code in {0, 1}, ran.all
    assert "2 values of notes.colour" in laptop.run("plan", "--to", "1.0.0", "--no-backup").all
    plan = laptop.run("plan", "--to", "1.0.0", "--json", "--no-backup").document["plan"]
    back = laptop.run("rollback", "--to-version", "1.0.0", "--yes", "--approve", plan["hash"], "--no-backup")
    assert back.code == 0, back.all


def test_no_step_steps_into_a_trap(operator: Operator, database: Database) -> None:
    operator.migrate("1.0.0")
    plant(database)
    client = client_version("pg_dump")
    can_dump = client is not None and client.major >= database.server.major
    (operator.folder / "backups").mkdir()
    backup = RequestedBackup(
        when=BackupWhen.ALWAYS if can_dump else BackupWhen.NEVER, directory=str(operator.folder / "backups")
    )
    up = operator.migrate("1.1.0", backup=backup)
    assert up[-1].outcome is Outcome.SUCCEEDED, operator.log
    policy = RequestedPolicy(operations=OperationsPolicy.ANY)
    waiting = operator.preflight("1.0.0", backup=backup, policy=policy)[1]
    plan_hash = waiting.plan.hash if waiting.plan else ""
    down = operator.migrate("1.0.0", backup=backup, policy=policy, approved_plan=plan_hash)
    assert down[-1].outcome is Outcome.SUCCEEDED, operator.log
    assert "caught by" not in operator.log
