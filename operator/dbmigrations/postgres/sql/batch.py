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
from dbmigrations.postgres.sql.names import ANY, ColumnName, RelationName

if TYPE_CHECKING:
    from dbmigrations.postgres.sql.tree import Node

TEMPORARY = "pg_temp"
WINDOW = "window"
CONSTRAINED = "constrained domain"


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
        schemas: likewise for schemas.
        others: made types, routines and the like, as (kind, name).
        retyped: columns that got another type in the batch, by their names before it.
        loosened: relations that lost a constraint in the batch, by their names before it.
        references: foreign keys from relations of the batch to those that existed.
        zone_is_set: whether the script set another time zone.
        routines: what CREATE FUNCTION or PROCEDURE said, by where it was made; several where names are overloaded.
        depth: how many bodies of routines stand around the statement.
        is_clouded: whether something ran that may have changed what names mean: nothing is counted as made then.
    """

    schema: str
    known: Known = field(default=NOTHING_KNOWN, compare=False)
    path: tuple[str, ...] | None = None
    path_is_default: bool = True
    relations: "HashTrieMap[RelationName, RelationName | Fate]" = field(default_factory=HashTrieMap)
    has_temporary: bool = False
    columns: "HashTrieMap[ColumnName, str | Fate]" = field(default_factory=HashTrieMap)
    schemas: "HashTrieMap[str, str | Fate]" = field(default_factory=HashTrieMap)
    others: "HashTrieSet[tuple[str, RelationName]]" = field(default_factory=HashTrieSet)
    retyped: "HashTrieSet[ColumnName]" = field(default_factory=HashTrieSet)
    loosened: "HashTrieSet[RelationName]" = field(default_factory=HashTrieSet)
    references: "HashTrieSet[tuple[RelationName, RelationName]]" = field(default_factory=HashTrieSet)
    zone_is_set: bool = False
    routines: "HashTrieMap[RelationName, tuple[Node, ...]]" = field(default_factory=HashTrieMap)
    is_clouded: bool = False
    depth: int = 0

    @classmethod
    def of(cls, schema: str, known: Known = NOTHING_KNOWN) -> Self:
        """A batch that has made nothing. `schema`: the application's, first in search_path."""
        return cls(schema=schema, known=known)

    def at_start_of_script(self) -> "Batch":
        """Session state does not outlive a script: neither its search_path nor its temporary tables."""
        batch = replace(self, path=None, path_is_default=True, zone_is_set=False, has_temporary=False)
        if not self.has_temporary:
            return batch
        kept = self.relations
        for name in self.relations:
            kept = kept.discard(name) if name.schema == TEMPORARY else kept
        return replace(batch, relations=kept)

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

    def with_default_path(self) -> "Batch":
        """After RESET search_path."""
        return replace(self, path=None, path_is_default=True)

    # What a name means

    def place(self, name: RelationName) -> RelationName:
        """Where an object of that name would be made: the name that it is known by in this batch."""
        if name.schema is not None:
            return name
        if self.path_is_default:
            return RelationName(self.schema, name.name)
        return RelationName(self.path[0] if self.path else None, name.name)

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
        match self.relations.get(found):
            case Fate():
                return ()
            case RelationName() as before:
                return (before,)
            case None:
                pass
        if found.schema is not None and isinstance(self.schemas.get(found.schema), Fate):
            return ()
        if name.schema is None and self.path_is_default:
            return (name,)
        if name.schema is None and self.path and len(self.path) > 1:
            return self._along_path(name)
        return (self._in_old_schema(found),)

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

    def with_retyped(self, relation: RelationName, column: str) -> "Batch":
        """A column got another type: what the database knows of it holds no longer."""
        return replace(self, retyped=self.retyped.update(self.column_origins(relation, column)))

    def with_loosened(self, relation: RelationName) -> "Batch":
        """A constraint of the relation was dropped, and nobody knows which columns it was about."""
        return replace(self, loosened=self.loosened.update(self.origins(relation)))

    def with_reference(self, relation: RelationName, referenced: RelationName) -> "Batch":
        """A foreign key was made from what the batch made to what existed."""
        if not self.exists(referenced):
            return self
        return replace(self, references=self.references.insert((self.place(relation), referenced)))

    def referred_from(self, relation: RelationName) -> tuple[RelationName, ...]:
        """What existed and is referred to by a relation of the batch."""
        place = self.place(relation)
        return tuple(sorted((to for who, to in self.references if who == place), key=str))

    def column_origins(self, relation: RelationName, column: str) -> tuple[ColumnName, ...]:
        """What the column may be called in the database before the batch; empty: made or dropped in it."""
        found: list[ColumnName] = []
        for origin in self.origins(relation):
            before = self.columns.get(ColumnName(self._key(origin), column), column)
            if not isinstance(before, Fate):
                found.append(ColumnName(origin, before))
        return tuple(found)

    def _key(self, origin: RelationName) -> RelationName:
        """Columns are kept under the schema-qualified name, however the script wrote it."""
        return RelationName(self.schema, origin.name) if origin.schema is None and self.path_is_default else origin

    def has_made(self, kind: str, name: RelationName) -> bool:
        """Whether a type, routine or the like was made in the batch."""
        return (kind, self.place(name)) in self.others or self.has_made_schema(self.place(name).schema)

    def is_window(self, name: RelationName) -> bool:
        """Whether writing to this relation of the batch changes rows of another one."""
        return (WINDOW, self.place(name)) in self.others

    def has_made_schema(self, schema: str | None) -> bool:
        """Whether the schema was made in the batch."""
        return schema is not None and self.schemas.get(schema) is Fate.MADE

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
        moved = self._with_relations({found: Fate.GONE, there: _first(self.origins(name))})
        return moved.with_window(there) if self.is_window(name) else moved

    def with_window(self, name: RelationName) -> "Batch":
        """A view or foreign table was made, or perhaps replaced: what is written to it is written elsewhere."""
        return self.with_other(WINDOW, name)

    def with_attached(self, parent: RelationName, child: RelationName) -> "Batch":
        """An existing relation became part of another one, which now holds its rows."""
        origins = self.origins(child)
        if not origins or self.origins(parent):
            return self
        return self._with_relations({self._found(parent): origins[0]})

    # Bodies

    def with_routine(self, name: RelationName, definition: "Node") -> "Batch":
        """A function or procedure was made, or replaced."""
        place = self.place(name)
        every = (*self.routines.get(place, ()), definition)
        return replace(self, routines=self.routines.insert(place, every))

    def without_routine(self, name: RelationName) -> "Batch":
        """As the body of that routine sees it: what calls itself is not looked into again."""
        return replace(self, routines=self.routines.discard(self.place(name)), depth=self.depth + 1)

    def without_routines(self) -> "Batch":
        """Names of routines may mean others now."""
        return replace(self, routines=HashTrieMap())

    def with_column(self, relation: RelationName, column: str, fate: str | Fate) -> "Batch":
        """A column was made, dropped, or has now (`fate`) the name of another one before the batch."""
        changed = {ColumnName(self._key(origin), column): fate for origin in self.origins(relation)}
        return replace(self, columns=self.columns.update(changed))

    def with_renamed_column(self, relation: RelationName, column: str, to: str) -> "Batch":
        """A column was renamed."""
        origins = self.column_origins(relation, column)
        after = self.with_column(relation, column, Fate.GONE)
        return after.with_column(relation, to, origins[0].column if origins else Fate.MADE)

    def with_schema(self, schema: str, fate: str | Fate) -> "Batch":
        """A schema was made, dropped, or has now (`fate`) the name of another one before the batch."""
        return replace(self, schemas=self.schemas.insert(schema, fate))

    def with_other(self, kind: str, name: RelationName) -> "Batch":
        """A type, routine or the like was made."""
        return replace(self, others=self.others.insert((kind, self.place(name))))

    def _with_relations(self, changed: dict[RelationName, RelationName | Fate]) -> "Batch":
        temporary = self.has_temporary or any(name.schema == TEMPORARY for name in changed)
        return replace(self, relations=self.relations.update(changed), has_temporary=temporary)


def _first(origins: tuple[RelationName, ...]) -> RelationName | Fate:
    return origins[0] if origins else Fate.MADE
