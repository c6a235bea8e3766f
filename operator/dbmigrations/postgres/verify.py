"""Running assertions, and the built-in ones: what preflight had not seen broken must not be broken now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from psycopg import sql

from dbmigrations.postgres.errors import StatementError
from dbmigrations.postgres.execution import ScriptRunner, read_script

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dbmigrations.postgres.assertions import AssertionScript
    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.sql.statements import Statement
    from dbmigrations.postgres.unvalidated import Unvalidated

_NOT_ENFORCED_SINCE = 18
"""The major that brought constraints which are NOT ENFORCED, and so never validated."""


@dataclass(frozen=True)
class Finding:
    """An assertion that does not hold."""

    where: str
    """`file:line:column`, or the name of a built-in assertion."""
    message: str


def run_assertions(session: Session, scripts: Sequence[AssertionScript]) -> tuple[Finding, ...]:
    """Run every statement of every script in read-only transactions and tell which do not hold; empty: all hold.

    Raises:
        ContentionError: something is locked; try again.
        UnavailableError: the session was lost.
    """
    with session.as_the_application():
        return tuple(finding for script in scripts for finding in _run_script(session, script))


def _run_script(session: Session, script: AssertionScript) -> list[Finding]:
    try:
        runner = ScriptRunner(session, script.path, read_script(script.path, script.text))
    except StatementError as error:
        return [Finding(error.where, error.details.primary)]
    if not runner.script.statements:
        return [Finding(script.path, "it holds no assertion: write a SELECT that returns true")]
    try:
        return [found for statement in runner.script.statements if (found := _run_statement(runner, statement))]
    finally:
        if not session.connection.closed:
            session.reset()


def _run_statement(runner: ScriptRunner, statement: Statement) -> Finding | None:
    # Each in a transaction of its own, so that one that fails does not hide the next; read-only, for it only looks.
    session = runner.session
    session.execute("BEGIN READ ONLY")
    try:
        cursor = runner.run_one(statement)
        rows = cursor.fetchmany(2) if cursor is not None and cursor.description is not None else None
    except StatementError as error:
        return Finding(error.where, _refusal(error))
    finally:
        session.roll_back()
    wrong = _what_is_wrong(rows)
    return Finding(f"{runner.path}:{statement.position.reference}", wrong) if wrong else None


def _what_is_wrong(rows: Sequence[Sequence[object]] | None) -> str:
    # The value is never shown: it is row data.
    if rows is None:
        return "returns no rows: an assertion is a SELECT of one row with one column, true"
    if len(rows) != 1 or len(rows[0]) != 1:
        shape = f"{'more than one row' if len(rows) > 1 else f'{len(rows)} rows'}"
        columns = f" of {len(rows[0])} columns" if rows else ""
        return f"returned {shape}{columns}: an assertion returns one row with one column, true"
    match rows[0][0]:
        case True:
            return ""
        case False:
            return "is false"
        case None:
            return "is null, which is not true"
        case _:
            return "returned something other than true or false"


def _refusal(error: StatementError) -> str:
    text = f"{error.details.primary} (SQLSTATE {error.details.sqlstate})"
    if "row-level security" in error.details.primary:
        text += ": it would only see part of the table; log in as a role with BYPASSRLS"
    return text


def broken_objects(session: Session) -> tuple[str, ...]:
    """INVALID indexes and NOT VALID constraints, by kind and qualified name, sorted. Preflight stores what it sees."""
    return tuple(each.said for each in _broken(session))


def newly_broken(session: Session, known: Sequence[str], allowed: Collection[Unvalidated] = ()) -> tuple[Finding, ...]:
    """The built-in assertions: what is broken now.

    Args:
        session: that looks.
        known: what was known to be broken when the run began.
        allowed: what may stay NOT VALID.
    """
    fine = set(known)
    return tuple(
        Finding(each.said, _remedy(each.said))
        for each in _broken(session)
        if each.said not in fine and not any(one.means(each.constraint, each.schema, each.of) for one in allowed)
    )


class _Broken(NamedTuple):
    said: str
    constraint: str | None
    """Its bare name, the schema's and the table's or domain's; None: it is an index."""
    schema: str
    of: str


def _broken(session: Session) -> list[_Broken]:
    enforced = sql.SQL("c.conenforced" if session.facts.major >= _NOT_ENFORCED_SINCE else "true")
    found = session.execute(
        sql.SQL(
            "SELECT 'INVALID index ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname), NULL, n.nspname,"
            " c.relname"
            " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE NOT i.indisvalid AND n.nspname NOT LIKE 'pg\\_%'"
            " UNION ALL"
            " SELECT 'NOT VALID constraint ' || quote_ident(c.conname) || ' of ' || quote_ident(n.nspname) || '.' ||"
            " quote_ident(coalesce(r.relname, t.typname)), c.conname, n.nspname, coalesce(r.relname, t.typname)"
            " FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace"
            " LEFT JOIN pg_class r ON r.oid = c.conrelid LEFT JOIN pg_type t ON t.oid = c.contypid"
            " WHERE NOT c.convalidated AND {enforced} AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1"
        ).format(enforced=enforced)
    )
    return [_Broken(*row) for row in found]


def _remedy(name: str) -> str:
    if name.startswith("INVALID"):
        return "an interrupted CREATE INDEX CONCURRENTLY left it; drop it and build it again"
    return (
        "run ALTER TABLE … VALIDATE CONSTRAINT in a migration of the same release; or, where it is to stay so, name it "
        "and say why above the statement: `-- migrate: allow=not-valid reason=…`"
    )
