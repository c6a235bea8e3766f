"""What the migrations of one plan made themselves, so that it does not count as existing.

Every object that a script names is followed through renames and moves back to the name that it has in the database
before the plan; what the plan made has no such name. Names are resolved as PostgreSQL would with the application's
schema first in search_path, until the script sets another one.

What is known grows with every statement, and every statement has a batch of its own: it is kept in persistent maps,
which share what did not change, so that a script of ten thousand statements takes no longer for each.
"""

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Self

from rpds import HashTrieMap, HashTrieSet

from dbmigrations.postgres.sql.known import NOTHING_KNOWN, Known
from dbmigrations.postgres.sql.looks import Looks
from dbmigrations.postgres.sql.names import ANY, TEMPORARY, ColumnName, RelationName
from dbmigrations.postgres.sql.ways import Ways

if TYPE_CHECKING:
    from dbmigrations.postgres.sql.tree import Node

PUBLIC = "public"
MIXED = "schema with older objects"
CONSTRAINED = "constrained domain"
ENUMERATION = "enumeration"
CAST = "cast to a type"


_IN_SCHEMAS = frozenset(
    f"OBJECT_{word}"
    for word in ("AGGREGATE", "COLLATION", "DOMAIN", "FUNCTION", "OPERATOR", "PROCEDURE", "ROUTINE", "TYPE")
)
"""Kinds of objects whose names begin with that of a schema."""


