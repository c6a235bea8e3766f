"""A step fails: the run stops, says where and why, and nothing is half done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from tests.cluster.releases import ONE, TWO

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.releases import Directory
    from tests.cluster.scenario import Scenario

BAD = ONE.release("1.1.0").schema(
    "20260123110000_add_project",
    "CREATE TABLE project (id bigint PRIMARY KEY);\n",
    "DROP TABLE project;\n",
)
BROKEN = BAD.sql(
    "20260123_1200_broken",
    "CREATE TABLE before_the_error (id int);\n\nALTER TABLE project ADD CONSTRAINT c CHECK (no_such_column > 0);\n",
    "DROP TABLE before_the_error;\n",
)
MENDED = BAD.sql(
    "20260123_1200_broken",
    "CREATE TABLE before_the_error (id int);\n\nALTER TABLE project ADD CONSTRAINT c CHECK (id > 0);\n",
    "ALTER TABLE project DROP CONSTRAINT c;\nDROP TABLE before_the_error;\n",
)


def test_a_migration_with_an_error_stalls_with_its_place_and_leaves_nothing_half_applied(scenario: Scenario) -> None:
    scenario.create("1.1.0", BROKEN)

    stalled = scenario.stalled("MigrationFailed")

    message = stalled["status"]["message"]
    assert "20260123_1200_broken.sql:3" in message
    assert "42703" in message
    assert scenario.database.value("SELECT to_regclass('before_the_error') IS NULL")
    assert scenario.database.value("SELECT to_regclass('project') IS NOT NULL")
    assert stalled["status"]["currentVersion"] == "1.0.0*"


def test_the_mended_image_goes_on_where_the_failed_one_stopped(
    scenario: Scenario, source_image: Callable[[str, Directory], str]
) -> None:
    scenario.create("1.1.0", None, source={"image": {"reference": source_image("broken", BROKEN)}})
    scenario.stalled("MigrationFailed")

    scenario.change(source={"image": {"reference": source_image("mended", MENDED)}})
    scenario.ready("1.1.0")

    assert [row for row in scenario.database.applied() if row[2] == "Applied"] == [
        ("20260101000000_init", "Up", "Applied"),
        ("20260101_0900_first_account", "Up", "Applied"),
        ("20260123110000_add_project", "Up", "Applied"),
        ("20260123_1200_broken", "Up", "Applied"),
    ]


def test_lowering_after_a_failure_undoes_exactly_what_was_applied(scenario: Scenario) -> None:
    scenario.create("1.0.0", BROKEN)
    scenario.ready("1.0.0")
    scenario.change(version="1.1.0")
    scenario.stalled("MigrationFailed")

    scenario.change(version="1.0.0")
    scenario.ready("1.0.0")

    assert [row for row in scenario.database.applied() if row[1] == "Down"] == [
        ("20260123110000_add_project", "Down", "Undone"),
    ]
    assert scenario.database.value("SELECT to_regclass('project') IS NULL")


def test_a_table_that_cannot_be_read_stops_the_run_in_its_backup_before_any_change(scenario: Scenario) -> None:
    scenario.create("1.0.0", TWO)
    scenario.ready("1.0.0")
    scenario.database.as_owner("CREATE TABLE damaged AS SELECT generate_series(1, 1000) AS id")
    file = scenario.database.value("SELECT current_setting('data_directory') || '/' || pg_relation_filepath('damaged')")
    with scenario.database.server.admin() as connection:
        connection.execute("CHECKPOINT")
        connection.execute(sql.SQL("COPY (SELECT 1) TO PROGRAM {}").format(f"rm {file}"))  # as a disk loses it

    scenario.change(version="1.1.0")

    stalled = scenario.stalled("BackupFailed")
    assert scenario.steps()[-1] == ("Backup", "", "Failed")
    assert scenario.database.value("SELECT to_regclass('project') IS NULL")
    assert stalled["status"]["currentVersion"] == "1.0.0"


def test_a_backup_that_cannot_be_taken_stops_the_run_before_any_change(scenario: Scenario) -> None:
    scenario.create("1.0.0", TWO)
    scenario.ready("1.0.0")
    scenario.database.execute("CREATE TABLE private (id int)")  # owned by a superuser: the login may not dump it

    scenario.change(version="1.1.0")
    stalled = scenario.stalled("BackupImpossible")
    assert "private" in stalled["status"]["message"]
    assert scenario.database.value("SELECT to_regclass('project') IS NULL")
    assert stalled["status"]["currentVersion"] == "1.0.0"


def test_a_failing_verify_moves_no_version_and_names_the_assertion(scenario: Scenario) -> None:
    scenario.create("1.0.0", TWO.verify("there_is_gold", "SELECT count(*) > 0 FROM project;\n"))
    scenario.ready("1.0.0")

    scenario.change(version="1.1.0")
    stalled = scenario.stalled("VerifyFailed")

    assert "there_is_gold" in stalled["status"]["message"]
    assert stalled["status"]["currentVersion"] == "1.0.0*"


def test_a_verify_that_fails_in_the_middle_of_a_jump_stops_it_there(scenario: Scenario) -> None:
    directory = (
        ONE.release("1.1.0")
        .sql("20260123_1200_a", "CREATE TABLE a (id int);\n", "DROP TABLE a;\n")
        .verify("a_has_rows", "SELECT count(*) > 0 FROM a;\n")
        .release("1.2.0")
        .sql("20260223_1200_b", "CREATE TABLE b (id int);\n", "DROP TABLE b;\n")
    )
    scenario.create("1.2.0", directory)
    stalled = scenario.stalled("VerifyFailed")
    assert stalled["status"]["currentVersion"] == "1.0.0*"
    assert scenario.database.value("SELECT to_regclass('b') IS NULL")

    scenario.database.execute("INSERT INTO a VALUES (1)")
    scenario.annotate(requestedAt="mended")
    scenario.ready("1.2.0")

    assert scenario.database.value("SELECT to_regclass('b') IS NOT NULL")


def test_on_failure_rollback_undoes_the_failed_run_and_stalls(scenario: Scenario) -> None:
    scenario.create("1.0.0", BROKEN, policy={"onFailure": "Rollback"})
    scenario.ready("1.0.0")

    scenario.change(version="1.1.0")
    stalled = scenario.stalled("RolledBack")

    assert scenario.database.value("SELECT to_regclass('project') IS NULL")
    assert stalled["status"]["currentVersion"] == "1.0.0"
