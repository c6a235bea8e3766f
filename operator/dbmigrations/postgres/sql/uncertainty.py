"""What is still known behind something that may not have run, or may have meant another object."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from rpds import HashTrieMap, HashTrieSet

from dbmigrations.postgres.sql.batch import CAST, CONSTRAINED, MIXED, Batch, Fate
from dbmigrations.postgres.sql.names import ANY, RelationName
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse

_Name = TypeVar("_Name")


def definitions(batch: Batch, name: RelationName, arguments: int) -> tuple[Node, ...]:
    """What the batch made under that name, if a call means it for certain; empty: it may mean another one.

    One that existed before under the same name may be meant, unless both call and definition have no arguments.
    Where no database can be asked, there is none.
    """
    every = batch.routines.get(batch.place(name), ())
    if batch.known.routine_exists(name):
        every = tuple(each for each in every if not each.nodes("parameters") and not arguments)
    return every


def definitions_called(batch: Batch, name: RelationName, arguments: int) -> tuple[Node, ...]:
    """Everything that a call may run: of the batch, or else of the database too; empty: nobody knows what."""
    certain = definitions(batch, name, arguments)
    if certain or batch.is_clouded or batch.routines_changed:
        return certain
    before = tuple(parse(text) for text in batch.known.routine_definitions(name) or ())
    if not before or any(isinstance(each, Unparsed) for each in before):
        return ()
    return (*batch.routines.get(batch.place(name), ()), *(each for each in before if isinstance(each, Node)))


def after_maybe(batch: Batch, after: Batch) -> Batch:
    """The batch behind something that may not have run, or only in part, which would leave `after`."""
    if after == batch:
        return batch
    if not _is_only_added_to(batch, after):
        return clouded(after)
    kept = {each for each in after.others if each in batch.others or each[0] in {CAST, CONSTRAINED, MIXED}}
    same = batch.routines
    if same is not after.routines:
        same = HashTrieMap({at: every for at, every in batch.routines.items() if after.routines.get(at) == every})
    return replace(
        batch,
        relations=_with_any(batch.relations, after.relations),
        others=HashTrieSet(kept),
        retyped=after.retyped,
        loosened=after.loosened,
        guarded=after.guarded,
        references=after.references,
        ties=after.ties,
        zone_is_set=batch.zone_is_set or after.zone_is_set,
        routines=same,
        routines_changed=after.routines_changed,
    )


def after_any(batch: Batch, ends: Iterable[Batch]) -> Batch:
    """The batch behind at most one of several things, each of which would leave one of `ends`."""
    merged = batch
    for end in ends:
        if end is not batch:
            merged = _joined(merged, after_maybe(batch, end), batch)
    return merged


def _joined(one: Batch, other: Batch, batch: Batch) -> Batch:
    """What is feared behind either of two; known is only what is known behind both."""
    if one is batch or other is batch:
        return other if one is batch else one
    ties = one.ties.joined(other.ties)
    others = one.others.update(other.others)
    if one.is_clouded or other.is_clouded:
        return clouded(replace(one if one.is_clouded else other, others=others, ties=ties))
    return replace(
        one,
        relations=_with_any(one.relations, other.relations),
        others=others,
        retyped=one.retyped.update(other.retyped),
        loosened=one.loosened.update(other.loosened),
        guarded=one.guarded.update(other.guarded),
        references=one.references.update(other.references),
        ties=ties,
        zone_is_set=one.zone_is_set or other.zone_is_set,
        routines=HashTrieMap({at: each for at, each in one.routines.items() if other.routines.get(at) == each}),
        routines_changed=one.routines_changed or other.routines_changed,
    )


def _is_only_added_to(batch: Batch, after: Batch) -> bool:
    """Whether what a name meant, it still means, where it means anything."""
    if after.is_clouded != batch.is_clouded or (after.path, after.path_is_default) != (
        batch.path,
        batch.path_is_default,
    ):
        return False
    return (
        _only_adds(_with_any(batch.relations, after.relations), after.relations)
        and _only_adds(batch.columns, after.columns)
        and _only_adds(batch.schemas, after.schemas)
    )


def _with_any(
    earlier: "HashTrieMap[RelationName, RelationName | Fate]", later: "HashTrieMap[RelationName, RelationName | Fate]"
) -> "HashTrieMap[RelationName, RelationName | Fate]":
    """With what the batch made and may since hold rows of whatever relation, as one that was attached has."""
    if earlier is later:
        return earlier
    held = {
        name: fate
        for name, fate in later.items()
        if isinstance(fate, RelationName) and ANY in {fate.schema, fate.name} and earlier.get(name) == Fate.MADE
    }
    return earlier.update(held) if held else earlier


def _only_adds(earlier: Mapping[_Name, object], later: Mapping[_Name, object]) -> bool:
    if earlier is later:
        return True
    return all(later.get(name) == fate for name, fate in earlier.items()) and all(
        isinstance(fate, Fate) for name, fate in later.items() if name not in earlier
    )


def clouded(batch: Batch) -> Batch:
    """Behind something that may have changed what names mean."""
    kept = {each for each in batch.others if each[0] in {CAST, CONSTRAINED, MIXED}}
    return replace(
        Batch(batch.schema),
        path_is_default=False,
        others=HashTrieSet(kept),
        ties=batch.ties,
        savepoints=batch.savepoints,
        looks=batch.looks,
        is_clouded=True,
    )
