"""How to learn whether a statement outside any transaction took effect, when the engine was killed in between."""

from dataclasses import dataclass
from enum import Enum, auto

from dbmigrations.postgres.sql.names import RelationName


@dataclass(frozen=True, slots=True)
class IndexBuilt:
    """CREATE INDEX CONCURRENTLY: done if the index exists and is valid; invalid: drop it and build it again."""

    index: RelationName
    table: RelationName


@dataclass(frozen=True, slots=True)
class IndexDropped:
    """DROP INDEX CONCURRENTLY: done if none of them exists; else (also when invalid) drop again."""

    indexes: tuple[RelationName, ...]


@dataclass(frozen=True, slots=True)
class PartitionDetached:
    """DETACH PARTITION … CONCURRENTLY: done if not attached; detach pending: `ALTER TABLE … FINALIZE`."""

    parent: RelationName
    partition: RelationName


class ReindexedKind(Enum):
    """What a REINDEX names."""

    INDEX = auto()
    TABLE = auto()
    SCHEMA = auto()
    EVERYTHING = auto()
    """The whole database."""


@dataclass(frozen=True, slots=True)
class Reindexed:
    """The target of a REINDEX … CONCURRENTLY; `relation` is the index, the table, or (its name) the schema."""

    kind: ReindexedKind
    relation: RelationName


@dataclass(frozen=True, slots=True)
class Repeatable:
    """VACUUM, REINDEX, CLUSTER, ALTER SYSTEM …: run it again. `leftovers`: first drop what a rebuild of that left."""

    leftovers: Reindexed | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """The author's own `-- migrate: check=`: true means done, false means run it."""

    sql: str


@dataclass(frozen=True, slots=True)
class Unprobeable:
    """Nobody can tell whether it took effect: preflight refuses it and asks for `-- migrate: check=`."""

    why: str


Probe = IndexBuilt | IndexDropped | PartitionDetached | Repeatable | Checked | Unprobeable
