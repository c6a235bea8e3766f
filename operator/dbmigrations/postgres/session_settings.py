"""How a session is set up, and put back between files: as values, and as the queries that do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from dbmigrations.postgres.queries import milliseconds

if TYPE_CHECKING:
    from dbmigrations.postgres.suitability import ServerFacts

_CHECK_CLIENT_SINCE = 14
"""The major that brought client_connection_check_interval: a server that notices a killed client in mid-statement."""


@dataclass(frozen=True)
class SessionSettings:
    """How a session is set up, and set up again after each file.

    Times are seconds; 0 means no limit. `row_security` is False for preflight, data, verify and backup: under FORCE
    ROW LEVEL SECURITY a backfill would touch no row and an assertion would pass on an empty view; off makes that an
    error.
    """

    application_name: str
    schema: str = "public"
    role: str = ""
    row_security: bool = True
    lock_timeout: float = 1.0
    statement_timeout: float = 0.0
    idle_in_transaction_timeout: float = 300.0


def lock_timeout_query(settings: SessionSettings, *, bounded: bool) -> str:
    """Has statements wait for locks as long as the settings say, or as long as it takes."""
    return f"SET lock_timeout = '{milliseconds(settings.lock_timeout if bounded else 0)}'"


CATALOG_ONLY = sql.SQL("SET LOCAL search_path = pg_catalog, pg_temp")
"""Names without a schema are PostgreSQL's own until the transaction ends."""


def own_role(settings: SessionSettings) -> list[sql.Composable]:
    """What makes it the migrating role's again."""
    role = sql.SQL("SET ROLE {}").format(sql.Identifier(settings.role)) if settings.role else sql.SQL("RESET ROLE")
    return [sql.SQL("RESET SESSION AUTHORIZATION"), role]


ALWAYS_CATALOG_ONLY = sql.SQL("SET search_path = pg_catalog, pg_temp")
"""The same until the session is put back."""

DEALLOCATED = sql.SQL("DEALLOCATE ALL")
"""Takes away what a script prepared, and what we did."""


def emptied(settings: SessionSettings) -> list[sql.Composable]:
    """What takes away all that a script left."""
    # DISCARD ALL would release our lock; this and DEALLOCATED are all of it but that.
    texts = ("RESET ALL", "CLOSE ALL", "UNLISTEN *", "DISCARD TEMP", "DISCARD SEQUENCES")
    return [*own_role(settings), *(sql.SQL(text) for text in texts)]


def set_up(settings: SessionSettings, facts: ServerFacts) -> sql.Composed:
    """What sets it up."""
    values = {
        "row_security": "on" if settings.row_security else "off",
        "lock_timeout": milliseconds(settings.lock_timeout),
        "statement_timeout": milliseconds(settings.statement_timeout),
        "idle_in_transaction_session_timeout": milliseconds(settings.idle_in_transaction_timeout),
        "tcp_keepalives_idle": "15",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "30s",
        "client_min_messages": "notice",
        "standard_conforming_strings": "on",
    }
    if facts.major >= _CHECK_CLIENT_SINCE:
        values["client_connection_check_interval"] = "1s"
        values["idle_session_timeout"] = "0"  # the session that holds the lock is idle while pg_dump runs
    setting = sql.SQL("pg_catalog.set_config({}, {}, false)")
    parts: list[sql.Composable] = [setting.format(name, value) for name, value in values.items()]
    return sql.SQL("SELECT {}").format(sql.SQL(", ").join([*parts, application_path(settings.schema)]))


def application_path(schema: str) -> sql.Composed:
    """The call that has names mean what they mean in scripts."""
    # `public` follows for extensions, but not before the application's schema exists: tables would land in it.
    own = sql.Identifier(schema)
    return sql.SQL(
        "pg_catalog.set_config('search_path',"
        " CASE WHEN pg_catalog.to_regnamespace({quoted}) IS NULL THEN {own} ELSE {both} END, false)"
    ).format(
        quoted=sql.Literal(own.as_string(None)),
        own=sql.Literal(own.as_string(None)),
        both=sql.Literal(own.as_string(None) if schema == "public" else f"{own.as_string(None)}, public"),
    )
