"""The run row: what a run is about, how far it came, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from psycopg import sql
from psycopg.types.json import Jsonb

from dbmigrations.postgres.errors import PlanChangedError
from dbmigrations.postgres.tables import Tables, installed

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import JsonValue

    from dbmigrations.postgres.connection import Session


class RunOutcome(StrEnum):
    """Where a run stands in the database."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SUPERSEDED = "Superseded"


@dataclass(frozen=True)
class NewRun:
    """What preflight decided."""

    id: str
    owner: str
    uid: str
    """Empty: a laptop."""
    generation: int
    trigger: str
    target_version: str
    direction: str
    base: JsonValue
    plan: JsonValue
    steps: JsonValue
    plan_hash: str
    approved_plan: str
    changing: bool
    """Whether it applies, undoes or baselines anything."""


@dataclass(frozen=True)
class Run(NewRun):
    """A run row as it stands."""

    ordinal: int
    backup: JsonValue
    outcome: RunOutcome
    reason: str
    message: str
    finished_step: int
    """Ordinal of the last finished step; 0 is preflight."""
    started_at: datetime
    finished_at: datetime | None


def start(session: Session, tables: Tables, run: NewRun) -> None:
    """Insert the row as Running and mark older Running rows of the same uid Superseded, in one transaction.

    Starting a run that is already there (its result was lost) replaces what it says, while it is still Running and no
    step after preflight has finished.

    Raises:
        PlanChangedError: the run is there and has gone on, or has ended.
    """
    values = vars(run) | {name: Jsonb(getattr(run, name)) for name in ("base", "plan", "steps")}
    with session.transaction():
        session.execute(
            tables.query(
                "UPDATE {schema}.migration_run SET outcome = 'Superseded', finished_at = clock_timestamp()"
                " WHERE uid = %s AND id <> %s AND outcome = 'Running'"
            ),
            (run.uid, run.id),
        )
        written = session.execute(
            tables.query(
                "INSERT INTO {schema}.migration_run AS present (id, owner, uid, generation, trigger, target_version,"
                "   direction, base, plan, steps, plan_hash, approved_plan, changing, outcome)"
                " VALUES (%(id)s, %(owner)s, %(uid)s, %(generation)s, %(trigger)s, %(target_version)s, %(direction)s,"
                "   %(base)s, %(plan)s, %(steps)s, %(plan_hash)s, %(approved_plan)s, %(changing)s, 'Running')"
                " ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, trigger = excluded.trigger,"
                "   target_version = excluded.target_version, direction = excluded.direction, base = excluded.base,"
                "   plan = excluded.plan, steps = excluded.steps, plan_hash = excluded.plan_hash,"
                "   approved_plan = excluded.approved_plan, changing = excluded.changing"
                " WHERE present.uid = excluded.uid AND present.outcome = 'Running' AND present.finished_step = 0"
                " RETURNING id"
            ),
            values,
        ).fetchone()
        if written is None:
            raise PlanChangedError(f"run {run.id} has already begun to change the database, or has ended")


def read_run(session: Session, tables: Tables, run: str) -> Run | None:
    """The row of a run; None: there is none."""
    return _one(session, tables, sql.SQL("id = {}").format(run))


def newest_run(session: Session, tables: Tables, uid: str, generation: int, *, other_than: str = "") -> Run | None:
    """The newest row of a uid and generation, leaving out one run."""
    condition = sql.SQL("uid = {} AND generation = {} AND id <> {}").format(uid, generation, other_than)
    return _one(session, tables, condition)


def first_unverified(session: Session, tables: Tables, *, other_than: str) -> Run | None:
    """The oldest run that did not succeed and was under way behind the newest passed Verify; None: there is none."""
    newest = tables.query("(SELECT run_id, passed_at FROM {schema}.migration_version ORDER BY id DESC LIMIT 1)")
    behind = sql.SQL(
        "outcome <> 'Succeeded' AND id <> {run} AND ordinal = (SELECT min(r.ordinal) FROM {runs} AS r"
        " LEFT JOIN {newest} AS v ON true WHERE r.outcome <> 'Succeeded' AND r.id <> {run} AND"
        " (v.run_id IS NULL OR r.id = v.run_id OR coalesce(r.finished_at, r.started_at) > v.passed_at))"
    )
    return _one(
        session,
        tables,
        behind.format(run=other_than, runs=sql.Identifier(tables.schema, "migration_run"), newest=newest),
    )


def last_changing(session: Session, tables: Tables, uid: str) -> str:
    """The newest changing run of this uid that Succeeded; empty: none."""
    found = _one(session, tables, sql.SQL("uid = {} AND changing AND outcome = 'Succeeded'").format(uid))
    return found.id if found else ""


def is_known_succeeded(session: Session, tables: Tables, run: str) -> bool:
    """Whether the database knows this run as Succeeded."""
    found = read_run(session, tables, run)
    return found is not None and found.outcome is RunOutcome.SUCCEEDED


def finish_step(session: Session, tables: Tables, run: str, ordinal: int) -> None:
    """Remember that a step is done. Repeating it is harmless.

    Raises:
        PlanChangedError: the run is no longer Running.
    """
    _update(
        session,
        tables,
        run,
        sql.SQL("finished_step = greatest(finished_step, {})").format(ordinal),
        must_be_running=True,
    )


def record_backup(session: Session, tables: Tables, run: str, backup: JsonValue) -> None:
    """Remember the backup that this run took.

    Raises:
        PlanChangedError: the run is no longer Running.
    """
    _update(session, tables, run, sql.SQL("backup = {}").format(Jsonb(backup)), must_be_running=True)


def finish(  # noqa: PLR0913  one for each column
    session: Session, tables: Tables, run: str, outcome: RunOutcome, *, reason: str = "", message: str = ""
) -> bool:
    """End a Running run; False: it had ended before, and its row says how."""
    change = sql.SQL("outcome = {}, reason = {}, message = {}, finished_at = clock_timestamp()")
    return _update(session, tables, run, change.format(outcome.value, reason, message), must_be_running=False)


def cancel_running(session: Session, tables: Tables, uid: str) -> None:
    """Mark every Running row of a uid Cancelled."""
    session.execute(
        tables.query(
            "UPDATE {schema}.migration_run SET outcome = 'Cancelled', finished_at = clock_timestamp()"
            " WHERE uid = %s AND outcome = 'Running'"
        ),
        (uid,),
    )


def _update(session: Session, tables: Tables, run: str, change: sql.Composed, *, must_be_running: bool) -> bool:
    row = session.execute(
        tables.query(
            "UPDATE {schema}.migration_run SET {change} WHERE id = %s AND outcome = 'Running' RETURNING id",
            change=change,
        ),
        (run,),
    ).fetchone()
    if row is None and must_be_running:
        raise PlanChangedError(f"run {run} is not running any more: another run took its place")
    return row is not None


def _one(session: Session, tables: Tables, condition: sql.Composed) -> Run | None:
    if not installed(session, tables):
        return None
    record = session.record(
        tables.query(
            "SELECT id, owner, uid, generation, trigger, target_version, direction, base, plan, steps, plan_hash,"
            " approved_plan, changing, ordinal, backup, outcome, reason, message, finished_step, started_at,"
            " finished_at"
            " FROM {schema}.migration_run WHERE {condition} ORDER BY ordinal DESC LIMIT 1",
            condition=condition,
        )
    )
    return None if record is None else Run(**{**record, "outcome": RunOutcome(record["outcome"])})
