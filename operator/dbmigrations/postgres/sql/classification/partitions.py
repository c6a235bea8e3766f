"""ATTACH and DETACH PARTITION, of tables and of indexes."""

from collections.abc import Iterator

from dbmigrations.postgres.sql.asking import may_have_default_partition
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.finding import Finding
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import relation_in
from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.tree import Node

_ATTACHED = "its rows are found through the parent too"


def attach(command: Node, relation: RelationName, batch: Batch) -> Iterator[Finding]:
    """The parent goes on, the partition does not; rows of a default partition are looked through."""
    definition = command.node("def")
    partition = relation_in(definition, "name") if definition else RelationName(None, "")
    what = f"attach partition {partition} to {relation}"
    if batch.exists(partition):
        safer = (
            "first give it a valid CHECK like its bounds, and the parent's indexes: nothing is then done under the lock"
        )
        finding = Finding(OperationClass.ADDITIVE, what, _ATTACHED, safer)
        yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE).working(Work.INDEXED).on(partition, batch)
    elif may_have_default_partition(batch, relation):
        why = f"{_ATTACHED}; rows of a default partition are looked through under an exclusive lock"
        safer = "first give the default partition a valid CHECK that excludes the new bounds"
        finding = Finding(OperationClass.ADDITIVE, what, why, safer)
        yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE).working(Work.READ)
    else:
        finding = Finding(OperationClass.ADDITIVE, what, _ATTACHED)
        yield finding.on_existing(LockMode.SHARE_UPDATE_EXCLUSIVE, exists=batch.exists(relation))


def attach_index(command: Node, relation: RelationName) -> Finding:
    """ALTER INDEX … ATTACH PARTITION."""
    definition = command.node("def")
    index = relation_in(definition, "name") if definition else ""
    finding = Finding(OperationClass.ADDITIVE, f"attach index {index} to {relation}", "rows are found as before")
    return finding.on_existing(LockMode.ACCESS_EXCLUSIVE)


def detach(command: Node, relation: RelationName, _: Batch) -> Iterator[Finding]:
    """DETACH PARTITION."""
    definition = command.node("def")
    concurrently = bool(definition and definition.flag("concurrent"))
    partition = relation_in(definition, "name") if definition else ""
    finding = Finding(
        OperationClass.RESTRICTING,
        f"detach partition {partition} from {relation}",
        "its rows are no longer found through the parent",
        "" if concurrently else "DETACH PARTITION … CONCURRENTLY",
    )
    if concurrently:
        yield finding.patiently(LockMode.SHARE_UPDATE_EXCLUSIVE)
    else:
        yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE)
