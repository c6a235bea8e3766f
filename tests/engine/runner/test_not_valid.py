"""A constraint left NOT VALID fails Verify, unless the script that adds it says that it may stay so, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop
    from tests.engine.runner.releases import Notes

VIEW = "CREATE VIEW coloured AS SELECT id, colour FROM notes;\n"
ALLOWED = "-- migrate: allow=not-valid reason=rows of before 2019 never will be\n"
MIGRATE = ("migrate", "--to", "1.1.0", "--no-backup", "--yes")


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("ALTER TABLE notes ADD CONSTRAINT c CHECK (id > 0) NOT VALID;", "c of public.notes"),
        ("ALTER TABLE public.notes ADD CONSTRAINT c CHECK (id > 0) NOT VALID;", "c of public.notes"),
        (
            'ALTER TABLE notes ADD CONSTRAINT "Ä b" CHECK (id > 0) NOT VALID, ADD CONSTRAINT "in" CHECK (id > 1);',
            '"Ä b" of public.notes',
        ),
        (
            "ALTER TABLE notes ADD CONSTRAINT c FOREIGN KEY (id) REFERENCES notes NOT VALID;",
            "c of public.notes",
        ),
        (
            "CREATE DOMAIN positive AS int;\n{}ALTER DOMAIN positive ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID;",
            "c of public.positive",
        ),
    ],
    ids=["a check", "qualified", "quoted", "a foreign key", "of a domain"],
)
def test_one_that_may_stay_so_passes(
    laptop: Laptop, notes: Notes, database: Database, statement: str, name: str
) -> None:
    plain, said = (
        statement.replace("{}", ""),
        statement.replace("{}", ALLOWED) if "{}" in statement else ALLOWED + statement,
    )
    notes.write(notes.VIEW, VIEW + plain)
    failed = laptop.run(*MIGRATE)
    assert failed.code == 20, failed.all
    assert f"NOT VALID constraint {name}: run ALTER TABLE" in failed.err
    assert "allow=not-valid" in failed.err
    notes.write(notes.VIEW, VIEW + said)
    accepted = laptop.run("check", "--accept", "sql/20260201_0900_colours", "--reason", "says why", "--no-backup")
    assert accepted.code == 0, accepted.all
    laptop.changed(*MIGRATE)
    assert laptop.run("verify").code == 0
    assert database.value("SELECT count(*) > 0 FROM pg_constraint WHERE NOT convalidated")


def test_its_reason_is_kept_and_says_nothing_of_others(laptop: Laptop, notes: Notes, database: Database) -> None:
    both = "ALTER TABLE notes ADD CONSTRAINT {} CHECK (id > 0) NOT VALID;\n"
    notes.write(notes.VIEW, VIEW + ALLOWED + both.format("meant") + both.format("forgotten"))
    failed = laptop.run(*MIGRATE)
    assert failed.code == 20, failed.all
    assert "forgotten" in failed.err
    assert "meant" not in failed.err
    database.run("ALTER TABLE notes VALIDATE CONSTRAINT forgotten", user=database.owner)
    laptop.changed(*MIGRATE)
    kept = "SELECT exceptions FROM dbmigrations.migration_history WHERE exceptions IS NOT NULL"
    assert database.value(kept) == "3:1 allow=not-valid: rows of before 2019 never will be"
    laptop.changed("rollback", "--to-version", "1.0.0", "--no-backup", "--yes")


def test_an_index_that_is_invalid_is_never_meant(laptop: Laptop, notes: Notes, database: Database) -> None:
    notes.write(notes.VIEW, ALLOWED + VIEW + "CREATE INDEX c ON notes (colour);\n")
    assert laptop.run(*MIGRATE).code == 0
    database.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'c'::regclass")
    assert laptop.run("verify").code == 20
