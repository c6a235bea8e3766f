"""`migrate` that has nothing to do answers from a note of a look before, while nothing could change the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.runner.commands import looking, settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbmigrations.runner.commands.looking import Look
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop
    from tests.engine.runner.releases import Notes

MIGRATE = ("migrate", "--no-backup")
SAID = "the database is at 1.2.0: nothing to do\n"
OURS = "ALTER TABLE dbmigrations.migration_history DISABLE TRIGGER only_insert"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Look]:
    """Every look that a command takes."""
    taken: list[Look] = []
    look = looking.look

    def counted(*args: object) -> Look:
        taken.append(look(*args))  # type: ignore[arg-type]  # as it is called
        return taken[-1]

    monkeypatch.setattr(looking, "look", counted)
    return taken


@pytest.fixture
def migrated(laptop: Laptop, looks: list[Look]) -> Laptop:
    """A laptop whose database is at 1.2.0."""
    laptop.changed(*MIGRATE)
    looks.clear()
    return laptop


def test_nobody_looks_again(migrated: Laptop, looks: list[Look], database: Database) -> None:
    before = database.rows("SELECT * FROM dbmigrations.settled")
    for words in (MIGRATE, (*MIGRATE, "--yes", "--operations", "Any", "--wait", "5")):
        ran = migrated.run(*words)
        assert (ran.code, ran.out) == (0, SAID), ran.all
    assert not looks
    assert database.rows("SELECT * FROM dbmigrations.settled") == before


CHANGES: dict[str, Callable[[Notes, Database, pytest.MonkeyPatch], object]] = {
    "an edited script": lambda notes, *_: notes.write(notes.COUNT, "CREATE TABLE totals (n int NOT NULL);\n"),
    "an edited comment": lambda notes, *_: notes.write(notes.LEDGER, (notes.root / notes.LEDGER).read_text() + "# x\n"),
    "a new script": lambda notes, *_: notes.write("migrations/sql/20260401_0900_more.sql", "SELECT 1;\n"),
    "a new folder": lambda notes, *_: notes.write("prisma/migrations/20260401000000_x/migration.sql", "SELECT 1;\n"),
    "a new assertion": lambda notes, *_: notes.write("migrations/verify/other.sql", "SELECT true;\n"),
    "a script less": lambda notes, *_: (notes.root / "migrations/data/20260201_1000_paint.down.sql").unlink(),
    "a link": lambda notes, *_: (notes.root / "migrations/sql/x").symlink_to(notes.root),
    "another runner": lambda _, __, patch: patch.setattr(settled, "runner_version", lambda: "9.9.9"),
    "a row of the version log more": lambda _, database, __: database.run(
        "INSERT INTO dbmigrations.migration_version (version, run_id, owner, uid, history_id)"
        " SELECT version, run_id, owner, uid, history_id FROM dbmigrations.migration_version ORDER BY id DESC LIMIT 1",
    ),
    "a row of the history less": lambda _, database, __: database.run(
        OURS, "DELETE FROM dbmigrations.migration_history WHERE name LIKE '%count'"
    ),
    "a row of the history otherwise": lambda _, database, __: database.run(
        OURS, "UPDATE dbmigrations.migration_history SET outcome = 'Undone' WHERE name LIKE '%count'"
    ),
    "an owner": lambda _, database, __: database.run(
        "INSERT INTO dbmigrations.migration_owner (owner, uid, taken_by, reason) VALUES ('a/b/c', 'u', 'x', 'y')"
    ),
    "a run under way": lambda _, database, __: database.run(
        "UPDATE dbmigrations.migration_run SET outcome = 'Failed' WHERE ordinal = 1"
    ),
    "a row of Prisma's": lambda _, database, __: database.run(
        "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'y', 'z', now())"
    ),
    "a row of Prisma's otherwise": lambda _, database, __: database.run(
        "UPDATE _prisma_migrations SET rolled_back_at = now()"
    ),
    "no note": lambda _, database, __: database.run("DELETE FROM dbmigrations.settled"),
    "an older format": lambda _, database, __: database.run(
        "DROP TABLE dbmigrations.settled", "UPDATE dbmigrations.format SET version = 3"
    ),
    "a newer format": lambda _, database, __: database.run("UPDATE dbmigrations.format SET version = 99"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_could_change_the_answer_has_it_look(
    migrated: Laptop,
    looks: list[Look],
    notes: Notes,
    monkeypatch: pytest.MonkeyPatch,
    *,
    change: str,
    database: Database,
) -> None:
    CHANGES[change](notes, database, monkeypatch)
    ran = migrated.run(*MIGRATE, "--yes")
    assert looks or ran.code != 0, ran.all  # some are refused before anybody looks


@pytest.mark.parametrize("words", [("--to", "1.1.0"), ("--json",), ("--dry-run",)], ids=" ".join)
def test_another_question_is_another(migrated: Laptop, looks: list[Look], words: tuple[str, ...]) -> None:
    migrated.run(*MIGRATE, *words)
    assert looks


def test_what_was_undone_is_applied_again(migrated: Laptop, looks: list[Look], database: Database) -> None:
    migrated.changed("rollback", "--to-version", "1.1.0", "--no-backup", "--yes")
    assert database.value("SELECT to_regclass('totals') IS NULL")
    migrated.changed(*MIGRATE)
    assert database.value("SELECT to_regclass('totals') IS NOT NULL")
    looks.clear()
    assert migrated.run(*MIGRATE).out == SAID
    assert not looks


def test_a_look_that_finds_nothing_to_do_notes_nothing(migrated: Laptop, looks: list[Look], database: Database) -> None:
    database.run("DELETE FROM dbmigrations.settled")
    assert migrated.run(*MIGRATE).out == SAID
    assert looks
    assert database.rows("SELECT * FROM dbmigrations.settled") == []


def test_a_run_that_fails_leaves_no_note_of_its_own(laptop: Laptop, notes: Notes, database: Database) -> None:
    notes.write(notes.COUNT, "CREATE TABLE totals (n nothing);\n")
    assert laptop.run(*MIGRATE).code == 20
    assert database.rows("SELECT * FROM dbmigrations.settled") == []


def test_a_directory_that_changed_during_the_run_is_not_the_one_that_was_asked_about(
    laptop: Laptop, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = iter(["before", "behind"])
    monkeypatch.setattr(settled, "content_digest", lambda _: next(told))
    laptop.changed(*MIGRATE)
    assert database.rows("SELECT * FROM dbmigrations.settled") == []
