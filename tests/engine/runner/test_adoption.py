"""Adopting a database that another tool migrated, as a person does and as Jobs do: nothing of theirs is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.step import Outcome, StepName
from tests.engine import predecessor_tables as tables

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator
    from tests.engine.runner.releases import Notes

NOTES = "CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)"
COLOURED = (NOTES, "ALTER TABLE notes ADD COLUMN colour text")
FIRST = "20260101000000"
SECOND = "20260201000000"
TOOLS = {
    "Flyway": ("flyway_schema_history", tables.flyway(f"V{FIRST}__init.sql", "R__view.sql")),
    "dbmate": ("schema_migrations", tables.dbmate(FIRST)),
    "golang-migrate": ("schema_migrations", tables.golang_migrate(FIRST)),
    "Rails": ("schema_migrations", tables.rails(FIRST)),
    "goose": ("goose_db_version", tables.goose(FIRST)),
}


def before(database: Database, *statements: str) -> None:
    """What the other tool left: owned by the role that now migrates."""
    database.run(*statements, user=database.owner)


def rows_of(database: Database, table: str) -> list[tuple[object, ...]]:
    """With the transaction that wrote each, so that nothing passes unseen."""
    return database.rows(f"SELECT xmin::text, t::text FROM {table} t ORDER BY 2")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_database_of_each_tool_is_adopted_and_goes_on(laptop: Laptop, database: Database, tool: str) -> None:
    table, statements = TOOLS[tool]
    before(database, NOTES, *statements)
    untouched = rows_of(database, table)

    refused = laptop.run("migrate", "--yes", "--no-backup")
    adopted = laptop.run("baseline", "1.0.0", "--yes", "--no-backup", "--json")
    laptop.changed("migrate", "--yes")

    assert f"this database was migrated with {tool} (" in refused.err
    assert f"newest {FIRST}" in refused.err
    assert "dbmigrate baseline 1.0.0" in refused.err
    assert adopted.code == 0, adopted.all
    count = None if tool == "golang-migrate" else 1
    assert adopted.document["plan"]["predecessors"] == [
        {"tool": tool, "table": f"public.{table}", "migrations": count, "newest": FIRST, "agrees_with": "1.0.0"}
    ]
    assert laptop.run("version").out.startswith("1.2.0\n")
    assert rows_of(database, table) == untouched


@pytest.mark.parametrize("tool", TOOLS)
def test_jobs_adopt_it_too(operator: Operator, database: Database, tool: str) -> None:
    table, statements = TOOLS[tool]
    before(database, NOTES, *statements)
    untouched = rows_of(database, table)

    _, refused = operator.preflight("1.0.0")
    operator.generation = 2
    adopted = operator.migrate("1.0.0", baseline="1.0.0")

    assert refused.reason is Refusal.BASELINE_REQUIRED
    assert f"this database was migrated with {tool} (" in refused.message
    assert "spec.baseline.version: 1.0.0" in refused.message
    assert [result.step.name for result in adopted] == [StepName.PREFLIGHT, StepName.BASELINE, StepName.VERIFY]
    assert (adopted[-1].outcome, adopted[-1].current_version) == (Outcome.SUCCEEDED, "1.0.0"), operator.log
    assert f"adopted from {tool} (" in adopted[0].message
    assert rows_of(database, table) == untouched


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (
            tables.flyway(f"V{FIRST}__init.sql", f"V{SECOND}__x.sql"),
            "schema 20260201000000_add_colour is recorded there",
        ),
        (tables.dbmate(FIRST, SECOND), "schema 20260201000000_add_colour is recorded there, which is of release 1.1.0"),
        (tables.golang_migrate(SECOND), "schema 20260201000000_add_colour is recorded there"),
        (tables.rails(FIRST, "20260115000000"), "20260115000000 is recorded there, and no release lists it"),
        (tables.goose(SECOND), "schema 20260101000000_init (releases.yaml:4) is not recorded there"),
        (tables.flyway(f"V{FIRST}__init.sql", failed="V20260110000000__x.sql"), "V20260110000000__x.sql failed"),
        (tables.golang_migrate(FIRST, dirty=True), f"version {FIRST} is dirty"),
    ],
)
def test_a_record_that_contradicts_the_baseline_is_refused_and_nothing_is_written(
    laptop: Laptop, database: Database, statements: list[str], told: str
) -> None:
    before(database, NOTES, *statements)

    refused = laptop.run("baseline", "1.0.0", "--yes", "--no-backup")

    assert refused.code == 10, refused.all
    assert told in refused.err
    assert database.value("SELECT to_regnamespace('dbmigrations') IS NULL")


def test_the_release_that_agrees_is_named_and_taken(laptop: Laptop, database: Database) -> None:
    before(database, *COLOURED, *tables.dbmate(FIRST, SECOND, "20260201090000", "20260201100000"))
    before(database, "CREATE VIEW coloured AS SELECT id, colour FROM notes WHERE colour IS NOT NULL")

    refused = laptop.run("baseline", "1.0.0", "--yes", "--no-backup")
    taken = laptop.run("baseline", "1.1.0", "--yes", "--no-backup")

    assert "(1.1.0 agrees)" in refused.err
    assert taken.code == 0, taken.all
    assert laptop.run("version").out.startswith("1.1.0\n")


def test_prisma_is_told_what_another_tool_had_made(laptop: Laptop, database: Database) -> None:
    before(database, NOTES, *tables.dbmate(FIRST))
    laptop.changed("baseline", "1.0.0", "--yes")
    finished = "SELECT migration_name, finished_at IS NOT NULL FROM _prisma_migrations"
    assert database.rows(finished) == [("20260101000000_init", True)]


def test_numbers_of_another_order_are_taken_on_trust_and_said_so(laptop: Laptop, database: Database) -> None:
    before(database, NOTES, *tables.goose("1", "2"))
    taken = laptop.run("baseline", "1.0.0", "--yes", "--no-backup", "--json")
    assert taken.code == 0, taken.all
    said = "\n".join(taken.document["plan"]["notes"])
    assert "goose (2 migrations, newest 2) was here; public.goose_db_version is only read" in said
    assert "none of its versions is one of the ledger's, so the baseline is taken on trust" in said


def test_a_table_that_may_not_be_read_is_refused_until_it_may(laptop: Laptop, database: Database) -> None:
    before(database, NOTES)
    database.run(*tables.dbmate(FIRST))
    refused = laptop.run("baseline", "1.0.0", "--yes", "--no-backup")
    assert refused.code == 10, refused.all
    assert "GRANT SELECT ON public.schema_migrations" in refused.err

    database.run("GRANT SELECT ON schema_migrations TO PUBLIC")
    laptop.changed("baseline", "1.0.0", "--yes")


def test_the_table_of_another_application_beside_the_schema_is_not_minded(
    laptop: Laptop, database: Database, notes: Notes
) -> None:
    before(
        database, "CREATE SCHEMA shop", NOTES.replace("notes", "shop.notes"), *tables.golang_migrate("7", dirty=True)
    )
    assert notes.root.is_dir()
    taken = laptop.run("baseline", "1.0.0", "--yes", "--no-backup", "--schema", "shop", "--json")
    assert taken.code == 0, taken.all
    assert "not of this schema, so not minded" in "\n".join(taken.document["plan"]["notes"])


def test_a_baseline_runs_nothing_on_an_empty_database(laptop: Laptop, database: Database) -> None:
    ran = laptop.run("baseline", "1.0.0", "--yes", "--no-backup")

    assert (ran.code, "this database is empty: `dbmigrate migrate --to 1.0.0`" in ran.err) == (2, True), ran.all
    assert database.value("SELECT to_regclass('notes') IS NULL AND to_regnamespace('dbmigrations') IS NULL")


def test_a_baseline_runs_nothing_on_a_database_with_a_history(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.0.0")

    ran = laptop.run("baseline", "1.1.0", "--yes", "--no-backup")

    assert (ran.code, "this one has one (1.0.0)" in ran.err) == (2, True), ran.all
    assert laptop.run("version").out.startswith("1.0.0\n")
    assert database.value("SELECT count(*) FROM dbmigrations.migration_history WHERE outcome = 'Baselined'") == 0
