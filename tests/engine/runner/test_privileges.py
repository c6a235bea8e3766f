"""What the role may not do, or make, is said before anything runs: with the field, and what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Failure, Refusal
from dbmigrations.api.step import Outcome

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Laptop, Operator
    from tests.engine.runner.releases import Notes

INIT = "prisma/migrations/20260101000000_init/migration.sql"


def log_in_as(operator: Operator, database: Database, *grants: str) -> str:
    """Another role in the Secret."""
    role = database.role(password="x")
    database.run(*(grant.format(role=role) for grant in grants))
    folder = operator.secret("x")
    (folder / "username").write_text(role)
    return role


def test_a_schema_that_does_not_exist_is_named_with_its_field_before_anything_runs(
    operator: Operator, laptop: Laptop, database: Database
) -> None:
    (refused,) = operator.migrate("1.0.0", schema="shopp")
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Refusal.SCHEMA_UNUSABLE)
    assert "schema shopp (`spec.database.schema`) does not exist" in refused.message
    assert f"{INIT}:1:1" in refused.message
    assert f'CREATE SCHEMA "shopp" AUTHORIZATION "{database.owner}";' in refused.message
    said = laptop.run("migrate", "--no-backup", "--yes", "--schema", "shopp")
    assert said.code == 10
    assert "schema shopp (`--schema`) does not exist" in said.all
    assert database.value("SELECT to_regnamespace('dbmigrations')") is None


def test_the_first_migration_may_make_the_schema(operator: Operator, notes: Notes, database: Database) -> None:
    notes.write(INIT, "CREATE SCHEMA shopp;\nCREATE TABLE shopp.notes (id serial PRIMARY KEY, body text NOT NULL);\n")
    assert operator.migrate("1.2.0", schema="shopp")[-1].outcome is Outcome.SUCCEEDED, operator.log
    assert database.value("SELECT to_regclass('shopp.coloured')") is not None


def test_a_plan_that_makes_nothing_in_the_schema_does_not_need_it(operator: Operator, notes: Notes) -> None:
    notes.write(INIT, "CREATE SCHEMA other;\nCREATE TABLE other.notes (id int);\n")
    assert operator.migrate("1.0.0", schema="shopp")[-1].outcome is Outcome.SUCCEEDED, operator.log


def test_a_role_that_may_not_make_tables_is_told_the_grant_and_it_helps(operator: Operator, database: Database) -> None:
    database.run("CREATE SCHEMA shopp")
    role = log_in_as(operator, database, f"GRANT CREATE ON DATABASE {database.name} TO {{role}}")
    (failed,) = operator.migrate("1.0.0", schema="shopp")
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, Failure.PRIVILEGES_MISSING)
    assert f'GRANT USAGE, CREATE ON SCHEMA "shopp" TO "{role}";' in failed.message
    database.run(f"GRANT USAGE ON SCHEMA shopp TO {role}")
    (refused,) = operator.migrate("1.0.0", schema="shopp")
    grant = f'GRANT USAGE, CREATE ON SCHEMA "shopp" TO "{role}";'
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Refusal.SCHEMA_UNUSABLE)
    assert grant in refused.message
    database.run(grant)
    operator.generation = 2
    assert operator.migrate("1.0.0", schema="shopp")[-1].outcome is Outcome.SUCCEEDED, operator.log


def test_a_role_that_may_not_make_the_history_is_told_so_and_no_migration_failed(
    operator: Operator, database: Database
) -> None:
    role = log_in_as(operator, database)
    _, failed = operator.preflight("1.0.0", schema=role)
    assert failed.reason is Refusal.SCHEMA_UNUSABLE
    database.run(f"CREATE SCHEMA {role} AUTHORIZATION {role}")
    _, failed = operator.preflight("1.0.0", schema=role)
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, Failure.PRIVILEGES_MISSING)
    assert f'GRANT CREATE ON DATABASE "{database.name}" TO "{role}";' in failed.message


def test_a_role_that_may_not_read_the_history_is_told_whose_it_is(operator: Operator, database: Database) -> None:
    operator.migrate("1.0.0")
    role = log_in_as(operator, database)
    for grant in ("", f"GRANT USAGE ON SCHEMA dbmigrations TO {role}"):
        database.run(*filter(None, [grant]))
        _, failed = operator.preflight("1.1.0")
        assert (failed.outcome, failed.reason) == (Outcome.FAILED, Failure.PRIVILEGES_MISSING)
        assert f'GRANT "{database.owner}" TO "{role}";' in failed.message
        assert "spec.database.role" in failed.message
    database.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA dbmigrations TO {role}")
    _, failed = operator.preflight("1.1.0")
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, Failure.PRIVILEGES_MISSING)
    assert f'GRANT SELECT, INSERT, UPDATE ON "public"."_prisma_migrations" TO "{role}";' in failed.message


def test_a_role_that_cannot_be_set_is_told_with_the_grant(operator: Operator, database: Database) -> None:
    other = database.role()
    _, failed = operator.preflight("1.0.0", role=other)
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, Failure.PRIVILEGES_MISSING)
    assert f'GRANT "{other}" TO "{database.owner}";' in failed.message
