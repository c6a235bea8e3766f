"""Notes of the batch on what existed: columns and constraints of which the database's answers hold no longer."""

from dataclasses import replace

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.names import RelationName


def with_retyped(batch: Batch, relation: RelationName, column: str) -> Batch:
    """A column got another type: what the database knows of it holds no longer."""
    return replace(batch, retyped=batch.retyped.update(batch.column_origins(relation, column)))


def with_guarded(batch: Batch, relation: RelationName) -> Batch:
    """A relation got an index or a constraint."""
    return replace(batch, guarded=batch.guarded.update(batch.origins(relation)))


def with_loosened(batch: Batch, relation: RelationName) -> Batch:
    """A constraint of the relation was dropped, and nobody knows which columns it was about."""
    return replace(batch, loosened=batch.loosened.update(batch.origins(relation)))


def with_reference(batch: Batch, relation: RelationName, referenced: RelationName) -> Batch:
    """A foreign key was made from what the batch made to what existed."""
    if not batch.exists(referenced):
        return batch
    return replace(batch, references=batch.references.insert((batch.place(relation), referenced)))


def referred_from(batch: Batch, relation: RelationName) -> tuple[RelationName, ...]:
    """What existed and is referred to by a relation of the batch."""
    place = batch.place(relation)
    return tuple(sorted((to for who, to in batch.references if who == place), key=str))
