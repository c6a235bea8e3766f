"""What the catalog tells about columns and types that a plan is about to change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString

from psycopg import sql

from dbmigrations.postgres import lookup
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.sql.known import Dependents
from dbmigrations.postgres.sql.names import ColumnName, RelationName

_TYPE = """
SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a
WHERE a.attrelid = {relation} AND a.attname = %(column)s AND a.attnum > 0 AND NOT a.attisdropped
"""
_CONSTRAINED = """
WITH RECURSIVE bases AS (
    SELECT t.oid, t.typbasetype, t.typnotnull FROM pg_type AS t WHERE t.oid = {type}
    UNION ALL
    SELECT t.oid, t.typbasetype, t.typnotnull FROM pg_type AS t JOIN bases AS b ON t.oid = b.typbasetype
)
SELECT count(*) > 0, coalesce(bool_or(b.typnotnull OR EXISTS (SELECT FROM pg_constraint WHERE contypid = b.oid)), false)
FROM bases AS b
"""
_ENUMERATION = """
SELECT t.typtype = 'e' AND NOT EXISTS (SELECT FROM pg_cast WHERE casttarget = t.oid) FROM pg_type AS t
WHERE t.oid = {type}
"""
_NO_NULL = """
SELECT a.attnotnull OR EXISTS (
    SELECT FROM pg_constraint AS c
    WHERE c.conrelid = a.attrelid AND c.contype = 'c' AND c.convalidated AND c.conkey = ARRAY[a.attnum]
      AND pg_get_constraintdef(c.oid) = format('CHECK ((%%I IS NOT NULL))', a.attname)
)
FROM pg_attribute AS a
WHERE a.attrelid = {relation} AND a.attname = %(column)s AND a.attnum > 0 AND NOT a.attisdropped
"""
_DEPENDENTS = """
WITH RECURSIVE relations AS (
    SELECT {relation} AS oid
    UNION
    SELECT i.inhrelid FROM pg_inherits AS i JOIN relations AS r ON i.inhparent = r.oid
), columns AS (
    SELECT a.attrelid, a.attnum FROM pg_attribute AS a JOIN relations AS r ON a.attrelid = r.oid
    WHERE a.attname = %(column)s AND a.attnum > 0 AND NOT a.attisdropped
), indexes AS (
    SELECT i.indpred IS NOT NULL OR i.indexprs IS NOT NULL AS conditional
    FROM pg_index AS i JOIN columns AS c ON i.indrelid = c.attrelid
    WHERE c.attnum = ANY (i.indkey) OR EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
          AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.attrelid AND d.refobjsubid = c.attnum
    )
)
SELECT EXISTS (SELECT FROM indexes), EXISTS (SELECT FROM indexes WHERE conditional), EXISTS (
    SELECT FROM pg_constraint AS k JOIN columns AS c ON k.conrelid = c.attrelid
    WHERE k.contype = 'c' AND k.convalidated AND c.attnum = ANY (k.conkey)
)
WHERE EXISTS (SELECT FROM columns)
"""
_ROUTINE = """
SELECT count(*) > 0 FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.proname = %(name)s AND (n.nspname = %(schema)s OR %(schema)s::text IS NULL)
"""
_DEFINITIONS = """
SELECT coalesce(array_agg(
    CASE WHEN p.prokind IN ('f', 'p') AND l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL
    THEN pg_get_functiondef(p.oid) END
), '{{}}')
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
WHERE p.proname = %(name)s AND (n.nspname = %(schema)s OR %(schema)s::text IS NULL)
"""
_TABLE_OF_INDEX = """
SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid WHERE i.indexrelid = {relation}
"""
_DEFAULT_PARTITION = "SELECT partdefid <> 0 FROM pg_partitioned_table WHERE partrelid = {relation}"
_HOLDINGS = """
SELECT count(*) > 0 FROM pg_extension AS e
JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
WHERE e.extname = %(name)s AND c.relkind IN ('f', 'm', 'p', 'r', 'S')
"""
_RELATION = "SELECT {relation} IS NOT NULL"
_OF_SESSION = "SELECT current_setting('server_version_num')::int / 10000, current_setting('TimeZone')"
_UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Etc/Universal", "Universal", "Zulu", "Etc/Zulu"})


@dataclass(frozen=True)
class KnownDatabase:
    """Asks when it is asked, and each question once. Errors of the session go through.

    Attributes:
        session: with the time zone that migrations have.
    """

    session: Session
    major: int
    is_utc: bool
    _answers: dict[tuple[str, object], tuple[Any, ...] | None] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session) -> "KnownDatabase":
        """What can be known through this session."""
        major, zone = session.one(_OF_SESSION)
        return cls(session, int(major), zone in _UTC)

    def relation_exists(self, relation: RelationName) -> bool | None:
        """As a script finds it where the name has no schema."""
        row = self._row(_RELATION, relation, relation=lambda: lookup.relation(self.session, relation))
        return bool(row and row[0])

    def table_of_index(self, index: RelationName) -> RelationName | None:
        """Named as the index is: both are in one schema."""
        row = self._row(_TABLE_OF_INDEX, index, relation=lambda: lookup.relation(self.session, index))
        return RelationName(index.schema, str(row[0])) if row else None

    def routine_exists(self, routine: RelationName) -> bool | None:
        """In the schema that is named, else in any: another search_path may find it there."""
        row = self._row(_ROUTINE, routine, {"name": routine.name, "schema": routine.schema})
        return bool(row and row[0])

    def routine_definitions(self, routine: RelationName) -> tuple[str, ...] | None:
        """Of the same routines, as the server prints them. Not of BEGIN ATOMIC: its names mean what they once meant."""
        row = self._row(_DEFINITIONS, routine, {"name": routine.name, "schema": routine.schema})
        found: list[str | None] = row[0] if row else []
        readable = tuple(each for each in found if each is not None)
        return readable if len(readable) == len(found) else None

    def has_default_partition(self, relation: RelationName) -> bool | None:
        """False also of what is not partitioned."""
        row = self._row(_DEFAULT_PARTITION, relation, relation=lambda: lookup.relation(self.session, relation))
        return bool(row and row[0])

    def extension_holds_nothing(self, name: str) -> bool | None:
        """As the catalog has it."""
        row = self._row(_HOLDINGS, name, {"name": name})
        return not row or not row[0]

    def column_type(self, column: ColumnName) -> str | None:
        """As format_type() prints it."""
        row = self._of_column(_TYPE, column)
        return None if row is None else str(row[0])

    def is_constrained_domain(self, type_name: RelationName) -> bool | None:
        """None: there is no such type."""
        row = self._row(_CONSTRAINED, type_name, type=lambda: lookup.type_named(self.session, type_name))
        return bool(row[1]) if row and row[0] else None

    def is_enumeration(self, type_name: RelationName) -> bool | None:
        """None: there is no such type."""
        row = self._row(_ENUMERATION, type_name, type=lambda: lookup.type_named(self.session, type_name))
        return bool(row[0]) if row else None

    def holds_no_null(self, column: ColumnName) -> bool:
        """By its own mark, or by a constraint that says nothing else."""
        row = self._of_column(_NO_NULL, column)
        return bool(row and row[0])

    def dependents(self, column: ColumnName) -> Dependents | None:
        """As the catalog has them."""
        row = self._of_column(_DEPENDENTS, column)
        return None if row is None else Dependents(*row)

    def _of_column(self, query: LiteralString, column: ColumnName) -> tuple[Any, ...] | None:
        return self._row(
            query, column, {"column": column.column}, relation=lambda: lookup.relation(self.session, column.relation)
        )

    def _row(
        self,
        query: LiteralString,
        about: object,
        values: Mapping[str, str | None] | None = None,
        **parts: Callable[[], sql.Composable],
    ) -> tuple[Any, ...] | None:
        """The first row of a query about something, asked once."""
        key = (query, about)
        if key not in self._answers:
            asked = sql.SQL(query).format(**{name: part() for name, part in parts.items()})
            self._answers[key] = self.session.execute(asked, values).fetchone()
        return self._answers[key]
