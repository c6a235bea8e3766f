"""What a statement's text does not tell, asked of the batch and of the database behind it.

Where the database would not resolve a name as the script does, it is not asked.
"""

from dbmigrations.postgres.sql.batch import CAST, CONSTRAINED, ENUMERATION, Batch
from dbmigrations.postgres.sql.extensions import WITHOUT_HOLDINGS
from dbmigrations.postgres.sql.known import Dependents
from dbmigrations.postgres.sql.names import ANY, RelationName
from dbmigrations.postgres.sql.tree import Node


def routine_may_exist(batch: Batch, kind: str, name: RelationName) -> bool:
    """Whether a routine of that name may have existed before the batch."""
    if batch.has_made(kind, name):
        return False
    return ANY in {name.name, name.schema} or batch.known.routine_exists(name) is not False


def is_surely_made(batch: Batch, kind: str, name: RelationName) -> bool:
    """Whether the batch made what a DROP names; a routine of that name with other arguments may have existed."""
    if not batch.has_made(kind, name):
        return False
    return kind not in {"OBJECT_FUNCTION", "OBJECT_PROCEDURE"} or batch.known.routine_exists(name) is not True


def may_have_default_partition(batch: Batch, name: RelationName) -> bool:
    """Whether the partitioned table may have one that existed before the batch."""
    return any(
        not batch.is_answered(origin) or batch.known.has_default_partition(origin) is not False
        for origin in batch.origins(name)
    )


def index_is_there(batch: Batch, table: RelationName, index: str) -> bool:
    """Whether it is certain that the table had an index of that name before the batch, and has it now."""
    origins = batch.origins(table)
    if len(origins) != 1 or batch.is_clouded or not batch.is_answered(origins[0]):
        return False
    schema = origins[0].schema or batch.schema
    name = RelationName(schema, index)
    untouched = origins[0].name == table.name and batch.origins(name) == (name,)
    return untouched and batch.known.table_of_index(name) == RelationName(schema, table.name)


def type_of(batch: Batch, relation: RelationName, column: str) -> str | None:
    """The type that a column had before the batch, as format_type() prints it; None: not known for certain."""
    origins = batch.column_origins(relation, column)
    if len(origins) != 1 or not batch.is_answered(origins[0].relation) or origins[0] in batch.retyped:
        return None
    return batch.known.column_type(origins[0])


def holds_no_null(batch: Batch, relation: RelationName, column: str) -> bool:
    """Whether it is certain that the column had no NULL before the batch, nor can get one."""
    origins = batch.column_origins(relation, column)
    if len(origins) != 1 or not batch.is_answered(origins[0].relation):
        return False
    if origins[0] in batch.retyped or origins[0].relation in batch.loosened:
        return False
    return batch.known.holds_no_null(origins[0])


def dependents_of(batch: Batch, relation: RelationName, column: str) -> Dependents | None:
    """What hung on a column before the batch, where nothing was added in it; None: not known for certain."""
    origins = batch.column_origins(relation, column)
    if len(origins) != 1 or not batch.is_answered(origins[0].relation) or origins[0].relation in batch.guarded:
        return None
    return batch.known.dependents(origins[0])


def has_made_plain_type(batch: Batch, name: RelationName) -> bool | None:
    """Whether a type is no domain with constraints; None: not known."""
    if batch.has_made("OBJECT_TYPE", name):
        return True
    if batch.has_made("OBJECT_DOMAIN", name):
        return (CONSTRAINED, batch.place(name)) not in batch.others
    if not batch.is_answered(name):
        return None
    constrained = batch.known.is_constrained_domain(name)
    return None if constrained is None else not constrained


def is_type_of_database(batch: Batch, name: RelationName) -> bool:
    """Whether a type of that name, if there is one, is what the database has under it."""
    made = batch.has_made("OBJECT_TYPE", name) or batch.has_made("OBJECT_DOMAIN", name)
    return batch.is_answered(name) and not made and (CONSTRAINED, batch.place(name)) not in batch.others


def is_enumeration(batch: Batch, type_name: Node) -> bool:
    """Whether a type, or the element type of an array, is an enumeration for certain, and no cast leads to it."""
    name = RelationName.of_parts(type_name.texts("names"))
    if (CAST, batch.place(name)) in batch.others:
        return False
    if (ENUMERATION, batch.place(name)) in batch.others:
        return True
    return batch.is_answered(name) and batch.known.is_enumeration(name) is True


def extension_holds_nothing(batch: Batch, name: str) -> bool:
    """Whether the extension has no tables or sequences of its own: by its name, or as the database says."""
    return name in WITHOUT_HOLDINGS or batch.known.extension_holds_nothing(name) is True
