"""The result of transactions.py: the units in which a script takes effect."""

from dataclasses import dataclass
from enum import StrEnum

from dbmigrations.postgres.sql.probes import Probe, Unprobeable
from dbmigrations.postgres.sql.statements import Statement


class Mode(StrEnum):
    """How a script takes effect."""

    TRANSACTION = "Transaction"  # all of it, with its history row, or nothing
    STATEMENT = "Statement"  # unit by unit, journalled


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
