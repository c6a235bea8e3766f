"""Routines whose definitions the batch knows."""

from dataclasses import replace

from rpds import HashTrieMap

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.tree import Node


def with_routine(batch: Batch, name: RelationName, definition: Node) -> Batch:
    """A function or procedure was made, or replaced."""
    place = batch.place(name)
    every = (*batch.routines.get(place, ()), definition)
    return replace(batch, routines=batch.routines.insert(place, every))


def without_routine(batch: Batch, name: RelationName) -> Batch:
    """As the body of that routine sees it: what calls itself is not looked into again."""
    return replace(batch, routines=batch.routines.discard(batch.place(name)), depth=batch.depth + 1, texts=())


def without_routine_named(batch: Batch, name: RelationName) -> Batch:
    """One of that name was dropped; which one is told by its arguments."""
    return replace(batch, routines=batch.routines.discard(batch.place(name)))


def without_routines(batch: Batch) -> Batch:
    """Names of routines may mean others now."""
    return replace(batch, routines=HashTrieMap(), routines_changed=True)
