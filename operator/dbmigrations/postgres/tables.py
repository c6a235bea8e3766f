"""Our own tables: where they are, whether they are there, making them, who else may write them.

`tables.sql` is format 1; `tables_2.sql` makes it format 2, `tables_3.sql` 3 and so on: a new format only ever adds.
Everything is written with the schema's name; search_path never decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from dbmigrations.postgres.errors import FormatTooNewError, PrivilegesMissingError, StatementError
from dbmigrations.postgres.privileges import check_privileges
from dbmigrations.postgres.view import create_view

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session

_NOT_ALLOWED = "42501"
"""insufficient_privilege."""

FORMAT = 4
"""The format that this runner writes."""


@dataclass(frozen=True)
class Tables:
    """The history schema by name."""

    schema: str = "dbmigrations"

    def query(self, text: LiteralString, **parts: sql.Composable) -> sql.Composed:
        """SQL text with `{schema}` (and `parts`) filled in, quoted."""
        return sql.SQL(text).format(schema=sql.Identifier(self.schema), **parts)


def installed(session: Session, tables: Tables) -> bool:
    """Whether our tables are there, in a format that this runner knows.

    Raises:
        FormatTooNewError: a newer runner wrote them.
        PrivilegesMissingError: they are there, and this role may not read them.
    """
    try:
        found = session.one(
            "SELECT to_regclass(%s) IS NOT NULL", (sql.Identifier(tables.schema, "format").as_string(None),)
        )
        if not found[0]:
            return False
        version, runner = session.one(tables.query("SELECT version, runner_version FROM {schema}.format"))
    except StatementError as error:
        if error.details.sqlstate != _NOT_ALLOWED:
            raise
        raise PrivilegesMissingError(_unreadable(session, tables, error)) from None
    if version > FORMAT:
        raise FormatTooNewError(
            f"schema {tables.schema} has format {version}, written by runner {runner}; this runner knows format "
            f"{FORMAT}: use runner {runner} or newer"
        )
    return True


def install(session: Session, tables: Tables, *, application_schema: str, runner_version: str) -> None:
    """Make our tables where they are missing, all or nothing, writable by nobody but their owner.

    Raises:
        FormatTooNewError: a newer runner wrote those that are there.
        PrivilegesMissingError: this role may not make them; the text names the GRANT.
        PrivilegesUnsafeError: they are there, and others than their owner may write them.
    """
    is_there = installed(session, tables)
    if not is_there or _format_of(session, tables) < FORMAT:
        try:
            with session.transaction():
                if not is_there:
                    _create(session, tables, runner_version)
                _upgrade(session, tables, runner_version)
        except StatementError as error:
            if error.details.sqlstate != _NOT_ALLOWED:
                raise
            raise PrivilegesMissingError(_cannot_create(session, tables, error)) from None
    check_privileges(session, tables.schema)
    create_view(session, tables.schema, application_schema)


def _create(session: Session, tables: Tables, runner_version: str) -> None:
    exists = session.one("SELECT to_regnamespace(%s) IS NOT NULL", (sql.Identifier(tables.schema).as_string(None),))
    if not exists[0]:
        session.execute(tables.query("CREATE SCHEMA {schema}"))
    ddl = files("dbmigrations.postgres").joinpath("tables.sql").read_text(encoding="utf-8")
    session.execute(tables.query(ddl))
    revoke_from_others(session, tables)
    session.execute(
        tables.query("INSERT INTO {schema}.format (version, runner_version) VALUES (1, %s)"), (runner_version,)
    )


def _upgrade(session: Session, tables: Tables, runner_version: str) -> None:
    """From whatever format is there to ours; who comes second finds it done."""
    session.execute(tables.query("LOCK TABLE {schema}.format IN ACCESS EXCLUSIVE MODE"))
    for version in range(_format_of(session, tables) + 1, FORMAT + 1):
        ddl = files("dbmigrations.postgres").joinpath(f"tables_{version}.sql").read_text(encoding="utf-8")
        session.execute(tables.query(ddl))
        session.execute(
            tables.query(
                "UPDATE {schema}.format SET version = %s, runner_version = %s, changed_at = clock_timestamp()"
            ),
            (version, runner_version),
        )
    revoke_from_others(session, tables)


def _format_of(session: Session, tables: Tables) -> int:
    (version,) = session.one(tables.query("SELECT version FROM {schema}.format"))
    return int(version)


def revoke_from_others(session: Session, tables: Tables) -> None:
    """Take back whatever default privileges gave to others on what was just made."""
    others = session.execute(
        "SELECT DISTINCT CASE WHEN a.grantee = 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END"
        " FROM pg_class c CROSS JOIN aclexplode(c.relacl) a"
        " WHERE c.relnamespace = to_regnamespace(%s) AND a.grantee <> c.relowner",
        (sql.Identifier(tables.schema).as_string(None),),
    ).fetchall()
    roles = [sql.SQL("PUBLIC")] + [sql.Identifier(name) for (name,) in others if name is not None]
    for text in (
        "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {roles}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {roles}",
        "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM {roles}",
    ):
        session.execute(tables.query(text, roles=sql.SQL(", ").join(roles)))


def _cannot_create(session: Session, tables: Tables, error: StatementError) -> str:
    role, database = session.one("SELECT current_user, current_database()")
    return (
        f"role {role} cannot make the history tables: {error.details.primary}. As the database's owner run "
        f'CREATE SCHEMA "{tables.schema}" AUTHORIZATION "{role}"; or GRANT CREATE ON DATABASE "{database}" TO "{role}";'
    )


def _unreadable(session: Session, tables: Tables, error: StatementError) -> str:
    role, owner = session.one(
        "SELECT current_user, (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE oid = to_regnamespace(%s))",
        (sql.Identifier(tables.schema).as_string(None),),
    )
    return (
        f"role {role} cannot read schema {tables.schema}: {error.details.primary}. Log in as its owner {owner}, or run "
        f'GRANT "{owner}" TO "{session.facts.login}"; and name {owner} as the role to SET (spec.database.role, --role)'
    )
