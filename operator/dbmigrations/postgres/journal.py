"""The journal: what is known of a migration that runs outside one transaction, while it is half done.

Every update carries the run (the fence). A row is *partial* when statements of it ran and no end was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.postgres.errors import PlanChangedError
from dbmigrations.postgres.history import times_applied
from dbmigrations.postgres.sql.redact import redact
from dbmigrations.release.history import BegunStatement, PartialMigration
from dbmigrations.release.kind import Kind
from dbmigrations.release.migration import BulkData

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.records import Provenance, RecordedMigration
    from dbmigrations.postgres.tables import Tables


class JournalState(StrEnum):
    """How far a journal came."""

    RUNNING = "running"
    APPLIED = "applied"  # done, either way
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"  # half-applied, and undone by its down script


class StatementState(StrEnum):
    """How far a journalled statement came."""

    RUNNING = "running"  # it was sent, and nobody wrote how it ended
    APPLIED = "applied"
    FAILED = "failed"  # the server refused it; outside a transaction it may have left something behind


@dataclass(frozen=True)
class JournalledStatement:
    """A statement that was begun. `ordinal` counts the script's statements from 0."""

    ordinal: int
    checksum: str
    script: str
    state: StatementState


@dataclass(frozen=True)
class Journal:
    """An open journal row with its statements, in order."""

    id: int
    statements: tuple[JournalledStatement, ...]

    @property
    def begun(self) -> bool:
        """Whether anything of the script was done, or may have been."""
        return bool(self.statements)


def statement_checksum(text: str, data: str | BulkData | None = None) -> str:
    """The identity of a journalled statement: of its text, and behind a colon of the data below a COPY.

    The data of a large file was hashed while it was read, and is hashed again while it is sent.
    """
    found = sha256(text.encode()).hexdigest()
    if data is None:
        return found
    return f"{found}:{data.sha256 if isinstance(data, BulkData) else sha256(data.encode()).hexdigest()}"


def is_same_statement(ran: str, text: str, data: str | BulkData | None) -> bool:
    """Whether it is the statement of this checksum. Of older runners the text alone."""
    if ":" not in ran:
        data = None
    return ran == statement_checksum(text, data)


def open_journal(session: Session, tables: Tables, kind: Kind, name: str, direction: Direction) -> Journal | None:
    """The unfinished journal of a migration; None: there is none."""
    row = session.execute(
        tables.query(
            "SELECT id FROM {schema}.migration_journal"
            " WHERE kind = %s AND name = %s AND direction = %s AND state IN ('running', 'failed')"
        ),
        (kind.value, name, direction.value),
    ).fetchone()
    if row is None:
        return None
    found = session.execute(
        tables.query(
            "SELECT ordinal, checksum, script, state FROM {schema}.migration_journal_statement"
            " WHERE journal_id = %s ORDER BY ordinal"
        ),
        (row[0],),
    )
    statements = (JournalledStatement(n, checksum, text, StatementState(state)) for n, checksum, text, state in found)
    return Journal(row[0], tuple(statements))


def begin(
    session: Session, tables: Tables, migration: RecordedMigration, direction: Direction, provenance: Provenance
) -> Journal:
    """Open a journal, or take an unfinished one over for this run."""
    present = open_journal(session, tables, migration.kind, migration.name, direction)
    values = {
        **vars(migration),
        "kind": migration.kind.value,
        "direction": direction.value,
        "run": provenance.run,
        "uid": provenance.uid,
    }
    if present is not None:
        session.execute(
            tables.query(
                "UPDATE {schema}.migration_journal SET run_id = %(run)s, uid = %(uid)s, state = 'running',"
                " error = NULL, finished_at = NULL, checksum = %(checksum)s, release = %(release)s,"
                " down_path = %(down_path)s, down_script = %(down_script)s, down_checksum = %(down_checksum)s"
                " WHERE id = %(id)s"
            ),
            {**values, "id": present.id},
        )
        return present
    (row,) = session.one(
        tables.query(
            "INSERT INTO {schema}.migration_journal (run_id, kind, name, release, direction, state, checksum,"
            " down_path, down_script, down_checksum, uid)"
            " VALUES (%(run)s, %(kind)s, %(name)s, %(release)s, %(direction)s, 'running', %(checksum)s,"
            " %(down_path)s, %(down_script)s, %(down_checksum)s, %(uid)s) RETURNING id"
        ),
        values,
    )
    return Journal(row, ())


