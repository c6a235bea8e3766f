"""The rehearsal itself: real scripts on a real, empty database, run by the code that runs them in earnest."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from dbmigrations.postgres import runs
from dbmigrations.postgres.apply import Applier
from dbmigrations.postgres.catalog.reading import take_snapshot
from dbmigrations.postgres.connection import Session, SessionSettings
from dbmigrations.postgres.errors import EngineError, UnavailableError
from dbmigrations.postgres.lock import migration_lock
from dbmigrations.postgres.records import Provenance
from dbmigrations.postgres.scratch import scratch_database
from dbmigrations.postgres.tables import Tables, install
from dbmigrations.runner.program import runner_version
from dbmigrations.runner.rehearsal.verdict import Finding, Verdict, after_down, after_up_again, are_alike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dbmigrations.postgres.catalog.snapshot import Snapshot
    from dbmigrations.postgres.settings import ConnectionSettings
    from dbmigrations.release.migration import Migration


@dataclass(frozen=True)
class Stage:
    """Where rehearsals take place, and as whom."""

    server: ConnectionSettings
    schema: str = "public"
    role: str = ""
    lock_timeout: float = 1.0
    statement_timeout: float = 0.0


@dataclass(frozen=True)
class _Scene:
    """One scratch database with everything applied so far."""

    applier: Applier
    session: Session
    tables: Tables


def perform(
    stage: Stage,
    before: Sequence[Migration],
    migrations: Sequence[Migration],
    tell: Callable[[str], None] = lambda _said: None,
) -> Iterator[Verdict]:
    """Apply what comes before; then each migration up, down, up, with a verdict each.

    A migration that leaves another catalog than it should is followed by a scratch database that is made anew, so that
    it casts no shadow on the next. A script that failed usually leaves none: its transaction was taken back.

    Raises:
        EngineError: no scratch database can be made, or something in `before` fails.
    """
    played: list[Migration] = list(before)
    left = list(migrations)
    while left:
        with _scene(stage) as scene:
            for place, migration in enumerate(played, start=1):
                tell(f"{place}/{len(played)} {migration.name}, to get there")
                scene.applier.up(migration)
            while left:
                migration = left.pop(0)
                tell(f"{len(migrations) - len(left)}/{len(migrations)} {migration.name}")
                verdict, stands = _turns(scene, migration)
                yield verdict
                if verdict.finding is not Finding.UP_FAILED:
                    played.append(migration)
                if not stands:
                    break


def _turns(scene: _Scene, migration: Migration) -> tuple[Verdict, bool]:
    """Up, down, up of one migration; and whether the next one finds the catalog that it should."""
    nothing = take_snapshot(scene.session, scene.tables)
    failed = _tried(lambda: scene.applier.up(migration))
    if failed:
        return Verdict(migration, Finding.UP_FAILED, (failed,)), _is(scene, nothing)
    if migration.down is None:
        why = (migration.irreversible,) if migration.irreversible else ()
        return Verdict(migration, Finding.NO_DOWN, why), True
    made = take_snapshot(scene.session, scene.tables)
    failed = _tried(lambda: scene.applier.down(migration.kind, migration.name))
    if failed:
        return Verdict(migration, Finding.DOWN_FAILED, (failed,)), _is(scene, made)
    verdict = after_down(migration, nothing, take_snapshot(scene.session, scene.tables))
    failed = _tried(lambda: scene.applier.up(migration))
    if failed:
        known = verdict.details
        finding = verdict.finding if known else Finding.NOT_REPEATABLE
        return replace(verdict, finding=finding, details=(*known, f"the second up fails: {failed}")), False
    again = take_snapshot(scene.session, scene.tables)
    return after_up_again(verdict, made, again), are_alike(made, again)


def _is(scene: _Scene, should_be: Snapshot) -> bool:
    return are_alike(should_be, take_snapshot(scene.session, scene.tables))


def _tried(act: Callable[[], object]) -> str:
    """Why it failed; empty: it did not.

    Raises:
        UnavailableError: the server went away, which is nobody's fault here.
    """
    try:
        act()
    except UnavailableError:
        raise
    except EngineError as error:
        return str(error)
    return ""


@contextmanager
def _scene(stage: Stage) -> Iterator[_Scene]:
    tables = Tables()
    with ExitStack() as stack:
        where = stack.enter_context(scratch_database(stage.server, owner=stage.role))
        session = stack.enter_context(
            Session.open(
                where,
                SessionSettings(
                    application_name="dbmigrate rehearse",
                    schema=stage.schema,
                    role=stage.role,
                    lock_timeout=stage.lock_timeout,
                    statement_timeout=stage.statement_timeout,
                ),
            )
        )
        stack.enter_context(migration_lock(session, tables, wait=0, application_schema=stage.schema))
        install(session, tables, application_schema=stage.schema, runner_version=runner_version())
        run = _a_run()
        runs.start(session, tables, run)
        provenance = Provenance(run=run.id, runner_version=runner_version())
        yield _Scene(Applier(session, tables, provenance, stage.schema, wait=0), session, tables)


def _a_run() -> runs.NewRun:
    """A run of nobody's: history rows belong to one."""
    return runs.NewRun(
        id=str(uuid4()),
        owner="",
        uid="",
        generation=0,
        trigger="Spec",
        target_version="0.0.0",
        direction="Up",
        base=[],
        plan=[],
        steps=[],
        plan_hash="",
        approved_plan="",
        changing=False,
    )
