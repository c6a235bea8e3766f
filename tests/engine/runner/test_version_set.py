"""`version set` records what a person knows; what would be a lie is refused, and nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator, Ran
    from tests.engine.runner.releases import Notes

BY_HAND = (
    "ALTER TABLE notes ADD COLUMN colour text",
    "CREATE VIEW coloured AS SELECT id, colour FROM notes WHERE colour IS NOT NULL",
)


@pytest.fixture
def at_first(laptop: Laptop) -> Laptop:
    laptop.changed("migrate", "--to", "1.0.0")
    return laptop


def record(laptop: Laptop, version: str, *words: str) -> Ran:
    return laptop.run("version", "set", version, "--reason", "done by hand", "--yes", *words)


def outcomes(database: Database) -> list[tuple[str, str]]:
    return [
        (name, outcome)
        for name, outcome in database.rows("SELECT name, outcome FROM dbmigrations.migration_history ORDER BY id")
    ]


def test_what_was_done_by_hand_is_recorded_and_not_run(at_first: Laptop, database: Database) -> None:
    database.run(*BY_HAND, user=database.owner)
    ran = record(at_first, "1.1.0", "--json")
    assert ran.code == 0, ran.all
    assert [each["name"] for each in ran.document["baselined"]] == [
        "20260201000000_add_colour",
        "20260201_0900_colours",
        "20260201_1000_paint",
    ]
    assert at_first.run("version", "--json").document["database"] == "1.1.0"
    assert {outcome for _, outcome in outcomes(database)[1:]} == {"Baselined"}
    said = database.rows(
        "SELECT message, trigger, outcome FROM dbmigrations.migration_run ORDER BY ordinal DESC LIMIT 1"
    )
    assert said == [("done by hand", "VersionSet", "Succeeded")]
    at_first.changed("migrate")
    assert at_first.run("version", "--json").document["database"] == "1.2.0"


def test_prisma_knows_it_too(at_first: Laptop, database: Database) -> None:
    database.run(*BY_HAND, user=database.owner)
    assert record(at_first, "1.1.0").code == 0
    rows = database.rows("SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY 1")
    assert rows == [("20260101000000_init",), ("20260201000000_add_colour",)]


def test_what_prisma_applied_itself_is_taken_once(at_first: Laptop, database: Database, notes: Notes) -> None:
    database.run(*BY_HAND, user=database.owner)
    copied = (
        "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('theirs', "
        f"encode(sha256(convert_to($a${(notes.root / notes.COLOUR).read_text()}$a$, 'UTF8')), 'hex'), "
        "'20260201000000_add_colour', now())"
    )
    database.run(copied, user=database.owner)
    assert at_first.run("check", "--to", "1.1.0", "--no-backup").code == 1
    ran = record(at_first, "1.1.0")
    assert ran.code == 0, ran.all
    assert database.value("SELECT count(*) FROM _prisma_migrations") == 2


def test_what_was_taken_back_by_hand_is_recorded_as_undone(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate")
    database.run("DROP TABLE totals", user=database.owner)
    assert record(laptop, "1.1.0").code == 0
    assert outcomes(database)[-1] == ("20260301_0900_count", "Undone")
    laptop.changed("migrate")
    assert database.value("SELECT to_regclass('totals') IS NOT NULL")


def test_what_the_catalog_contradicts_is_refused_unless_meant(at_first: Laptop, database: Database) -> None:
    ran = record(at_first, "1.1.0")
    assert ran.code == 10
    assert "public.notes.colour is not there" in ran.err
    assert len(outcomes(database)) == 1
    at_first.changed("migrate", "--to", "1.2.0")
    assert "public.totals is still there" in record(at_first, "1.1.0").err
    assert record(at_first, "1.1.0", "--despite-catalog").code == 0


def test_assertions_that_do_not_hold_keep_it_from_being_recorded(at_first: Laptop, database: Database) -> None:
    database.run(*BY_HAND, "INSERT INTO notes (body) VALUES ('unpainted')", user=database.owner)
    ran = record(at_first, "1.1.0")
    assert ran.code == 20
    assert "all_are_painted.sql:1:1" in ran.err
    assert len(outcomes(database)) == 1
    assert at_first.run("version", "--json").document["database"] == "1.0.0"


def test_an_edited_file_or_a_lost_line_is_not_covered(laptop: Laptop, database: Database, notes: Notes) -> None:
    laptop.changed("migrate", "--to", "1.1.0")
    before = len(outcomes(database))
    notes.write(notes.VIEW, "CREATE VIEW coloured AS SELECT 1 AS id;\n")
    assert "HistoryDiverged" in record(laptop, "1.1.0", "--json").out
    notes.restore(notes.VIEW)
    notes.edit_ledger("    sql: [20260201_0900_colours]\n", "")
    assert "ReleaseChanged" in record(laptop, "1.1.0", "--json").out
    assert len(outcomes(database)) == before


def test_a_half_done_migration_is_neither_done_nor_undone(at_first: Laptop, database: Database, notes: Notes) -> None:
    notes.write(notes.VIEW, "-- migrate: tx=statement\nCREATE TABLE a (id int);\nSELECT 1/0;\n")
    assert at_first.run("migrate", "--to", "1.1.0", "--no-backup").code == 20
    database.run("CREATE VIEW coloured AS SELECT 1 AS id", user=database.owner)
    assert "PartiallyApplied" in record(at_first, "1.1.0", "--json").out
    assert "PartiallyApplied" in record(at_first, "1.0.0", "--json").out


def test_a_database_without_history_is_a_matter_of_baseline(laptop: Laptop, database: Database) -> None:
    ran = record(laptop, "1.0.0")
    assert (ran.code, "dbmigrate baseline 1.0.0" in ran.err) == (10, True)
    assert database.value("SELECT to_regnamespace('dbmigrations') IS NULL")


def test_nothing_is_recorded_below_the_baseline(laptop: Laptop, database: Database) -> None:
    database.run("CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)", *BY_HAND, user=database.owner)
    import_prisma(database, "20260101000000_init", "20260201000000_add_colour", laptop=laptop)
    ran = laptop.run("baseline", "1.1.0", "--no-backup", "--yes")
    assert ran.code == 0, ran.all
    assert "BelowBaseline" in record(laptop, "1.0.0", "--json").out


def import_prisma(database: Database, *names: str, laptop: Laptop) -> None:
    database.run(
        "CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at"
        " timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at"
        " timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)",
        user=database.owner,
    )
    for name in names:
        text = (laptop.folder / "database/prisma/migrations" / name / "migration.sql").read_text()
        database.run(
            "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)"
            f" VALUES ('{name}', encode(sha256(convert_to($a${text}$a$, 'UTF8')), 'hex'), '{name}', now())",
            user=database.owner,
        )


def test_an_owned_database_is_left_to_its_owner(operator: Operator, laptop: Laptop, database: Database) -> None:
    operator.migrate("1.0.0")
    database.run(*BY_HAND, user=database.owner)
    assert "OwnedByOther" in record(laptop, "1.1.0", "--json").out
    assert record(laptop, "1.1.0", "--force-owned").code == 0


def test_a_dry_run_and_a_command_without_yes_record_nothing(at_first: Laptop, database: Database) -> None:
    database.run(*BY_HAND, user=database.owner)
    ran = record(at_first, "1.1.0", "--dry-run")
    assert (ran.code, "3 migrations recorded, none run" in ran.out) == (0, True)
    assert at_first.run("version", "set", "1.1.0", "--reason", "x").code == 2
    assert at_first.run("version", "set", "1.1.0", "--reason", " ", "--yes").code == 2
    assert len(outcomes(database)) == 1
