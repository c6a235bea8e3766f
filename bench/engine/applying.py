"""Applying one script with the engine, as a step does it: session, lock, run row, history row."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg

from dbmigrations.postgres import runs
from dbmigrations.postgres.apply import Applier
from dbmigrations.postgres.connection import Session, SessionSettings
from dbmigrations.postgres.lock import migration_lock
from dbmigrations.postgres.records import Provenance
from dbmigrations.postgres.tables import Tables, install
from dbmigrations.release import checksum
from dbmigrations.release.migration import Kind, Migration, Script
from dbmigrations.release.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.postgres.settings import ConnectionSettings


def connect(where: ConnectionSettings) -> psycopg.Connection[tuple[Any, ...]]:
    """A bare connection."""
    return psycopg.connect(**where.parameters(), autocommit=True)  # type: ignore[arg-type]  # texts, as libpq's


def start_run(where: ConnectionSettings) -> None:
    """What preflight leaves: our tables, and the row of a run."""
    tables = Tables()
    with Session.open(where, SessionSettings("bench")) as session, migration_lock(session, tables, wait=10):
        install(session, tables, application_schema="public", runner_version="bench")
        runs.start(session, tables, _run(str(uuid4())))


@contextmanager
def applying(where: ConnectionSettings, *, lock_timeout: float = 1.0) -> Iterator[Applier]:
    """The engine, in a session of its own that holds the lock, for the run that was started."""
    tables = Tables()
    settings = SessionSettings("bench", row_security=False, lock_timeout=lock_timeout)
    with Session.open(where, settings) as session, migration_lock(session, tables, wait=10):
        (run,) = session.one(tables.query("SELECT id FROM {schema}.migration_run WHERE outcome = 'Running'"))
        yield Applier(session, tables, Provenance(run), wait=60)


def migration(name: str, text: str, kind: Kind) -> Migration:
    """A migration of one script, without a down."""
    raw = text.encode()
    up = Script(f"{name}.sql", text, checksum.canonical(raw), checksum.of_bytes(raw), checksum.line_end_variants(raw))
    return Migration(kind, name, Version.parse("1.0.0"), up, None, None, "releases.yaml", 1)


def _run(run: str) -> runs.NewRun:
    return runs.NewRun(
        id=run,
        owner="",
        uid="",
        generation=0,
        trigger="Spec",
        target_version="1.0.0",
        direction="Up",
        base=[],
        plan=[],
        steps=[],
        plan_hash="",
        approved_plan="",
        changing=True,
    )
