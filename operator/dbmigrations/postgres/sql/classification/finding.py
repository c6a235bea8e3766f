"""What the families of statements answer: an operation without its place."""

from dataclasses import dataclass, replace

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.operations import LockMode, Operation, Work
from dbmigrations.postgres.sql.position import Position


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a statement does. See Operation for the fields."""

    operation_class: OperationClass
    what: str
    why: str
    safer: str = ""
    lock: LockMode | None = None
    lock_timeout: bool = False
    work: Work = Work.NONE
    relation: RelationName | None = None

    def working(self, work: Work) -> "Finding":
        """This becomes of the rows while the lock is held; nothing, where none is taken on what existed."""
        return replace(self, work=work) if self.lock else self

    def on(self, relation: RelationName, batch: Batch) -> "Finding":
        """The lock is on this relation, not on the one that the statement is about."""
        origins = batch.origins(relation)
        return replace(self, relation=origins[0]) if self.lock and origins and relation.name else self

    def on_existing(self, lock: LockMode, *, exists: bool = True) -> "Finding":
        """It takes this lock, for which it must not wait long, if the relation existed before the batch."""
        return replace(self, lock=lock, lock_timeout=True) if exists else self

    def patiently(self, lock: LockMode, *, exists: bool = True) -> "Finding":
        """It takes this lock and may wait for it: nobody queues behind it, or only for rows."""
        return replace(self, lock=lock, lock_timeout=False) if exists else self

    def at(self, position: Position) -> Operation:
        """The operation at its place."""
        return Operation(
            self.operation_class,
            self.what,
            self.why,
            position,
            self.safer,
            self.lock,
            self.lock_timeout,
            self.work,
            self.relation,
        )


def made_by_the_plan(what: str) -> Finding:
    """Whatever is done to something that the same plan made changes nothing that exists."""
    return Finding(OperationClass.ADDITIVE, what, "it was made by the same plan")
