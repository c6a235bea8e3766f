"""The view in the application's schema is for reading, whatever the application's roles are given by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from dbmigrations.postgres.tables import install

if TYPE_CHECKING:
    from tests.engine.databases import Database


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO migration_history (version, kind, name) VALUES ('9.9.9', 'sql', 'planted')",
        "UPDATE migration_history SET name = 'other'",
        "DELETE FROM migration_history",
    ],
)
def test_nothing_is_written_through_the_view_by_a_role_that_default_privileges_let_write(
    database: Database, change: str
) -> None:
    other = database.role()
    database.run(
        "ALTER SCHEMA public OWNER TO " + database.owner,
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {database.owner} IN SCHEMA public GRANT ALL ON TABLES TO {other}",
    )
    with database.session() as session:
        install(session, database.tables, application_schema="public", runner_version="test")
    assert database.rows("SELECT * FROM migration_history", other) == []
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match=r"cannot .* view"):
        database.run(change, user=other)
