"""`migration_history`: rows in, facts out. Rows are only ever inserted.

*Applied* = the newest row of a (kind, name) with outcome Applied, Baselined or Undone is not Undone; a Failed row
counts nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from dbmigrations.api.words import Direction
from dbmigrations.postgres.errors import LockReleasedError, PlanChangedError
from dbmigrations.postgres.history_row import link_after, plain_row, values
from dbmigrations.postgres.outcome import RowOutcome
from dbmigrations.release.history import AppliedMigration, AppliedOutcome, ApprovedChange, UndoneMigration
from dbmigrations.release.kind import Key, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.records import Happening, HistoryRow, Provenance, RecordedMigration
    from dbmigrations.postgres.tables import Tables

# The newest counting row of each migration, with how often it was applied until then.
# What was accepted or replaced since it was applied counts instead of what was applied.
_NEWEST = """
    SELECT counting.id, counting.kind, counting.name, release, outcome, coalesce(later.checksum, counting.checksum)
        AS checksum, coalesce(later.down_checksum, counting.down_checksum) AS down_checksum, uid, run_id,
        approved_plan, times
    FROM (SELECT DISTINCT ON (kind, name) id, kind, name, release, outcome, checksum, down_checksum, uid, run_id,
            approved_plan, count(*) FILTER (WHERE outcome <> 'Undone') OVER (PARTITION BY kind, name) AS times
        FROM {schema}.migration_history
        WHERE outcome IN ('Applied', 'Baselined', 'Undone')
        ORDER BY kind, name, id DESC) counting
    LEFT JOIN (SELECT DISTINCT ON (kind, name) id, kind, name, checksum, down_checksum
        FROM {schema}.migration_history
        WHERE outcome IN ('Accepted', 'DownReplaced')
        ORDER BY kind, name, id DESC) later
        ON later.kind = counting.kind AND later.name = counting.name AND later.id > counting.id
