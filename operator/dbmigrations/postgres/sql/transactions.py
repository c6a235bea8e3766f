"""How a script is run: in one transaction with its history row, or in units with a journal row between them.

Decided from the parse tree. What cannot be parsed, or depends on the database (CALL, REINDEX of a table that may be
partitioned), is tried inside the transaction: the server refuses it with 25001 or 2D000 before it had any effect.
"""

from dataclasses import dataclass
from enum import StrEnum

from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.script import SqlScript
from dbmigrations.postgres.sql.statements import Statement


class Mode(StrEnum):
    """How a script takes effect."""

    TRANSACTION = "Transaction"  # all of it, with its history row, or nothing
    STATEMENT = "Statement"  # unit by unit, journalled


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


@dataclass(frozen=True, slots=True)
class Repeatable:
    """VACUUM, REINDEX, CLUSTER, ALTER SYSTEM …: run it again. `leftovers`: drop invalid `_ccnew`, `_ccold` first."""

    leftovers: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """The author's own `-- migrate: check=`: true means done, false means run it."""

    sql: str


@dataclass(frozen=True, slots=True)
class Unprobeable:
    """Nobody can tell whether it took effect: preflight refuses it and asks for `-- migrate: check=`."""

    why: str


Probe = IndexBuilt | IndexDropped | PartitionDetached | Repeatable | Checked | Unprobeable


@dataclass(frozen=True, slots=True)
class Unit:
    """Statements that take effect together.

    Attributes:
        statements: in order. Of a transactional unit the file's own BEGIN and COMMIT are not among them.
        transactional: the engine opens a transaction with `begin`, runs them, writes its row, commits. Otherwise
            there is exactly one statement, run outside any transaction block.
        begin: `BEGIN`, or as the file's own says it (`BEGIN ISOLATION LEVEL SERIALIZABLE`).
        probe: how to learn whether it took effect when the engine was killed in between; None if transactional.
        preamble: session settings (SET, SET ROLE, set_config) of earlier units, to be run again before this unit
            when the engine resumes in a new session.
    """

    statements: tuple[Statement, ...]
    transactional: bool
    begin: str = "BEGIN"
    probe: Probe | None = None
    preamble: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class ExecutionPlan:
    """How a script is run. Mode.TRANSACTION has exactly one transactional unit, without statements if it has none."""

    mode: Mode
    units: tuple[Unit, ...]

    @property
    def unprobeable(self) -> tuple[Unit, ...]:
        """The units that preflight must refuse."""
        return tuple(unit for unit in self.units if isinstance(unit.probe, Unprobeable))


def execution_plan(script: SqlScript) -> ExecutionPlan:
    """Decide how a script is run.

    Raises:
        SqlInvalidError: BEGIN without COMMIT or the reverse, ROLLBACK, PREPARE TRANSACTION, a statement that cannot
            run in a transaction inside BEGIN … COMMIT or under `tx=file`.
    """
    raise NotImplementedError
