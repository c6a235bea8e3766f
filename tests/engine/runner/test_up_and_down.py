"""The whole way on a laptop and in Jobs: up release by release, down again, twice, with what is there now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.step import Outcome, PlanDirection

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator


def test_a_laptop_goes_up_and_down_and_up_again(laptop: Laptop, database: Database) -> None:
    laptop.changed("migrate", "--to", "1.0.0")
    database.run("INSERT INTO notes (body) VALUES ('kept')")
    laptop.changed("migrate", "--to", "1.1.0")
    assert database.rows("SELECT body, colour FROM notes") == [("kept", "blue")]
    assert laptop.run("version", "--check", "--expect", "1.1.0").code == 0

    ran = laptop.run("rollback", "--to-version", "1.0.0", "--yes", "--backup-dir", "backups", "--no-backup")
    assert ran.code == 10, ran.all  # it loses the colours, no backup is taken, and nobody approved that
    approval = laptop.run("plan", "--to", "1.0.0", "--no-backup", "--json").document["plan"]["hash"]
    laptop.changed("rollback", "--to-version", "1.0.0", "--yes", "--approve", approval)
    assert database.rows("SELECT * FROM notes") == [(1, "kept")]
    assert laptop.run("version", "--json").document["database"] == "1.0.0"

    laptop.changed("migrate", "--to", "1.1.0")
    assert database.rows("SELECT body, colour FROM notes") == [("kept", "blue")]


def test_jobs_go_release_by_release_and_each_verified_release_is_the_version(operator: Operator) -> None:
    results = operator.migrate("1.2.0")
    assert [f"{r.step.name} {r.step.release}".strip() for r in results] == [
        "Preflight",
        "Schema 1.0.0",
        "Verify 1.0.0",
        "Schema 1.1.0",
        "SQL 1.1.0",
        "Data 1.1.0",
        "Verify 1.1.0",
        "SQL 1.2.0",
        "Verify 1.2.0",
    ]
    assert [r.outcome for r in results] == [Outcome.SUCCEEDED] * len(results)
    versions = [r.current_version for r in results]
    assert versions == ["", "", "1.0.0", "1.0.0*", "1.0.0*", "1.0.0*", "1.1.0", "1.1.0*", "1.2.0"]
    assert results[-1].last_run == results[-1].run


def test_a_lowered_version_is_undone_in_mirror_order_with_one_verify(operator: Operator, database: Database) -> None:
    operator.migrate("1.2.0")
    operator.generation = 2
    results = operator.migrate("1.0.0")
    assert [f"{r.step.name} {r.step.release}".strip() for r in results] == [
        "Preflight",
        "SQL 1.2.0",
        "Data 1.1.0",
        "SQL 1.1.0",
        "Schema 1.1.0",
        "Verify 1.0.0",
    ]
    assert results[0].plan is not None
    assert results[0].plan.direction is PlanDirection.DOWN
    assert results[-1].current_version == "1.0.0"
    assert database.value("SELECT to_regclass('totals') IS NULL AND to_regclass('coloured') IS NULL")


def test_a_second_run_has_nothing_to_do_and_starts_nothing(operator: Operator) -> None:
    operator.migrate("1.1.0")
    _, result = operator.preflight("1.1.0")
    assert (result.outcome, result.next, result.current_version) == (Outcome.SUCCEEDED, None, "1.1.0")


def test_the_history_says_who_did_what_for_whom(operator: Operator, database: Database) -> None:
    operator.migrate("1.0.0", requested_by="ada", git_revision="c0ffee", image_digest="sha256:1")
    rows = database.rows(
        "SELECT release, kind, name, direction, outcome, owner, uid, requested_by, git_revision, image_digest"
        " FROM dbmigrations.migration_history"
    )
    assert rows == [
        ("1.0.0", "schema", "20260101000000_init", "Up", "Applied", "c/prod/shop", "uid-1", "ada", "c0ffee", "sha256:1")
    ]


def test_prisma_finds_its_own_table_true(operator: Operator, database: Database) -> None:
    finished = "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL"
    operator.migrate("1.1.0")
    assert database.rows(finished) == [("20260101000000_init",), ("20260201000000_add_colour",)]
    operator.generation = 2
    operator.migrate("1.0.0")
    assert database.rows(finished) == [("20260101000000_init",)]
