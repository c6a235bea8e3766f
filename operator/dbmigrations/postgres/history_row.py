"""The row of `migration_history` as it is written: its columns, its link of the chain, what it asks before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from dbmigrations.api.words import Direction
    from dbmigrations.postgres.records import Happening, Provenance, RecordedMigration, RowOutcome
    from dbmigrations.postgres.tables import Tables

# What the chain is made of: every column but the chain itself, as text that all majors print alike.
_LINK = sql.SQL(
    """pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to({previous} || E'\\n' || pg_catalog.jsonb_build_array(
        r.release, r.kind, r.name, r.description, r.direction, r.outcome, r.checksum, r.raw_checksum, r.down_path,
        r.down_script, r.down_checksum, r.irreversible, r.exceptions, r.run_id, r.owner, r.uid, r.requested_by,
        r.git_revision, r.approved_plan, r.runner_version, r.image_digest,
        pg_catalog.to_char(r.applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        (extract(epoch FROM r.duration) * 1000000)::bigint, r.error, r.sqlstate)::text, 'UTF8')), 'hex')"""
)

_INSERT = """
    INSERT INTO {schema}.migration_history (release, kind, name, description, direction, outcome, checksum,
        raw_checksum, down_path, down_script, down_checksum, irreversible, exceptions, run_id, owner, uid, requested_by,
        git_revision, approved_plan, runner_version, image_digest, duration, error, sqlstate, applied_at, chain)
    SELECT r.*, {link}
    FROM (SELECT {release} AS release, %(kind)s::text AS kind, %(name)s::text AS name,
              %(description)s::text AS description, %(direction)s::text AS direction, %(outcome)s::text AS outcome,
              %(checksum)s::text AS checksum, %(raw_checksum)s::text AS raw_checksum, %(down_path)s::text AS down_path,
              %(down_script)s::text AS down_script, %(down_checksum)s::text AS down_checksum,
              %(irreversible)s::text AS irreversible, %(exceptions)s::text AS exceptions,
              %(run)s::text AS run_id, %(owner)s::text AS owner,
              %(uid)s::text AS uid, %(requested_by)s::text AS requested_by, %(git_revision)s::text AS git_revision,
              %(approved_plan)s::text AS approved_plan, %(runner_version)s::text AS runner_version,
              %(image_digest)s::text AS image_digest, {took} AS duration,
              %(error)s::text AS error, %(sqlstate)s::text AS sqlstate, clock_timestamp() AS applied_at OFFSET 0) r
    {where}
    RETURNING id
"""
_RELEASE = sql.SQL("%(release)s::text")
_TOOK = sql.SQL("%(seconds)s * interval '1 second'")

# The row is written only while its run is Running: the fence.
_RUNNING = "EXISTS (SELECT FROM {schema}.migration_run WHERE id = %(run)s AND outcome = 'Running')"

# Where COMMIT comes in one message with the row: the server adds how long the script took, and asks what else is asked
# before and after. The lock is this session's, and the migration is neither applied nor half-done. Else the row has no
# release, which it must have: it is refused, and with it all that was to follow.
_TOOK_SINCE = sql.SQL("%(seconds)s * interval '1 second' + (clock_timestamp() - transaction_timestamp())")
_RELEASE_IF = "CASE WHEN {fence} THEN %(release)s::text END"
_FENCE = """
    {running} AND {held} AND NOT EXISTS (SELECT FROM {schema}.migration_journal
        WHERE kind = %(kind)s AND name = %(name)s AND state IN ('running', 'failed'))
    AND coalesce((SELECT outcome FROM {schema}.migration_history WHERE kind = %(kind)s AND name = %(name)s
        AND outcome IN ('Applied', 'Baselined', 'Undone') ORDER BY id DESC LIMIT 1), 'Undone') = 'Undone'
"""

_PREVIOUS = "coalesce((SELECT chain FROM {schema}.migration_history ORDER BY id DESC LIMIT 1), '')"


def plain_row(tables: Tables) -> sql.Composed:
    """The insertion of a row; it inserts nothing where the run is not Running."""
    running = sql.SQL("WHERE {}").format(tables.query(_RUNNING))
    return _row(tables, release=_RELEASE, took=_TOOK, where=running)


def guarded_row(tables: Tables) -> sql.Composed:
    """The insertion of a row in the transaction of its script, in one message with its COMMIT.

    It is refused where the run is not Running, the lock was lost, or the migration is applied or half-done.
    """
    from dbmigrations.postgres.lock import held_by_this_session

    fence = tables.query(_FENCE, running=tables.query(_RUNNING), held=held_by_this_session(tables))
    return _row(tables, release=sql.SQL(_RELEASE_IF).format(fence=fence), took=_TOOK_SINCE, where=sql.SQL(""))


def values(happening: Happening, provenance: Provenance) -> dict[str, object]:
    """The parameters of a row."""
    return {
        **of_migration(happening.migration, happening.seconds),
        **of_step(provenance, happening.direction, happening.outcome),
        "error": happening.error,
        "sqlstate": happening.sqlstate,
    }


def of_migration(migration: RecordedMigration, seconds: float) -> dict[str, object]:
    """Those that differ from migration to migration."""
    return {**vars(migration), "kind": migration.kind.value, "seconds": seconds}


def of_step(provenance: Provenance, direction: Direction, outcome: RowOutcome) -> dict[str, object]:
    """Those that are the same for all that a step does well."""
    return {
        **vars(provenance),
        "direction": direction.value,
        "outcome": outcome.value,
        "error": None,
        "sqlstate": None,
    }


def _row(tables: Tables, *, release: sql.Composable, took: sql.SQL, where: sql.Composable) -> sql.Composed:
    link = link_after(tables.query(_PREVIOUS))
    return tables.query(_INSERT, link=link, release=release, took=took, where=where)


def link_after(previous: sql.Composable) -> sql.Composed:
    """An expression for the chain of row `r` that follows a row with that chain."""
    return _LINK.format(previous=previous)
