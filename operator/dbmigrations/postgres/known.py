"""What the catalog tells about columns and types that a plan is about to change."""

from dataclasses import dataclass, field

from psycopg import sql

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.sql.names import ColumnName, RelationName

_TYPE = """
SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a
WHERE a.attrelid = to_regclass(%s) AND a.attname = %s AND a.attnum > 0 AND NOT a.attisdropped
"""
_CONSTRAINED = """
WITH RECURSIVE bases AS (
    SELECT t.oid, t.typbasetype, t.typnotnull FROM pg_type AS t WHERE t.oid = to_regtype(%s)
    UNION ALL
    SELECT t.oid, t.typbasetype, t.typnotnull FROM pg_type AS t JOIN bases AS b ON t.oid = b.typbasetype
)
SELECT count(*) > 0, coalesce(bool_or(b.typnotnull OR EXISTS (SELECT FROM pg_constraint WHERE contypid = b.oid)), false)
FROM bases AS b
"""
_NO_NULL = """
SELECT a.attnotnull OR EXISTS (
    SELECT FROM pg_constraint AS c
    WHERE c.conrelid = a.attrelid AND c.contype = 'c' AND c.convalidated AND c.conkey = ARRAY[a.attnum]
      AND pg_get_constraintdef(c.oid) = format('CHECK ((%%I IS NOT NULL))', a.attname)
)
FROM pg_attribute AS a
WHERE a.attrelid = to_regclass(%s) AND a.attname = %s AND a.attnum > 0 AND NOT a.attisdropped
"""
_ROUTINE = """
SELECT count(*) > 0 FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.proname = %(name)s AND (n.nspname = %(schema)s OR %(schema)s::text IS NULL)
"""
_DEFAULT_PARTITION = "SELECT partdefid <> 0 FROM pg_partitioned_table WHERE partrelid = to_regclass(%s)"
_OF_SESSION = "SELECT current_setting('server_version_num')::int / 10000, current_setting('TimeZone')"
_UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Etc/Universal", "Universal", "Zulu", "Etc/Zulu"})


@dataclass(frozen=True)
class KnownDatabase:
    """Asks when it is asked, and each question once. Errors of the session go through.

    Attributes:
        session: with the application's search_path and time zone, as migrations have it.
    """

    session: Session
    major: int
    is_utc: bool
    _relations: dict[RelationName, bool] = field(default_factory=dict)
    _types: dict[ColumnName, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session) -> "KnownDatabase":
        """What can be known through this session."""
        major, zone = session.one(_OF_SESSION)
        return cls(session, int(major), zone in _UTC)

    def relation_exists(self, relation: RelationName) -> bool | None:
        """By search_path where the name has no schema."""
        if relation not in self._relations:
            (found,) = self.session.one("SELECT to_regclass(%s) IS NOT NULL", (_quoted(relation),))
            self._relations[relation] = bool(found)
        return self._relations[relation]

    def routine_exists(self, routine: RelationName) -> bool | None:
        """In the schema that is named, else in any: another search_path may find it there."""
        (found,) = self.session.one(_ROUTINE, {"name": routine.name, "schema": routine.schema})
        return bool(found)

    def has_default_partition(self, relation: RelationName) -> bool | None:
        """False also of what is not partitioned."""
        row = self.session.execute(_DEFAULT_PARTITION, (_quoted(relation),)).fetchone()
        return bool(row and row[0])

    def column_type(self, column: ColumnName) -> str | None:
        """As format_type() prints it."""
        if column not in self._types:
            row = self.session.execute(_TYPE, _at(column)).fetchone()
            self._types[column] = None if row is None else str(row[0])
        return self._types[column]

    def is_constrained_domain(self, type_name: RelationName) -> bool | None:
        """None: there is no such type."""
        found, constrained = self.session.one(_CONSTRAINED, (_quoted(type_name),))
        return bool(constrained) if found else None

    def holds_no_null(self, column: ColumnName) -> bool:
        """By its own mark, or by a constraint that says nothing else."""
        row = self.session.execute(_NO_NULL, _at(column)).fetchone()
        return bool(row and row[0])


def _at(column: ColumnName) -> tuple[str, str]:
    return _quoted(column.relation), column.column


def _quoted(name: RelationName) -> str:
    parts = (name.name,) if name.schema is None else (name.schema, name.name)
    return sql.Identifier(*parts).as_string(None)
