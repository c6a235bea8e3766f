"""The database's own history decides: whose it is, where it came from, and whether it moved behind our back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from psycopg import sql

from tests.cluster.releases import ONE, TWO, Directory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cluster.postgres_server import Database
    from tests.cluster.scenario import Scenario


def snapshot_of(database: Database, name: str) -> None:
    """Keep a copy of the database under another name."""
    with database.server.admin() as connection:
        there, copy, owner = sql.Identifier(database.name), sql.Identifier(name), sql.Identifier(database.user)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(copy, there, owner))


def restore(database: Database, name: str) -> None:
    """Put the copy in the database's place."""
    with database.server.admin() as connection:
        there, copy = sql.Identifier(database.name), sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(there))
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(copy, there))


def test_a_second_resource_on_the_same_database_is_told_whose_it_is(scenario: Scenario) -> None:
    scenario.create("1.0.0", ONE)
    scenario.ready("1.0.0")
    second = replace(scenario, name="second")

    second.create("1.0.0", ONE)

    assert f"{scenario.ns}/shop" in second.stalled("OwnedByOther")["status"]["message"]


def test_a_new_resource_at_a_lower_version_rolls_nothing_back(
    scenario: Scenario, dbmigrate: Callable[..., str], tmp_path: Path
) -> None:
    for path, text in TWO.as_files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    dbmigrate(scenario.database, "migrate", "--to", "1.1.0", "--dir", str(tmp_path), "--yes", "--no-backup")

    scenario.create("1.0.0", TWO)

    scenario.stalled("VersionAhead")
    assert scenario.database.value("SELECT to_regclass('project') IS NOT NULL")


def test_an_existing_database_is_not_migrated_by_guess_and_a_baseline_adopts_it(scenario: Scenario) -> None:
    scenario.database.as_owner("CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL)")
    scenario.database.as_owner("CREATE INDEX account_name ON account (name)")
    by_hand = Directory().release("1.0.0").sql("20260101_0900_accounts", ACCOUNTS, "DROP TABLE account;\n")
    scenario.create("1.1.0", by_hand.release("1.1.0").sql("20260123_1200_note", NOTE, NO_NOTE))
    assert "baseline" in scenario.stalled("BaselineRequired")["status"]["message"]
    assert scenario.database.query("SELECT attname FROM pg_attribute WHERE attname = 'note' AND attnum > 0") == []

    scenario.change(baseline={"version": "1.0.0"})
    scenario.ready("1.1.0")

    assert scenario.database.applied() == [
        ("20260101_0900_accounts", "Up", "Baselined"),
        ("20260123_1200_note", "Up", "Applied"),
    ]


def test_a_baseline_with_schema_migrations_that_prisma_has_no_record_of_is_refused(scenario: Scenario) -> None:
    scenario.database.as_owner("CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL)")
    scenario.create("1.1.0", TWO, baseline={"version": "1.0.0"})

    assert "prisma" in scenario.stalled("BaselineMismatch")["status"]["message"].lower()


def test_a_baseline_records_what_prisma_has_applied_and_runs_only_the_rest(scenario: Scenario) -> None:
    only_prisma = Directory().release("1.0.0").schema("20260101000000_init", INIT, "DROP TABLE account;\n")
    prisma_has(scenario, INIT)
    scenario.create("1.1.0", TWO_AFTER, baseline={"version": "1.0.0"})

    scenario.ready("1.1.0")

    assert only_prisma.as_files()["prisma/migrations/20260101000000_init/migration.sql"] == INIT
    assert [row for row in scenario.database.applied() if row[0] == "20260101000000_init"] == [
        ("20260101000000_init", "Up", "Baselined"),
    ]
    scenario.change(version="1.0.0")
    scenario.ready("1.0.0")
    assert scenario.database.value("SELECT to_regclass('account') IS NOT NULL")


def test_a_baseline_that_prismas_history_contradicts_is_refused(scenario: Scenario) -> None:
    prisma_has(scenario, "-- another text than the directory has\n")

    scenario.create("1.1.0", TWO_AFTER, baseline={"version": "1.0.0"})

    assert "20260101000000_init" in scenario.stalled("BaselineMismatch")["status"]["message"]


