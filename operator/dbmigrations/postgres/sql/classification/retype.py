"""ALTER COLUMN … TYPE: whether the server writes each row, by the type that the column has now."""

from collections.abc import Iterator
from dataclasses import replace

from dbmigrations.postgres.sql.asking import dependents_of, type_of
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.finding import Finding
from dbmigrations.postgres.sql.conversions import Conversion, conversion_of
from dbmigrations.postgres.sql.known import Dependents
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import type_text
from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.retyping import retyping_keeps_bytes, retyping_keeps_values
from dbmigrations.postgres.sql.tree import Node


def retype(command: Node, relation: RelationName, batch: Batch) -> Iterator[Finding]:
    """One finding. Careful where the type before is not known."""
    definition = command.node("def")
    type_name = definition.node("type_name") if definition else None
    target = type_text(type_name) if type_name else "another type"
    what = f"change type of {relation}.{command.text('name')} to {target}"
    old = type_of(batch, relation, command.text("name"))
    plain = definition is not None and conversion_of(definition, command.text("name")) in _PLAIN
    if old and definition and plain and retyping_keeps_bytes(old, target, is_utc=batch.is_utc):
        sorted_alike = definition.node("coll_clause") is None and _sorts_alike(old, target)
        work = _work_behind(dependents_of(batch, relation, command.text("name")), sorted_alike=sorted_alike)
        yield _stored_alike(what, old, target, work)
        return
    why = "unless the types are stored alike, each row and index is written while nobody can use the table"
    finding = Finding(
        OperationClass.REWRITING,
        what,
        f"from {old}: each row and index is written while nobody can use the table" if old else why,
        "add a column of the new type, write both, fill it in batches, then change over",
    )
    yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE).working(Work.REWRITTEN)


def _stored_alike(what: str, old: str, new: str, work: Work) -> Finding:
    if retyping_keeps_values(old, new):
        finding = Finding(OperationClass.WIDENING, what, f"it is stored as {old} was: no row is written")
    else:
        why = f"it is stored as {old} was, so no row is written; who reads it gets another type"
        finding = Finding(OperationClass.RESTRICTING, what, why)
    match work:
        case Work.INDEXED:
            finding = replace(finding, why=f"{finding.why}; an index of it is built anew, and nobody can use the table")
        case Work.READ:
            finding = replace(finding, why=f"{finding.why}; all are read to see whether they still hold to its check")
        case _:
            pass
    return finding.on_existing(LockMode.ACCESS_EXCLUSIVE).working(work)


def _work_behind(dependents: Dependents | None, *, sorted_alike: bool) -> Work:
    """What becomes of the rows where their bytes stay."""
    if dependents is None:
        return Work.INDEXED
    if dependents.conditionally or (dependents.indexed and not sorted_alike):
        return Work.INDEXED
    return Work.READ if dependents.checked else Work.NONE


def _sorts_alike(old: str, new: str) -> bool:
    """Whether an index on the column may stay. Between timestamps, and with citext, the operators are others."""
    return not any("citext" in each for each in (old, new)) and ("with time zone" in old) == (
        "with time zone" in new or new.startswith(("timestamptz", "timetz"))
    )


_PLAIN = frozenset({Conversion.ASSIGNED, Conversion.CAST})
"""What the server does anyway."""
