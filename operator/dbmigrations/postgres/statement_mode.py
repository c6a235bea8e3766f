"""A script unit by unit, for statements that cannot run in a transaction; a journal row says how far it came.

A transactional unit commits with its journal rows. A lone statement gets its row before it is sent, and is probed when
nobody was left to write how it ended. So an interrupted script is taken up where it stopped, each statement once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dbmigrations.api.words import Direction
from dbmigrations.postgres import journal, prisma, probes
from dbmigrations.postgres.errors import EngineError, NotResumableError, StatementError
from dbmigrations.postgres.execution import read_script
from dbmigrations.postgres.journal import (
    JournalledStatement,
    JournalState,
    JournalWriter,
    StatementState,
    statement_checksum,
)
from dbmigrations.postgres.resumption import stands, statements_by_ordinal
from dbmigrations.postgres.sql.statements import Statement
from dbmigrations.postgres.sql.transactions import IndexBuilt, Probe, Unit, execution_plan
from dbmigrations.postgres.task import Task


def run_by_statement(task: Task) -> int:
    """Run the task, or go on with it, and return the id of its history row.

    Raises:
        StatementError: what ran before it stays, and is not run again.
        NotResumableError: the executed part of the script was edited, or a statement's effect cannot be known.
        GateClosedError: a gate did not open between two statements; it goes on there.
        ContentionError, PlanChangedError, UnavailableError: as in one transaction.
    """
    around, migration = task.around, task.migration
    with around.session.transaction():
        present = journal.begin(around.session, around.tables, migration, task.direction, around.provenance)
        if task.is_prisma and task.direction is Direction.UP:
            prisma.begin(around.session, around.application_schema, migration.name, migration.raw_checksum)
    writer = JournalWriter(around.session, around.tables, present.id, around.provenance.run)
    progress = _Progress(task, writer, {statement.ordinal: statement for statement in present.statements})
    try:
        progress.check_prefix()
        for unit in task.plan.units:
            progress.run(unit)
        return progress.finish()
    except StatementError as error:
        progress.give_up(error)
        raise


@dataclass(frozen=True)
class _Progress:
    task: Task
    writer: JournalWriter
    journalled: dict[int, JournalledStatement]

    def check_prefix(self) -> None:
        """What ran must still stand in the script as it ran, from the beginning."""
        now = statements_by_ordinal(self.task.runner.script, self.task.plan)
        for ordinal, ran in self.journalled.items():
            same = stands(now, ordinal, ran.checksum)
            if not same and (ran.state is StatementState.APPLIED or self._old_took_effect(ran)):
                raise NotResumableError(
                    f"{self.task.runner.path}: statement {ordinal + 1}{self._below(now.get(ordinal), ran)} has already "
                    "run and was edited since: put it back as it was and make the change in a migration of its own"
                )

    def _below(self, now: Statement | None, ran: JournalledStatement) -> str:
        """Where it is the data below a COPY that differs."""
        same_text = now is not None and ran.checksum.partition(":")[0] == statement_checksum(now.text)
        return " with the data below it" if same_text else ""

    def run(self, unit: Unit) -> None:
        left = [statement for statement in unit.statements if not self._is_applied(statement)]
        if not left:
            return
        session, retry = self.task.around.session, self.task.around.retry
        self.task.around.gates.pass_through(session)
        if unit.transactional:
            retry.until_done(session, lambda: self._run_together(unit, left))
        else:
            retry.until_done(session, lambda: self._run_alone(unit, left[0]))

    def finish(self) -> int:
        with self.task.around.session.transaction():
            self.task.settle()
            return self.task.record_success()

    def give_up(self, error: StatementError) -> None:
        """Leave the journal open, saying why; what failed first is what a person must read."""
        around, session = self.task.around, self.task.around.session
        session.roll_back()
        try:
            session.reset()
            with session.bookkeeping():
                self.writer.close(JournalState.FAILED, str(error))
                if self.task.is_prisma and self.task.direction is Direction.UP:
                    prisma.fail(session, around.application_schema, self.task.migration.name, str(error))
        except EngineError:
            return

    def _run_together(self, unit: Unit, statements: Sequence[Statement]) -> None:
        session = self.task.around.session
        self.task.runner.run(unit.preamble)
        with session.transaction(unit.begin):
            self.task.runner.run(statements)
            session.be_ourselves()
            session.mean_the_catalog()
            for statement in statements:
                self._write(statement, StatementState.APPLIED)

    def _run_alone(self, unit: Unit, statement: Statement) -> None:
        session, ordinal = self.task.around.session, self._ordinal(statement)
        ran = self.journalled.get(ordinal)
        self.task.runner.run(unit.preamble)
        done = ran is not None and self._took_effect(ran, unit, statement)
        if ran is None and probes.is_there_already(session, unit.probe):
            self._send(unit, statement)  # a row that says "begun" would make it ours
        elif not done:
            self._note(statement, StatementState.RUNNING)
            checksum = statement_checksum(statement.text, statement.copy_data)
            self.journalled[ordinal] = JournalledStatement(ordinal, checksum, statement.text, StatementState.RUNNING)
            self._send(unit, statement)
        self._note(statement, StatementState.APPLIED)

    def _note(self, statement: Statement, state: StatementState) -> None:
        with self.task.around.session.bookkeeping():
            self._write(statement, state)

    def _write(self, statement: Statement, state: StatementState) -> None:
        self.writer.write(self._ordinal(statement), statement.text, state, statement.copy_data)

    def _took_effect(self, ran: JournalledStatement, unit: Unit, statement: Statement) -> bool:
        if unit.probe is None:
            return False
        done = probes.took_effect(self.task.around.session, unit.probe, self._where(statement))
        # The server refused to build it: a valid index of this name is another one.
        return done and not (ran.state is StatementState.FAILED and isinstance(unit.probe, IndexBuilt))

    def _send(self, unit: Unit, statement: Statement) -> None:
        session = self.task.around.session
        self.task.runner.run(unit.preamble)
        # It waits for others without holding them up, so it may wait as long as it takes.
        restore = self._without_lock_timeout()
        try:
            with self.task.around.deferred():
                self.task.runner.run_one(statement)
                self._rebuild_if_invalid(unit.probe, statement)
        except StatementError:
            self._note(statement, StatementState.FAILED)
            raise
        if restore:
            session.bound_lock_waits(bounded=True)

    def _without_lock_timeout(self) -> bool:
        if "lock_timeout" in self.task.runner.script.text.lower():
            return False  # the author has decided
        self.task.around.session.bound_lock_waits(bounded=False)
        return True

    def _rebuild_if_invalid(self, probe: Probe | None, statement: Statement) -> None:
        # IF NOT EXISTS silently keeps the INVALID index that an earlier failure left.
        if isinstance(probe, IndexBuilt) and (index := probes.invalid_index(self.task.around.session, probe)):
            probes.drop_index(self.task.around.session, index)
            self.task.runner.run_one(statement)

    def _old_took_effect(self, ran: JournalledStatement) -> bool:
        """Whether a statement that was begun, and was edited since, took effect as it then read."""
        if ran.state is StatementState.FAILED:
            # The server refused it: it took no effect, but may have left something to clear away.
            self._probe_of(ran)
            return False
        return self._probe_of(ran)

    def _probe_of(self, ran: JournalledStatement) -> bool:
        plan = execution_plan(read_script(self.task.runner.path, ran.script))
        where = f"{self.task.runner.path}: statement {ran.ordinal + 1}"
        return any(probes.took_effect(self.task.around.session, unit.probe, where) for unit in plan.units if unit.probe)

    def _is_applied(self, statement: Statement) -> bool:
        ran = self.journalled.get(self._ordinal(statement))
        return ran is not None and ran.state is StatementState.APPLIED

    def _ordinal(self, statement: Statement) -> int:
        return self.task.runner.ordinal(statement)

    def _where(self, statement: Statement) -> str:
        return f"{self.task.runner.path}:{statement.position.reference}"
