"""Ways that lead from a relation to something else: what is done to the one happens to the other, or runs code.

A partition or child of a table that is emptied, a table whose foreign key cascades, what a view or a foreign table
shows, the functions that triggers, defaults, checks and the like call. Only what the batch itself made is known here;
it stays known, whatever is dropped or renamed later: a way too many costs a question, a way too few costs rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Flag, auto
from typing import TYPE_CHECKING

from dbmigrations.postgres.sql.names import ANY, TEMPORARY, ColumnName, RelationName

if TYPE_CHECKING:
    from dbmigrations.postgres.sql.batch import Batch
    from dbmigrations.postgres.sql.tree import Node
    from dbmigrations.postgres.sql.ways import Ways


class Event(Flag):
    """What a statement does to a relation."""

    READ = auto()
    INSERT = auto()
    UPDATE = auto()
    DELETE = auto()
    TRUNCATE = auto()
    CASCADE = auto()
    """TRUNCATE … CASCADE, seen from the tables that refer to what is truncated."""
    DROP = auto()
    DROP_COLUMN = auto()
    RETYPE = auto()
    REBUILD = auto()
    """Its rows are read, checked or written anew by a command: what stands in checks and indexes is evaluated."""

    WRITE = INSERT | UPDATE
    CHANGE = INSERT | UPDATE | DELETE | TRUNCATE | CASCADE
    ANY = READ | CHANGE | DROP | DROP_COLUMN | RETYPE | REBUILD


@dataclass(frozen=True, slots=True)
class Tie:
    """One way.

    Attributes:
        source: where it begins, by its place in this batch.
        events: what must happen there.
        target: the relation where it ends, by its place; None: it only runs something, or ends elsewhere.
        origins: the target's names before the batch; empty: the batch made it.
        becomes: what then happens to the target; None: the same.
        on: the columns of which one must be written for an UPDATE to lead there; empty: any.
        sets: the columns of the target that are written, by their names now; None: those of the same name.
        columns: the same by their names before the batch.
        runs: calls and statements that run.
        is_window: whether what is written is written to something that the batch does not know.
        is_quiet: whether only what runs is shared with the target, not its rows.
    """

    source: RelationName
    events: Event
    target: RelationName | None = None
    origins: tuple[RelationName, ...] = ()
    becomes: Event | None = None
    on: frozenset[str] = frozenset()
    sets: tuple[str, ...] | None = None
    columns: tuple[ColumnName, ...] = ()
    runs: "tuple[Node, ...]" = ()
    is_window: bool = False
    is_quiet: bool = False

    @property
    def is_telling(self) -> bool:
        """Whether something happens by itself at its end, or may, as soon as a column of `on` is renamed."""
        return bool(self.runs or self.is_window or self.origins or self.columns or self.on)

    @property
    def is_met_everywhere(self) -> bool:
        """Whether what it runs, runs at the beginning of every way that meets it.

        What makes one event of another begins with a change.
        """
        everything = self.source.name == ANY and self.source.schema == ANY and Event.CHANGE in self.events
        return everything and bool(self.runs) and not (self.target or self.is_window or self.origins or self.columns)

    def is_taken_back_by(self, following: "Tie") -> bool:
        """Whether who goes on from its end by `following` is where it began, and learned nothing.

        Nothing permanent hangs on a temporary table: one of the same name is not another beginning.
        """
        back, begin = following.target, self.source
        if back is None or back.name != begin.name or following.is_telling or self.is_telling:
            return False
        same = begin.schema in {back.schema, TEMPORARY}
        certain = {None, ANY}.isdisjoint({back.schema, back.name})
        return same and certain and all(each.becomes is None and each.sets is None for each in (self, following))


@dataclass(frozen=True, slots=True)
class Touch:
    """What a statement does to a relation that it names. `columns`: those that an UPDATE, DROP or retyping is about."""

    relation: RelationName
    event: Event
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reached:
    """The end of a way: what happens there."""

    tie: Tie
    event: Event
    columns: tuple[ColumnName, ...] = ()


def with_tie(batch: "Batch", *ties: Tie) -> "Batch":
    """The batch with further ways."""
    known = batch.ties
    for tie in ties:
        known = known.having(tie)
    return replace(batch, ties=known)


def without_tie(batch: "Batch", tie: Tie) -> "Batch":
    """As what runs by it sees it: what fires itself again is not looked into again."""
    return replace(batch, ties=batch.ties.without_runs_of(tie))


def with_alias(batch: "Batch", old: RelationName, new: RelationName) -> "Batch":
    """A relation is called otherwise now; ways that begin or end at either name are its own."""
    return with_tie(batch, Tie(old, Event.ANY, new), Tie(new, Event.ANY, old))


def with_renamed_column(batch: "Batch", relation: RelationName, column: str, to: str) -> "Batch":
    """A column on whose writing a way may depend is called otherwise now."""
    about = [
        tie
        for place in batch.places(relation)
        for tie in batch.ties.of(place.name)
        if column in tie.on and _meet(tie.source, place)
    ]
    return with_tie(batch, *(replace(tie, on=tie.on | {to}) for tie in about)) if about else batch


def ties_of_schema(batch: "Batch", schema: str) -> Iterator[Tie]:
    """Those that begin in a schema."""
    return (tie for tie in batch.ties if tie.source.schema == schema)


def reached(batch: "Batch", touch: Touch) -> Iterator[Reached]:
    """All ends that a touch leads to, over whatever lies between."""
    if not batch.ties.lead_from(touch.relation.name):
        return
    pending = [(place, touch.event, touch.columns, False) for place in batch.places(touch.relation)]
    visited = set(pending)
    seen: set[tuple[int, Event, bool]] = set()
    while pending:
        place, event, columns, quiet = pending.pop()
        for tie in _from(batch.ties, place):
            if not tie.events & event or (tie.on and event is Event.UPDATE and not tie.on & columns):
                continue
            following = tie.becomes or event
            if (tie.runs or not quiet) and (id(tie), following, quiet) not in seen:
                seen.add((id(tie), following, quiet))
                yield Reached(tie, following, _columns(batch, tie, columns))
            if tie.target is not None and (not quiet or tie.is_quiet or _is_alias(tie)):
                sets = columns if tie.sets is None else frozenset(tie.sets)
                further = (tie.target, following, sets, quiet or tie.is_quiet)
                if further not in visited:
                    visited.add(further)
                    pending.append(further)


def _is_alias(tie: Tie) -> bool:
    return tie.events == Event.ANY and not tie.origins and not tie.is_quiet


def _columns(batch: "Batch", tie: Tie, columns: frozenset[str]) -> tuple[ColumnName, ...]:
    if tie.sets is not None:
        return tie.columns
    return tuple(
        found for origin in tie.origins for column in sorted(columns) for found in batch.before(origin, column)
    )


def _from(ways: "Ways", place: RelationName) -> Iterator[Tie]:
    if place.name == ANY:
        for every in ways.leading.values():
            yield from every
        return
    for name in (place.name, ANY):
        yield from (tie for tie in ways.of(name) if _meet(tie.source, place))


def _meet(one: RelationName, other: RelationName) -> bool:
    """Whether both may be the same, given that their names are."""
    return one.schema == other.schema or not {None, ANY}.isdisjoint({one.schema, other.schema})
