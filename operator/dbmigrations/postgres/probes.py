"""Whether a statement that ran outside a transaction took effect, when nobody was left to write it down."""

from typing import Any, LiteralString, assert_never

from psycopg import sql

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.errors import EngineError, NotResumableError
from dbmigrations.postgres.leftovers import leftovers
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.transactions import (
    Checked,
    IndexBuilt,
    IndexDropped,
    PartitionDetached,
    Probe,
    Repeatable,
    Unprobeable,
)


def took_effect(session: Session, probe: Probe, where: str) -> bool:
    """Whether the statement is done. What it left half-done is cleared away, so that False means: run it (again).

    Args:
        session: outside a transaction, set up as the script had it.
        probe: how to learn it.
        where: `file:line:column` of the statement, for messages.

    Raises:
        NotResumableError: nobody can tell; the text says what to write into the script.
        EngineError: what the server said.
    """
    match probe:
        case IndexBuilt():
            return _index_is_built(session, probe)
        case IndexDropped():
            return not any(_relation_exists(session, index) for index in probe.indexes)
        case PartitionDetached():
            return _is_detached(session, probe)
        case Repeatable():
            for index in leftovers(session, probe.leftovers) if probe.leftovers else ():
                drop_index(session, index)
            return False
        case Checked():
            return _check_holds(session, probe, where)
        case Unprobeable():
            raise NotResumableError(
                f"{where}: this statement was begun and nobody knows whether it took effect ({probe.why}). Look, then "
                "write above it `-- migrate: check=<boolean SQL>` that is true when it has"
            )
        case _:
            assert_never(probe)


def invalid_index(session: Session, probe: IndexBuilt) -> sql.Identifier | None:
    """The index that CREATE INDEX CONCURRENTLY left INVALID; None: there is none of this name, or it is valid."""
    found = _index(session, probe)
    return None if found is None or found[1] else found[0]


def is_there_already(session: Session, probe: Probe | None) -> bool:
    """Whether a valid index of this name stands there before any of ours was begun: then it is no proof of ours."""
    return isinstance(probe, IndexBuilt) and (found := _index(session, probe)) is not None and found[1]


def drop_index(session: Session, index: sql.Identifier) -> None:
    """Drop an index without blocking readers and writers."""
    session.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(index))


def _index_is_built(session: Session, probe: IndexBuilt) -> bool:
    found = _index(session, probe)
    if found is None:
        return False
    index, valid = found
    if not valid:
        drop_index(session, index)
    return valid


def _index(session: Session, probe: IndexBuilt) -> tuple[sql.Identifier, bool] | None:
    # An index lives in the schema of its table, whatever the search_path says.
    row = _ask_the_catalog(
        session,
        "SELECT n.nspname, c.relname, i.indisvalid AND i.indisready FROM pg_catalog.pg_index i"
        " JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relname = %s AND i.indrelid = %s::oid",
        (probe.index.name, _oid(session, probe.table)),
    )
    return None if row is None else (sql.Identifier(row[0], row[1]), bool(row[2]))


def _relation_exists(session: Session, relation: RelationName) -> bool:
    return _oid(session, relation) is not None


def _oid(session: Session, relation: RelationName) -> int | None:
    """As the script finds it, by its own search_path: nothing here can be shadowed."""
    (found,) = session.one("SELECT pg_catalog.to_regclass(%s)::pg_catalog.oid", (_text(relation),))
    return found if found is None else int(found)


def _ask_the_catalog(session: Session, query: LiteralString, params: tuple[object, ...]) -> tuple[Any, ...] | None:
    """With the catalog's own operators, whichever the script has put before them."""
    with session.transaction():
        session.mean_the_catalog()
        return session.execute(query, params).fetchone()


def _is_detached(session: Session, probe: PartitionDetached) -> bool:
    row = _ask_the_catalog(
        session,
        "SELECT inhdetachpending FROM pg_catalog.pg_inherits WHERE inhrelid = %s::oid AND inhparent = %s::oid",
        (_oid(session, probe.partition), _oid(session, probe.parent)),
    )
    if row is None:
        return True
    if row[0]:
        session.execute(
            sql.SQL("ALTER TABLE {} DETACH PARTITION {} FINALIZE").format(
                _identifier(probe.parent), _identifier(probe.partition)
            )
        )
        return True
    return False


def _check_holds(session: Session, probe: Checked, where: str) -> bool:
    try:
        row = session.send(probe.sql).fetchone()
    except EngineError as error:
        raise NotResumableError(f"{where}: its `-- migrate: check=` cannot be run: {error}") from None
    if row is None or len(row) != 1 or not isinstance(row[0], bool):
        raise NotResumableError(f"{where}: its `-- migrate: check=` must return one row with one boolean")
    return row[0]


def _identifier(relation: RelationName) -> sql.Identifier:
    return sql.Identifier(relation.name) if relation.schema is None else sql.Identifier(relation.schema, relation.name)


def _text(relation: RelationName) -> str:
    return _identifier(relation).as_string(None)