def test_a_line_lost_from_the_ledger_is_never_undone_by_guess(scenario: Scenario) -> None:
    scenario.create("1.1.0", TWO)
    scenario.ready("1.1.0")
    without = TWO.as_files()["releases.yaml"].replace("    sql: [20260123_1200_project_index]\n", "")
    files = dict(TWO.files) | {"releases.yaml": without}

    scenario.change(source={"configMap": None} | scenario.source(Literal(files=tuple(files.items()))))

    assert "20260123_1200_project_index" in scenario.stalled("ReleaseChanged")["status"]["message"]
    assert scenario.database.value("SELECT to_regclass('project_account') IS NOT NULL")


def test_a_version_that_no_release_has_is_named_with_those_there_are(scenario: Scenario) -> None:
    scenario.create("7.0.0", TWO)

    message = scenario.stalled("VersionNotFound")["status"]["message"]

    assert "7.0.0" in message
    assert "1.1.0" in message


def test_a_database_restored_behind_our_back_is_noticed_at_the_next_change(scenario: Scenario) -> None:
    three = TWO.release("1.2.0").sql("20260323_1200_c", "CREATE TABLE c (id int);\n", "DROP TABLE c;\n")
    scenario.create("1.0.0", three)
    scenario.ready("1.0.0")
    snapshot_of(scenario.database, f"{scenario.database.name}_copy")
    scenario.change(version="1.1.0")
    scenario.ready("1.1.0")
    restore(scenario.database, f"{scenario.database.name}_copy")

    scenario.change(version="1.2.0")
    stalled = scenario.stalled("DatabaseMovedBack")

    assert scenario.database.value("SELECT to_regclass('c') IS NULL")
    scenario.change(approvedPlan=stalled["status"]["plan"]["hash"])
    scenario.ready("1.2.0")


def test_a_resource_deleted_and_created_again_at_the_same_version_takes_its_database_back(scenario: Scenario) -> None:
    scenario.create("1.1.0", TWO)
    scenario.ready("1.1.0")
    scenario.delete()
    before = scenario.database.applied()

    scenario.create("1.1.0", TWO)
    scenario.ready("1.1.0")

    assert scenario.database.applied() == before


def test_a_resource_deleted_and_created_again_at_a_lower_version_waits_for_a_person(scenario: Scenario) -> None:
    scenario.create("1.1.0", TWO)
    scenario.ready("1.1.0")
    scenario.delete()

    scenario.create("1.0.0", TWO)
    stalled = scenario.stalled("VersionAhead")

    assert scenario.database.value("SELECT to_regclass('project') IS NOT NULL")
    scenario.change(approvedPlan=stalled["status"]["plan"]["hash"])
    scenario.ready("1.0.0")
    assert scenario.database.value("SELECT to_regclass('project') IS NULL")


ACCOUNTS = "CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL);\n"
NOTE = "ALTER TABLE account ADD COLUMN note text;\n"
NO_NOTE = "ALTER TABLE account DROP COLUMN note;\n"
INIT = "CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL);\n"
TWO_AFTER = (
    Directory()
    .release("1.0.0")
    .schema("20260101000000_init", INIT, "DROP TABLE account;\n")
    .release("1.1.0")
    .sql("20260123_1200_b", "CREATE TABLE b (id int);\n", "DROP TABLE b;\n")
)


class Literal(Directory):
    """A directory of just these files, the ledger among them."""

    def as_files(self) -> dict[str, str]:
        """Path → text."""
        return dict(self.files)


def prisma_has(scenario: Scenario, script: str) -> None:
    """The database as Prisma's own CLI leaves it after applying `20260101000000_init` with this script."""
    scenario.database.as_owner("CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL)")
    scenario.database.as_owner(
        "CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, "
        "finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, "
        "started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)"
    )
    with scenario.database.server.admin(scenario.database.name) as connection:
        connection.execute(
            "INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count) "
            "VALUES (gen_random_uuid()::text, encode(sha256(convert_to(%s, 'UTF8')), 'hex'), now(), "
            "'20260101000000_init', 1)",
            (script,),
        )
