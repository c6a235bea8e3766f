"""What each statement does to what exists: its class, why, the safer way to write it, the lock that it takes."""

from dataclasses import dataclass
from enum import IntEnum

from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.position import Position


class LockMode(IntEnum):
    """PostgreSQL's table locks, weakest first."""

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8


class Work(IntEnum):
    """What becomes of the rows of a relation that existed before the batch, while the lock is held; least first."""

    NONE = 0  # the catalog changes, however large the table is
    READ = 1  # every row is read
    EMPTIED = 2  # a new, empty file takes the old one's place at once
    INDEXED = 3  # an index is built, and the rows are read for it
    REWRITTEN = 4  # every row is written into a new file, with all indexes

    @property
    def takes_long(self) -> bool:
        """Whether it takes the longer, the larger the table is."""
        return self not in {Work.NONE, Work.EMPTIED}


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a statement does; an ALTER TABLE with three commands does three.

    Attributes:
        operation_class: its class; UNKNOWN where the tree does not tell.
        what: short, for tables: `drop column orders.note`.
        why: one sentence: why it is of this class.
        position: of its statement in the script.
        safer: how to write it with less risk; empty: nothing better is known.
        lock: the strongest lock it takes on a relation that existed before the batch; None: none.
        lock_timeout: whether waiting for that lock must be bounded (DDL on what exists; never CONCURRENTLY, DML).
        work: what becomes of the rows meanwhile; of an UNKNOWN one the worst. Rows that are written one by one (DATA)
            are none.
        relation: what the lock is on, by its name before the batch; None: nothing that existed, or not known.
        declared: the reason that the author gave with `-- migrate: class=`; empty: read from the tree.
        exception: the reason that the author gave with `-- migrate: allow=` for this class; empty: none.
    """

    operation_class: OperationClass
    what: str
    why: str
    position: Position
    safer: str = ""
    lock: LockMode | None = None
    lock_timeout: bool = False
    work: Work = Work.NONE
    relation: RelationName | None = None
    declared: str = ""
    exception: str = ""
