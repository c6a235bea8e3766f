"""What the catalog says of migrations that are only recorded: the tables and columns that they add or drop.

Evidence, not proof: it tells a record that is plainly wrong, never that one is right.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.sql.batch import Batch, Fate
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.names import TEMPORARY, ColumnName, RelationName
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read


@dataclass(frozen=True, slots=True)
class Expected:
    """Relations and columns that are there, and those that are not, once some scripts have run."""

    present: tuple[RelationName | ColumnName, ...]
    absent: tuple[RelationName | ColumnName, ...]


def expected_after(scripts: Iterable[str], schema: str) -> Expected:
    """What the scripts, one after the other, leave behind. A script that cannot be read says nothing."""
    batch = Batch.of(schema)
    for text in scripts:
        try:
            batch = review_script(read(text), batch).batch
        except SqlInvalidError:
            continue
    named = [(name, fate) for name, fate in batch.relations.items() if name.schema not in {None, TEMPORARY}]
    # A column is known by its relation's name before the scripts: where that changed, nothing is expected.
    columns = [(name, fate) for name, fate in batch.columns.items() if name.relation not in batch.relations]
    every: list[tuple[RelationName | ColumnName, object]] = sorted([*named, *columns], key=lambda each: str(each[0]))
    present = tuple(name for name, fate in every if fate is not Fate.GONE)
    return Expected(present, tuple(name for name, fate in every if fate is Fate.GONE))


def contradictions(session: Session, expected: Expected) -> tuple[str, ...]:
    """Where the catalog says otherwise, for people; empty: nowhere."""
    missing = [f"{name} is not there" for name in expected.present if not _exists(session, name)]
    return (*missing, *(f"{name} is still there" for name in expected.absent if _exists(session, name)))


def _exists(session: Session, name: RelationName | ColumnName) -> bool:
    relation = name.relation if isinstance(name, ColumnName) else name
    query = (
        "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s"
    )
    if isinstance(name, RelationName):
        return session.execute(query, (relation.schema, relation.name)).fetchone() is not None
    query += " AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = %s AND NOT attisdropped)"
    return session.execute(query, (relation.schema, relation.name, name.column)).fetchone() is not None
