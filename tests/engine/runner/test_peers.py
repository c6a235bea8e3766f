"""What goes wrong in the peers, where a real database is what it goes wrong with; docs/peers.md lists all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.spec import BackupWhen
from dbmigrations.api.step import Outcome, RequestedBackup, StepName, Trigger
from dbmigrations.postgres.client_programs import client_version

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.databases import Database
    from tests.engine.runner.program import Operator
    from tests.engine.runner.releases import Notes

WANTED_EXTENSIONS = {"pg_trgm", "citext", "pgcrypto", "hstore", "pg_stat_statements", "plpgsql"}
NOTES = "CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)"


@pytest.fixture
def provided(database: Database) -> Database:
    """A database as a provider hands it over: with schemas, roles, functions and extensions of his own."""
    admin = database.role("CREATEROLE")
    database.run(
        "CREATE SCHEMA provider",
        "CREATE TABLE provider.settings (name text PRIMARY KEY)",
        "INSERT INTO provider.settings VALUES ('plan')",
        "CREATE TYPE provider.state AS ENUM ('up', 'down')",
        "CREATE FUNCTION provider.check() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$",
        "CREATE EVENT TRIGGER provider_watches ON ddl_command_end EXECUTE FUNCTION provider.check()",
        f"CREATE SCHEMA auth AUTHORIZATION {admin}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {database.owner} GRANT SELECT ON TABLES TO {admin}",
        "CREATE SCHEMA extensions",
    )
    for name in sorted(extensions(database)):
        database.run(f'CREATE EXTENSION IF NOT EXISTS "{name}" SCHEMA extensions')
    return database


def extensions(database: Database) -> set[str]:
    """Those that the tested server has on offer, besides the one that every database has."""
    offered = {name for (name,) in database.rows("SELECT name FROM pg_available_extensions")}
    return (WANTED_EXTENSIONS & offered) - {"plpgsql"}


def of_the_provider(database: Database) -> list[tuple[object, ...]]:
    """Everything in his schemas, and his extensions."""
    return database.rows(
        "SELECT n.nspname, c.relname, c.xmin::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname IN ('provider', 'auth', 'extensions')"
        " UNION ALL SELECT 'extension', extname, xmin::text FROM pg_extension"
        " UNION ALL SELECT 'event trigger', evtname, xmin::text FROM pg_event_trigger ORDER BY 1, 2"
    )


def test_peers_15_a_providers_own_schemas_do_not_make_a_database_look_used(
    operator: Operator, provided: Database
) -> None:
    before = of_the_provider(provided)

    results = operator.migrate("1.1.0")

    assert results[-1].outcome is Outcome.SUCCEEDED, operator.log
    assert results[-1].current_version == "1.1.0"
    assert of_the_provider(provided) == before


def test_peers_15_nor_do_they_wedge_a_baseline(operator: Operator, provided: Database, notes: Notes) -> None:
    provided.run(NOTES, user=provided.owner)
    notes.write("migrations/sql/20260101_0900_notes.sql", f"{NOTES};")
    notes.edit_ledger("schema: [20260101000000_init]", "sql: [20260101_0900_notes]")
    _, refused = operator.preflight("1.0.0")
    assert refused.reason is Refusal.BASELINE_REQUIRED
    before = of_the_provider(provided)
    operator.generation = 2

    adopted = operator.migrate("1.0.0", baseline="1.0.0")
    operator.generation = 3
    raised = operator.migrate("1.1.0", baseline="1.0.0")

    assert [result.step.name for result in adopted] == [StepName.PREFLIGHT, StepName.BASELINE, StepName.VERIFY]
    assert (adopted[-1].outcome, adopted[-1].current_version) == (Outcome.SUCCEEDED, "1.0.0")
    assert (raised[-1].outcome, raised[-1].current_version) == (Outcome.SUCCEEDED, "1.1.0"), operator.log
    assert of_the_provider(provided) == before


@pytest.fixture
def storage(tmp_path: Path, database: Database) -> RequestedBackup:
    """A mounted volume for one backup."""
    client = client_version("pg_dump")
    if client is None or client.major < database.server.major:
        pytest.skip("this machine's pg_dump cannot dump so new a server")
    (tmp_path / "backups").mkdir()
    return RequestedBackup(when=BackupWhen.ALWAYS, directory=str(tmp_path / "backups"), retain=1)


def test_peers_16_a_backup_precedes_the_first_change_on_every_path(
    operator: Operator, storage: RequestedBackup, notes: Notes
) -> None:
    def run(version: str, **fields: object) -> list[StepName]:
        operator.generation += 1
        return [result.step.name for result in operator.migrate(version, backup=storage, **fields)]

    up = run("1.0.0")
    notes.write(notes.VIEW, "SELECT nonsense;")
    failed = run("1.1.0")
    undone_run = operator.database.value("SELECT id FROM dbmigrations.migration_run WHERE outcome = 'Failed'")
    undone = run("1.1.0", trigger=Trigger.ON_FAILURE_ROLLBACK, undo_run=str(undone_run))
    notes.restore(notes.VIEW)
    retried = run("1.1.0", trigger=Trigger.RETRY)
    down = run("1.0.0")

    for path in (up, failed, undone, retried, down):
        assert path[:2] == [StepName.PREFLIGHT, StepName.BACKUP], path
        assert len(path) > 2, path


def test_peers_18_nothing_runs_again_in_a_database_that_was_restored_to_an_earlier_state(
    operator: Operator, database: Database
) -> None:
    operator.migrate("1.0.0")
    kept = f"{database.name}_kept"
    copy(database, database.name, kept)
    operator.generation = 2
    operator.migrate("1.1.0")

    database.server.drop_database(database.name)
    copy(database, kept, database.name)
    database.server.drop_database(kept)
    operator.generation = 3
    _, result = operator.preflight("1.2.0")

    assert (result.outcome, result.reason) == (Outcome.REFUSED, Refusal.DATABASE_MOVED_BACK)
    assert "spec.approvedPlan" in result.message
    assert database.value("SELECT to_regclass('totals') IS NULL AND to_regclass('coloured') IS NULL")


def copy(database: Database, source: str, target: str) -> None:
    """A database as it is now, under another name."""
    with psycopg.connect(database.server.dsn(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                *map(sql.Identifier, (target, source, database.owner))
            )
        )