@dataclass(frozen=True)
class JournalWriter:
    """Writes the statements of one open journal, for one run."""

    session: Session
    tables: Tables
    journal_id: int
    run: str

    def write(self, ordinal: int, text: str, state: StatementState, data: str | BulkData | None = None) -> None:
        """Say how far a statement came; `data` is what stands below a COPY.

        Raises:
            PlanChangedError: another run has taken the journal over.
        """
        row = self.session.execute(
            self.tables.query(
                "INSERT INTO {schema}.migration_journal_statement AS present"
                " (journal_id, ordinal, checksum, script, state, finished_at)"
                " SELECT j.id, %(ordinal)s, %(checksum)s, %(script)s, %(state)s,"
                "   CASE WHEN %(state)s <> 'running' THEN clock_timestamp() END"
                " FROM {schema}.migration_journal j"
                " WHERE j.id = %(id)s AND j.run_id = %(run)s AND j.state = 'running'"
                " AND EXISTS (SELECT FROM {schema}.migration_run r WHERE r.id = %(run)s AND r.outcome = 'Running')"
                " ON CONFLICT (journal_id, ordinal) DO UPDATE SET checksum = excluded.checksum,"
                "   script = excluded.script, state = excluded.state, finished_at = excluded.finished_at"
                " RETURNING ordinal"
            ),
            {
                "id": self.journal_id,
                "run": self.run,
                "ordinal": ordinal,
                "checksum": statement_checksum(text, data),
                "script": redact(text),
                "state": state.value,
            },
        ).fetchone()
        if row is None:
            raise PlanChangedError(f"run {self.run} is not running any more: another run took its place")

    def close(self, state: JournalState, error: str | None = None) -> None:
        """End this run's work on the journal. A failed one stays open: it can be taken up again.

        Raises:
            PlanChangedError: another run has taken the journal over.
        """
        row = self.session.execute(
            self.tables.query(
                "UPDATE {schema}.migration_journal SET state = %s, error = %s, finished_at = clock_timestamp()"
                " WHERE id = %s AND run_id = %s AND state = 'running' RETURNING id"
            ),
            (state.value, error, self.journal_id, self.run),
        ).fetchone()
        if row is None:
            raise PlanChangedError(f"run {self.run} is not running any more: another run took its place")


def close_open(
    session: Session, tables: Tables, migration: RecordedMigration, direction: Direction, state: JournalState
) -> None:
    """End an open journal of this direction, whoever began it; harmless where there is none."""
    session.execute(
        tables.query(
            "UPDATE {schema}.migration_journal SET state = %s, finished_at = clock_timestamp()"
            " WHERE kind = %s AND name = %s AND direction = %s AND state IN ('running', 'failed')"
        ),
        (state.value, migration.kind.value, migration.name, direction.value),
    )


def partial(session: Session, tables: Tables) -> tuple[PartialMigration, ...]:
    """The migrations of which some statements ran and no end was written."""
    found = session.execute(
        tables.query(
            "SELECT id, kind, name, release, direction, checksum, down_checksum, down_script, uid, run_id"
            " FROM {schema}.migration_journal j WHERE state IN ('running', 'failed')"
            " AND EXISTS (SELECT FROM {schema}.migration_journal_statement s WHERE s.journal_id = j.id) ORDER BY id"
        )
    ).fetchall()
    if not found:
        return ()
    times = times_applied(session, tables)
    begun = _begun(session, tables, [row[0] for row in found])
    return tuple(
        PartialMigration(
            kind=Kind(kind),
            name=name,
            release=release,
            direction=Direction(direction),
            up_checksum=checksum,
            down_checksum=down_checksum,
            down_partial_safe=is_partial_safe(down_script),
            times_applied=times.get((Kind(kind), name), 0),
            uid=uid,
            run=run,
            statements=begun[number],
        )
        for number, kind, name, release, direction, checksum, down_checksum, down_script, uid, run in found
    )


def _begun(session: Session, tables: Tables, journals: list[int]) -> dict[int, tuple[BegunStatement, ...]]:
    found = session.execute(
        tables.query(
            "SELECT journal_id, ordinal, checksum, state FROM {schema}.migration_journal_statement"
            " WHERE journal_id = ANY (%s) ORDER BY ordinal"
        ),
        (journals,),
    ).fetchall()
    return {
        number: tuple(
            BegunStatement(ordinal, checksum, StatementState(state) is StatementState.APPLIED)
            for journal, ordinal, checksum, state in found
            if journal == number
        )
        for number in journals
    }


def half_applied(session: Session, tables: Tables, kind: Kind, name: str) -> RecordedMigration | None:
    """What the open up journal of a migration says of it; None: it is not half-applied."""
    from dbmigrations.postgres.records import RecordedMigration

    record = session.record(
        tables.query(
            "SELECT name, release, '' AS description, checksum, '' AS raw_checksum, down_path, down_script,"
            " down_checksum, NULL AS irreversible FROM {schema}.migration_journal"
            " WHERE kind = %s AND name = %s AND direction = 'Up' AND state IN ('running', 'failed')"
        ),
        (kind.value, name),
    )
    return None if record is None else RecordedMigration(kind=kind, **record)


def is_partial_safe(down_script: str | None) -> bool:
    """Whether a stored down says that it may run although its up was applied only in part."""
    from dbmigrations.postgres.sql.errors import SqlInvalidError
    from dbmigrations.postgres.sql.script import read

    try:
        return down_script is not None and read(down_script).directives.partial_safe
    except SqlInvalidError:
        return False