"""


def insert(session: Session, tables: Tables, happening: Happening, provenance: Provenance) -> int:
    """Insert one row and return its id.

    Raises:
        PlanChangedError: the run is not Running (any more).
        LockReleasedError: this session does not hold the migration lock any more.
    """
    from dbmigrations.postgres.lock import holds_lock

    row = session.execute(plain_row(tables), values(happening, provenance)).fetchone()
    if row is None:
        raise PlanChangedError(f"run {provenance.run} is not running any more: another run took its place")
    if not holds_lock(session, tables):
        raise LockReleasedError(
            f"{happening.migration.name}: its script let the migration lock go, by pg_advisory_unlock_all() or DISCARD "
            "ALL in something that it calls: take that out, and release each lock with pg_advisory_unlock(key)"
        )
    return int(row[0])


def applied(session: Session, tables: Tables) -> tuple[AppliedMigration, ...]:
    """What is applied now, in the order of application."""
    found = session.execute(
        tables.query("SELECT * FROM ({newest}) n WHERE outcome <> 'Undone' ORDER BY id", newest=tables.query(_NEWEST))
    )
    return tuple(
        AppliedMigration(
            kind=Kind(kind),
            name=name,
            release=release,
            up_checksum=checksum,
            down_checksum=down_checksum,
            outcome=AppliedOutcome(outcome),
            uid=uid,
            run=run,
            times_applied=times,
            history_id=row,
            approved_plan=approved_plan,
        )
        for row, kind, name, release, outcome, checksum, down_checksum, uid, run, approved_plan, times in found
    )


def undone(session: Session, tables: Tables) -> tuple[UndoneMigration, ...]:
    """What was applied once and is undone now."""
    found = session.execute(
        tables.query(
            "SELECT kind, name, times, id FROM ({newest}) n WHERE outcome = 'Undone' ORDER BY id",
            newest=tables.query(_NEWEST),
        )
    )
    return tuple(UndoneMigration(Kind(kind), name, times, row) for kind, name, times, row in found)


def newest_change(session: Session, tables: Tables) -> int:
    """The id of the newest row that counts; 0: there is none."""
    (row,) = session.one(
        tables.query(
            "SELECT coalesce(max(id), 0) FROM {schema}.migration_history"
            " WHERE outcome IN ('Applied', 'Baselined', 'Undone')"
        )
    )
    return int(row)


def times_applied(session: Session, tables: Tables) -> dict[Key, int]:
    """How often each migration was applied by now."""
    found = session.execute(
        tables.query(
            "SELECT kind, name, count(*) FROM {schema}.migration_history"
            " WHERE outcome IN ('Applied', 'Baselined') GROUP BY kind, name"
        )
    )
    return {(Kind(kind), name): times for kind, name, times in found}


def approved_changes(session: Session, tables: Tables, approved_plan: str) -> tuple[ApprovedChange, ...]:
    """The changes made under an approval, in order; none for an empty approval."""
    if not approved_plan:
        return ()
    found = session.execute(
        tables.query(
            "SELECT * FROM (SELECT direction, kind, name, release, checksum, down_checksum,"
            "   count(*) FILTER (WHERE outcome <> 'Undone') OVER (PARTITION BY kind, name ORDER BY id) AS nth,"
            "   id, approved_plan"
            " FROM {schema}.migration_history WHERE outcome IN ('Applied', 'Baselined', 'Undone')) counted"
            " WHERE approved_plan = %s ORDER BY id"
        ),
        (approved_plan,),
    )
    return tuple(
        ApprovedChange(Direction(direction), Kind(kind), name, release, checksum, down_checksum, nth, row)
        for direction, kind, name, release, checksum, down_checksum, nth, row, _ in found
    )


def recorded(session: Session, tables: Tables, kind: Kind, name: str) -> tuple[RowOutcome, RecordedMigration] | None:
    """The newest counting row of a migration: what happened, and what it says of the migration. None: there is none.

    What was accepted or replaced since then stands in the place of what the row says.
    """
    from dbmigrations.postgres.records import RecordedMigration

    record = session.record(
        tables.query(
            "SELECT counting.outcome, counting.name, counting.release, counting.description, says.checksum,"
            " says.raw_checksum, says.down_path, says.down_script, says.down_checksum, says.irreversible"
            " FROM (SELECT * FROM {schema}.migration_history WHERE kind = %(kind)s AND name = %(name)s"
            "   AND outcome IN ('Applied', 'Baselined', 'Undone') ORDER BY id DESC LIMIT 1) counting"
            " CROSS JOIN LATERAL (SELECT * FROM {schema}.migration_history WHERE kind = %(kind)s AND name = %(name)s"
            "   AND (id = counting.id OR (id > counting.id AND outcome IN ('Accepted', 'DownReplaced')))"
            "   ORDER BY id DESC LIMIT 1) says"
        ),
        {"kind": kind.value, "name": name},
    )
    if record is None:
        return None
    return RowOutcome(record.pop("outcome")), RecordedMigration(kind=kind, **record)


def rows(session: Session, tables: Tables, limit: int = 100) -> tuple[HistoryRow, ...]:
    """The newest rows, newest first."""
    from dbmigrations.postgres.records import HistoryRow

    found = session.records(
        tables.query(
            "SELECT h.id, h.release, kind, name, description, h.direction, h.outcome, checksum, down_checksum,"
            " run_id AS run, h.owner, h.uid, database_user, requested_by, git_revision, h.approved_plan,"
            " runner_version, image_digest, applied_at, duration, error, sqlstate, exceptions,"
            " coalesce(r.message, '') AS reason"
            " FROM {schema}.migration_history h LEFT JOIN {schema}.migration_run r"
            "   ON r.id = h.run_id AND r.trigger IN ('VersionSet', 'Amendment')"
            " ORDER BY h.id DESC LIMIT %s"
        ),
        (limit,),
    )
    return tuple(
        HistoryRow(
            **{
                **record,
                "kind": Kind(record["kind"]),
                "direction": Direction(record["direction"]),
                "outcome": RowOutcome(record["outcome"]),
            }
        )
        for record in found
    )


def record_baseline(
    session: Session, tables: Tables, migrations: Sequence[RecordedMigration], provenance: Provenance
) -> int:
    """Record migrations that were never run here, all or nothing, leaving alone what is applied already.

    Returns how many were recorded.

    Raises:
        PlanChangedError: as `insert`.
    """
    from dbmigrations.postgres.records import Happening

    with session.transaction():
        known = {migration.key for migration in applied(session, tables)}
        missing = [migration for migration in migrations if (migration.kind, migration.name) not in known]
        for migration in missing:
            insert(session, tables, Happening(migration, Direction.UP, RowOutcome.BASELINED), provenance)
    return len(missing)


def broken_link(session: Session, tables: Tables, *, after: int = 0) -> int | None:
    """The id of the first row whose chain does not follow from the row before; None: the chain holds.

    Only rows with an id above `after` are looked at.
    """
    row = session.execute(
        tables.query(
            "SELECT id FROM (SELECT *, lag(chain, 1, '') OVER (ORDER BY id) AS previous"
            " FROM {schema}.migration_history) r WHERE chain <> {link} AND id > {after} ORDER BY id LIMIT 1",
            link=link_after(sql.SQL("r.previous")),
            after=sql.Literal(after),
        )
    ).fetchone()
    return None if row is None else int(row[0])
