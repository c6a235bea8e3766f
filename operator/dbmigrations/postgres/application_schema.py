"""The application's schema as the migrating role finds it: whether it is there, and may be added to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session

_QUERY = """
    SELECT n.oid IS NOT NULL, coalesce(has_schema_privilege(n.oid, 'USAGE'), false),
        coalesce(has_schema_privilege(n.oid, 'CREATE'), false), current_user
    FROM (SELECT to_regnamespace(%s)::oid AS oid) n
"""


@dataclass(frozen=True, slots=True)
class SchemaStanding:
    """How a role stands to a schema."""

    exists: bool
    may_use: bool
    may_create: bool
    role: str


def schema_standing(session: Session, schema: str) -> SchemaStanding:
    """Ask for the session's role."""
    return SchemaStanding(*session.one(_QUERY, (sql.Identifier(schema).as_string(None),)))
