"""What was asked when nothing was left to do, and how our rows read then: a note that spares the next look.

Nothing is decided by it but that the answer is the same: the same question, of rows that read the same, was answered
before by a whole look. Whatever changes a row of ours or of Prisma's makes the note void.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from dbmigrations.postgres.errors import StatementError

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.tables import Tables

_TABLES = (
    ("migration_history", "id"),
    ("migration_journal", "id"),
    ("migration_owner", "id"),
    ("migration_run", "ordinal"),
    ("migration_version", "id"),
)

# A row that was inserted, updated or deleted changes one of them; one that was restored from a dump has another xmin.
_ROWS = "(SELECT pg_catalog.concat_ws('/', count(*), max({key}), sum(xmin::text::bigint)) FROM {table})"
_PRISMA = "(SELECT pg_catalog.concat_ws('/', count(*), sum(xmin::text::bigint)) FROM {table})"


def state(session: Session, tables: Tables, application_schema: str) -> str | None:
    """How our rows and Prisma's read now; None: our tables are not there in this format, or may not be read."""
    try:
        (has_prisma,) = session.one("SELECT pg_catalog.to_regclass(%s) IS NOT NULL", (_prisma(application_schema),))
        (found,) = session.one(sql.SQL("SELECT {}").format(_state(tables, application_schema, has_prisma=has_prisma)))
    except StatementError:
        return None
    return str(found)


def remember(session: Session, tables: Tables, question: str, state: str, version: str) -> None:
    """Note that this question was answered with nothing to do, when our rows read so."""
    session.execute(
        tables.query(
            "INSERT INTO {schema}.settled (question, state, version) VALUES (%s, %s, %s)"
            " ON CONFLICT (only_row) DO UPDATE SET question = excluded.question, state = excluded.state,"
            " version = excluded.version, settled_at = excluded.settled_at"
        ),
        (question, state, version),
    )


def recall(session: Session, tables: Tables, application_schema: str, question: str) -> str | None:
    """The version of the database, if this very question was answered before and no row has changed since."""
    try:
        row = session.execute(
            tables.query("SELECT state, version FROM {schema}.settled WHERE question = %s"), (question,)
        ).fetchone()
    except StatementError:  # an older format, or none of our tables
        return None
    if row is None or row[0] != state(session, tables, application_schema):
        return None
    return str(row[1])


def _state(tables: Tables, application_schema: str, *, has_prisma: bool) -> sql.Composed:
    parts: list[sql.Composable] = [tables.query("(SELECT version FROM {schema}.format)")]
    for name, key in _TABLES:
        table = sql.Identifier(tables.schema, name)
        parts.append(sql.SQL(_ROWS).format(key=sql.Identifier(key), table=table))
    if has_prisma:
        parts.append(sql.SQL(_PRISMA).format(table=sql.Identifier(application_schema, "_prisma_migrations")))
    return sql.SQL("pg_catalog.concat_ws(' ', {})").format(sql.SQL(", ").join(parts))


def _prisma(application_schema: str) -> str:
    return sql.Identifier(application_schema, "_prisma_migrations").as_string(None)
