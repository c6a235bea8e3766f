"""A version is raised and lowered; the Jobs run in their order, and the database is what the version says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster.releases import ONE, TWO, Directory

if TYPE_CHECKING:
    from tests.cluster.scenario import Scenario

THREE = (
    TWO.release("1.2.0")
    .schema(
        "20260301100000_drop_name",
        "ALTER TABLE account DROP COLUMN name;\n",
        "ALTER TABLE account ADD COLUMN name text NOT NULL DEFAULT '';\n",
    )
    .says("1.2.0", 'breaking: "account.name is gone: read project.owner"')
)
"""1.2.0 drops the column that the data migration of 1.1.0 reads."""


def test_raising_the_version_runs_the_steps_one_after_the_other(scenario: Scenario) -> None:
    scenario.create("1.0.0", TWO)
    scenario.ready("1.0.0")
    scenario.database.execute("INSERT INTO account VALUES (1, 'one'), (2, 'two')")
    before = {job["metadata"]["name"] for job in scenario.jobs()}

    scenario.change(version="1.1.0")
    scenario.ready("1.1.0")

    assert scenario.steps() == [
        ("Preflight", "", "Succeeded"),
        ("Backup", "", "Succeeded"),
        ("Schema", "1.1.0", "Succeeded"),
        ("SQL", "1.1.0", "Succeeded"),
        ("Data", "1.1.0", "Succeeded"),
        ("Verify", "1.1.0", "Succeeded"),
    ]
    jobs = [job for job in scenario.jobs() if job["metadata"]["name"] not in before]
    pods = [pod for job in jobs for pod in scenario.pods_of(job["metadata"]["name"])]
    ended = [pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"] for pod in pods]
    assert len(jobs) == len(pods) == 6
    assert all(end <= job["metadata"]["creationTimestamp"] for end, job in zip(ended, jobs[1:], strict=False))
    assert scenario.database.value("SELECT count(*) FROM project") == 2
    assert scenario.status()["backup"]["sizeBytes"] > 0


def test_lowering_the_version_undoes_the_releases_above_it_and_keeps_the_rest(scenario: Scenario) -> None:
    scenario.create("1.1.0", TWO)
    scenario.ready("1.1.0")
    scenario.database.execute("INSERT INTO account VALUES (1, 'one')")

    scenario.change(version="1.0.0")
    scenario.ready("1.0.0")

    assert scenario.database.value("SELECT to_regclass('project') IS NULL")
    assert scenario.database.value("SELECT name FROM account") == "one"
    assert [row[0] for row in scenario.database.applied() if row[1] == "Down"] == [
        "20260123_1210_first_project",
        "20260123_1200_project_index",
        "20260123110000_add_project",
    ]
    assert [step[0] for step in scenario.steps() if step[2] == "Succeeded"] == [
        "Preflight", "Backup", "Data", "SQL", "Schema", "Verify",
    ]  # fmt: skip


def test_rolling_back_needs_no_directory_that_knows_what_is_undone(scenario: Scenario) -> None:
    scenario.create("1.1.0", TWO)
    scenario.ready("1.1.0")

    scenario.change(version="1.0.0", source={"configMap": None} | scenario.source(ONE))
    scenario.ready("1.0.0")

    assert scenario.database.value("SELECT to_regclass('project') IS NULL")


def test_a_jump_over_two_releases_runs_the_first_ones_backfill_before_the_second_drops_its_column(
    scenario: Scenario,
) -> None:
    scenario.create("1.0.0", THREE, policy={"operations": "Any"})
    scenario.ready("1.0.0")
    scenario.database.execute("INSERT INTO account VALUES (1, 'one')")

    scenario.change(version="1.2.0")
    scenario.ready("1.2.0", within=240)

    assert scenario.database.value("SELECT owner FROM project") == "one"
    assert [(s, r) for s, r, state in scenario.steps() if state == "Succeeded"] == [
        ("Preflight", ""), ("Backup", ""), ("Schema", "1.1.0"), ("SQL", "1.1.0"), ("Data", "1.1.0"),
        ("Verify", "1.1.0"), ("Schema", "1.2.0"), ("Verify", "1.2.0"),
    ]  # fmt: skip

    scenario.change(version="1.0.0")
    scenario.ready("1.0.0", within=240)

    assert scenario.database.value("SELECT to_regclass('project') IS NULL")
    assert scenario.database.value("SELECT count(*) FROM account WHERE name = ''") == 1


def test_steps_with_nothing_to_do_start_no_pod(scenario: Scenario) -> None:
    only_sql = Directory().release("1.0.0").sql("20260101_0900_one", "CREATE TABLE t (id int);\n", "DROP TABLE t;\n")

    scenario.create("1.0.0", only_sql)
    scenario.ready("1.0.0")

    skipped = [step for step, _, state in scenario.steps() if state == "Skipped"]
    assert skipped == ["Schema", "Data"]
    assert len(scenario.jobs()) == 4  # Preflight, Backup, SQL, Verify


def test_prismas_own_table_says_the_same_as_ours(scenario: Scenario) -> None:
    scenario.create("1.1.0", TWO)
    scenario.ready("1.1.0")
    rows = "SELECT migration_name, finished_at IS NOT NULL, rolled_back_at IS NULL FROM _prisma_migrations ORDER BY 1"
    assert scenario.database.query(rows) == [
        ("20260101000000_init", True, True),
        ("20260123110000_add_project", True, True),
    ]

    scenario.change(version="1.0.0")
    scenario.ready("1.0.0")

    assert scenario.database.query(rows) == [
        ("20260101000000_init", True, True),
        ("20260123110000_add_project", True, False),
    ]
