"""From psycopg's errors to ours, by SQLSTATE class. Texts of a failed connection are our own: see `settings`."""

from __future__ import annotations

import psycopg

from dbmigrations.postgres.errors import (
    AuthenticationError,
    ConnectionLostError,
    ContentionError,
    EngineError,
    StatementDetails,
    StatementError,
    UnavailableError,
)

CONTENTION = frozenset({"55P03", "40P01", "40001"})
"""lock_not_available, deadlock_detected, serialization_failure."""

_LOST = frozenset({"57P01", "57P02", "57P05", "25P03", "25P04"})
"""The server ended the session: shutdown, crash, idle and transaction timeouts."""

_BUSY = frozenset({"57P03", "53300"})
"""cannot_connect_now, too_many_connections."""


_NAMING_OBJECTS = frozenset(
    {
        "ATAddForeignKeyConstraint",  # key columns of types that do not fit
        "ATExecAlterColumnType",  # what hangs on a column that is retyped; before PostgreSQL 17
        "RememberAllDependentForRebuilding",  # the same, since
        "reportDependentObjects",  # what hangs on something that is dropped
    }
)
"""Places in the server whose DETAIL names objects, never values of rows. What runs in a session cannot pose as one."""

_OBJECTS_TOLD = 5


def translate(error: psycopg.Error) -> EngineError:
    """The error of ours that says the same; never repeats CONTEXT, the statement, or DETAIL that may hold row data."""
    state = error.sqlstate or ""
    primary = error.diag.message_primary or ""
    said = f"{primary} (SQLSTATE {state})"
    if not state:
        return _without_state(error)
    if state in CONTENTION:
        return ContentionError(said, sqlstate=state)
    if state in _BUSY:
        return UnavailableError(said)
    if state in _LOST or state.startswith("08"):
        return ConnectionLostError(f"the server ended the session: {said}")
    if state.startswith("28") or state == "3D000":
        return AuthenticationError(said)
    return StatementError(details_of(error))


def _without_state(error: psycopg.Error) -> EngineError:
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return ConnectionLostError("the connection to the database was lost")
    return StatementError(StatementDetails(sqlstate="XX000", primary=type(error).__name__))


def details_of(error: psycopg.Error) -> StatementDetails:
    """What the server said of a statement, as far as it may be repeated."""
    diag = error.diag
    return StatementDetails(
        sqlstate=error.sqlstate or "",
        primary=diag.message_primary or "",
        hint=diag.message_hint or "",
        constraint=diag.constraint_name or "",
        position=int(diag.statement_position or 0),
        objects=_objects(diag.message_detail or "") if diag.source_function in _NAMING_OBJECTS else "",
    )


def _objects(detail: str) -> str:
    """`view v depends on table t; … and 3 more`: in one line, and of many only the first."""
    each = [line.rstrip(".") for line in detail.splitlines()]
    told = "; ".join(each[:_OBJECTS_TOLD])
    return told if len(each) <= _OBJECTS_TOLD else f"{told}; and {len(each) - _OBJECTS_TOLD} more"