class Fate(Enum):
    """What became of a name within the batch."""

    MADE = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Batch:
    """Frozen: `review_script` returns the batch that follows. One batch serves all migrations of a plan in order.

    Attributes:
        schema: the application's schema, first in search_path.
        known: what is known of the database before the batch.
        path: the search_path as far as it is known: None where the script set one that cannot be read.
        relations: a name in use now → the name before the batch, MADE, or GONE. What is absent is as it was.
        has_temporary: whether names of temporary relations may be among them.
        columns: likewise for columns, of relations by their names before the batch.
        renamed: what columns of that name were called before, in whatever relation.
        schemas: likewise for schemas.
        others: made types, routines and the like, as (kind, name).
        retyped: columns that got another type in the batch, by their names before it.
        loosened: relations that lost a constraint in the batch, by their names before it.
        guarded: relations that got an index or a constraint in the batch, by their names before it.
        references: foreign keys from relations of the batch to those that existed.
        zone_is_set: whether the script set another time zone.
        routines: what CREATE FUNCTION or PROCEDURE said, by where it was made; several where names are overloaded.
        routines_changed: whether a routine that existed may have another name or other settings now.
        ties: ways from relations to others and to code.
        outer: path, path_is_default and zone_is_set as they are again behind the transaction; None: as they are.
        savepoints: by name, the batch as it was there.
        is_passing: whether a temporary relation ends with the transaction.
        depth: how many bodies of routines stand around the statement.
        texts: of the variables around the statement, as far as they are known: what calls may be given.
        looks: into bodies of routines, as far as this reading of a statement has come.
        is_clouded: whether something ran that may have changed what names mean: nothing is counted as made then.
    """

    schema: str
    known: Known = field(default=NOTHING_KNOWN, compare=False)
    path: tuple[str, ...] | None = None
    path_is_default: bool = True
    relations: "HashTrieMap[RelationName, RelationName | Fate]" = field(default_factory=HashTrieMap)
    has_temporary: bool = False
    columns: "HashTrieMap[ColumnName, str | Fate]" = field(default_factory=HashTrieMap)
    renamed: "HashTrieMap[str, tuple[str, ...]]" = field(default_factory=HashTrieMap)
    schemas: "HashTrieMap[str, str | Fate]" = field(default_factory=HashTrieMap)
    others: "HashTrieSet[tuple[str, RelationName]]" = field(default_factory=HashTrieSet)
    retyped: "HashTrieSet[ColumnName]" = field(default_factory=HashTrieSet)
    loosened: "HashTrieSet[RelationName]" = field(default_factory=HashTrieSet)
    guarded: "HashTrieSet[RelationName]" = field(default_factory=HashTrieSet)
    references: "HashTrieSet[tuple[RelationName, RelationName]]" = field(default_factory=HashTrieSet)
    zone_is_set: bool = False
    routines: "HashTrieMap[RelationName, tuple[Node, ...]]" = field(default_factory=HashTrieMap)
    routines_changed: bool = False
    ties: Ways = field(default_factory=Ways)
    outer: tuple[tuple[str, ...] | None, bool, bool] | None = None
    savepoints: "tuple[tuple[str, Batch], ...]" = ()
    is_passing: bool = False
    is_clouded: bool = False
    depth: int = 0
    texts: tuple[tuple[str, str], ...] = ()
    looks: Looks = field(default_factory=Looks, compare=False)

    @classmethod
    def of(cls, schema: str, known: Known = NOTHING_KNOWN) -> Self:
        """A batch that has made nothing. `schema`: the application's, first in search_path."""
        return cls(schema=schema, known=known)

    def at_start_of_script(self) -> "Batch":
        """Session state does not outlive a script: neither its search_path nor its temporary tables."""
        touched = self.has_temporary or self.is_passing or self.zone_is_set or self.savepoints or self.outer
        if not touched and self.path is None and self.path_is_default:
            return self
        batch = replace(self, path=None, path_is_default=True, zone_is_set=False, outer=None, savepoints=())
        return replace(batch.without_temporary(), is_passing=False)

    def read_afresh(self) -> "Batch":
        """As one reading of a statement begins with it."""
        return replace(self, looks=Looks())

    def with_session_of(self, other: "Batch") -> "Batch":
        """With the other's settings of the session, and nothing else of it."""
        return replace(
            self,
            path=other.path,
            path_is_default=other.path_is_default,
            zone_is_set=other.zone_is_set,
            outer=other.outer,
        )

    def without_temporary(self) -> "Batch":
        """After all temporary relations were dropped."""
        if not self.has_temporary:
            return self
        kept = self.relations
        for name in self.relations:
            kept = kept.discard(name) if name.schema == TEMPORARY else kept
        return replace(self, relations=kept, has_temporary=False)

    def with_path(self, path: tuple[str, ...] | None) -> "Batch":
        """After SET search_path; None: to something that cannot be read."""
        return replace(self, path=path, path_is_default=False)

    def with_other_zone(self) -> "Batch":
        """After SET timezone."""
        return replace(self, zone_is_set=True)

    @property
    def is_utc(self) -> bool:
        """Whether the session's time zone is UTC for certain."""
        return self.known.is_utc and not self.zone_is_set

    # What a name means

    def place(self, name: RelationName) -> RelationName:
        """Where an object of that name would be made: the name that it is known by in this batch."""
        if name.schema is not None:
            return name
        if self.path_is_default:
            return RelationName(self.schema, name.name)
        return RelationName(self.path[0] if self.path else None, name.name)

    def places(self, name: RelationName) -> tuple[RelationName, ...]:
        """Every place where the search_path may find it."""
        if name.schema is not None:
            return (name,)
        if self.path_is_default:
            path: tuple[str | None, ...] = (self.schema, PUBLIC)
        else:
            path = self.path or (None,)
        return tuple(RelationName(schema, name.name) for schema in dict.fromkeys((*path, TEMPORARY)))

    def _found(self, name: RelationName) -> RelationName:
        """The name that the batch knows it by, an existing temporary table first."""
        temporary = RelationName(TEMPORARY, name.name)
        if name.schema is None and self.relations.get(temporary) is Fate.MADE:
            return temporary
        return self.place(name)

    def origins(self, name: RelationName) -> tuple[RelationName, ...]:
        """What the relation may be called in the database before the batch; empty: made or dropped in it.

        Several where the script's own search_path has several schemas. An unqualified name stays unqualified under
        the default search_path: the database resolves it in the same way.
        """
        found = self._found(name)
        before: RelationName | Fate | str | None = self.relations.get(found)
        if before is None and found.schema is not None:
            before = self.schemas.get(found.schema)
        if before is Fate.GONE and self._looks_further(name):
            return self.origins(RelationName(PUBLIC, name.name))
        if isinstance(before, Fate):
            return ()
        if isinstance(before, RelationName):
            return (before,)
        if name.schema is None and self.path_is_default:
            return (name,)
        if name.schema is None and self.path and len(self.path) > 1:
            return self._along_path(name)
        return (self._in_old_schema(found),)

    def _looks_further(self, name: RelationName) -> bool:
        """Whether `public` is looked through for what the application's schema lacks."""
        return name.schema is None and self.path_is_default and self.schema != PUBLIC

    def _along_path(self, name: RelationName) -> tuple[RelationName, ...]:
        every = [RelationName(schema, name.name) for schema in self.path or ()]
        return tuple(origin for each in every for origin in self.origins(each))

    def _in_old_schema(self, name: RelationName) -> RelationName:
        before = self.schemas.get(name.schema) if name.schema is not None else None
        return RelationName(before, name.name) if isinstance(before, str) else name

    def exists(self, name: RelationName) -> bool:
        """Whether the relation may have existed before the batch."""
        return any(self._may_exist(origin) for origin in self.origins(name))

    def _may_exist(self, origin: RelationName) -> bool:
        return not self.is_answered(origin) or self.known.relation_exists(origin) is not False

    def is_answered(self, origin: RelationName) -> bool:
        """Whether the database would resolve the name as the script does."""
        return (origin.schema is not None or self.path_is_default) and ANY not in {origin.name, origin.schema}

    def with_constrained_domain(self, name: RelationName) -> "Batch":
        """A domain was made whose values are checked, or got a constraint."""
        return self.with_other(CONSTRAINED, name)

    def column_origins(self, relation: RelationName, column: str) -> tuple[ColumnName, ...]:
        """What the column may be called in the database before the batch; empty: made or dropped in it."""
        return tuple(found for origin in self.origins(relation) for found in self.before(origin, column))

    def before(self, origin: RelationName, column: str) -> tuple[ColumnName, ...]:
        """The same, of a relation by its name before the batch."""
        before = self.columns.get(ColumnName(self._key(origin), column))
        if before is None:  # perhaps it was renamed through its parent
            return tuple(ColumnName(origin, each) for each in (column, *self.renamed.get(column, ())))
        return () if isinstance(before, Fate) else (ColumnName(origin, before),)

    def _key(self, origin: RelationName) -> RelationName:
        """Columns are kept under the schema-qualified name, however the script wrote it."""
        return RelationName(self.schema, origin.name) if origin.schema is None and self.path_is_default else origin

    def has_made(self, kind: str, name: RelationName) -> bool:
        """Whether a type, routine or the like was made in the batch."""
        in_schema = kind in _IN_SCHEMAS and self.has_made_schema(self.place(name).schema)
        return in_schema or (kind, self.place(name)) in self.others

    def has_made_schema(self, schema: str | None) -> bool:
        """Whether the schema was made in the batch, and so was all that is in it."""
        if schema is None or self.schemas.get(schema) is not Fate.MADE:
            return False
        return (MIXED, RelationName(None, schema)) not in self.others

    def with_mixed(self, schema: str | None) -> "Batch":
        """Something that may have existed was moved into the schema."""
        return self if schema is None else replace(self, others=self.others.insert((MIXED, RelationName(None, schema))))

    # What follows from a statement

    def with_made(self, name: RelationName, *, temporary: bool = False, unless_exists: bool = False) -> "Batch":
        """A relation was made. With `unless_exists` only where it is certain that there was none."""
        place = RelationName(TEMPORARY, name.name) if temporary else self.place(name)
        certain = self.relations.get(place) is Fate.GONE or self.has_made_schema(place.schema) or temporary
        if unless_exists and not certain:
            return self
        return self._with_relations({place: Fate.MADE})

    def with_gone(self, name: RelationName) -> "Batch":
        """A relation was dropped."""
        return self._with_relations({self._found(name): Fate.GONE})

    def with_moved(self, name: RelationName, to: RelationName) -> "Batch":
        """A relation was renamed, or moved to another schema."""
        found = self._found(name)
        there = to if to.schema else RelationName(found.schema, to.name)
        origins = self.origins(name)
        changed = {found: Fate.GONE, there: _first(origins)}
        if origins and not to.schema and self._looks_further(name):
            changed |= {RelationName(PUBLIC, to.name): origins[0]}
        moved = self._with_relations(changed)
        return moved.with_mixed(there.schema) if origins else moved

    def with_origin(self, name: RelationName, origin: RelationName) -> "Batch":
        """A relation holds now what another one held before the batch."""
        return self._with_relations({self._found(name): origin})

    def with_column(self, relation: RelationName, column: str, fate: str | Fate) -> "Batch":
        """A column was made, dropped, or has now (`fate`) the name of another one before the batch."""
        changed = {ColumnName(self._key(origin), column): fate for origin in self.origins(relation)}
        return replace(self, columns=self.columns.update(changed))

    def with_renamed_column(self, relation: RelationName, column: str, to: str) -> "Batch":
        """A column was renamed."""
        origins = self.column_origins(relation, column)
        after = self.with_column(relation, column, Fate.GONE)
        after = after.with_column(relation, to, origins[0].column if origins else Fate.MADE)
        if not origins:
            return after
        return replace(after, renamed=after.renamed.insert(to, (*after.renamed.get(to, ()), column)))

    def with_schema(self, schema: str, fate: str | Fate) -> "Batch":
        """A schema was made, dropped, or has now (`fate`) the name of another one before the batch."""
        return replace(self, schemas=self.schemas.insert(schema, fate))

    def with_other(self, kind: str, name: RelationName) -> "Batch":
        """A type, routine or the like was made."""
        return replace(self, others=self.others.insert((kind, self.place(name))))

    def without_other(self, kind: str, name: RelationName) -> "Batch":
        """What has that name now may have existed before."""
        return replace(self, others=self.others.discard((kind, self.place(name))))

    def _with_relations(self, changed: dict[RelationName, RelationName | Fate]) -> "Batch":
        temporary = self.has_temporary or any(name.schema == TEMPORARY for name in changed)
        return replace(self, relations=self.relations.update(changed), has_temporary=temporary)


def _first(origins: tuple[RelationName, ...]) -> RelationName | Fate:
    return origins[0] if origins else Fate.MADE
