"""Events as one JSON object a line: the log of a Job."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Literal, TextIO, assert_never

from dbmigrations.api.words import Outcome
from dbmigrations.runner.report.events import (
    AssertionPassed,
    BackfillProgressed,
    BackupTaken,
    Event,
    MigrationBegan,
    MigrationEnded,
    Noted,
    PlanMade,
    Reporter,
    StatementBegan,
    StepBegan,
    StepEnded,
    Waited,
)
from dbmigrations.runner.report.visible import visible_in_json
from dbmigrations.runner.report.words import migration_title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dbmigrations.api.step import StepRequest, StepResult
    from dbmigrations.release.plan import PlannedMigration
    from dbmigrations.runner.report.clock import Clock
    from dbmigrations.runner.report.redaction import Redactor


def json_lines(stream: TextIO, redactor: Redactor, request: StepRequest, now: Clock) -> Reporter:
    """A reporter for the Job of one request: every line carries its run, step and resource.

    Written by json alone: a logging library costs a Job more time to import than most steps take.
    """
    about: dict[str, object] = {
        "resource": f"{request.requester.namespace}/{request.requester.name}",
        "run": request.run,
        "step": request.step.name.value,
        "ordinal": request.step.ordinal,
    }
    if request.step.release:
        about["release"] = request.step.release

    def tell(event: Event) -> None:
        for line in _lines(event):
            stamp = now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            fields = {"timestamp": stamp, "level": line.level, "event": line.text, **about, **line.fields}
            cleaned = {key: redactor.clean(value) if isinstance(value, str) else value for key, value in fields.items()}
            stream.write(visible_in_json(json.dumps(cleaned, ensure_ascii=False)) + "\n")
        stream.flush()

    return tell


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    fields: Mapping[str, object] = field(default_factory=dict)
    level: Literal["info", "warning", "error"] = "info"


def _lines(event: Event) -> tuple[_Line, ...]:  # noqa: C901, PLR0911 - one answer for each event
    match event:
        case StepBegan():
            return (_Line("step began"),)
        case StepEnded(result, seconds):
            return (_step_ended(result, seconds),)
        case PlanMade(lines):
            return tuple(map(_Line, lines))
        case Waited(what):
            return (_Line(what, level="warning"),)
        case MigrationBegan(migration, place, count):
            return (_Line(f"{migration_title(migration)} began", _about(migration, place, count)),)
        case StatementBegan(where, place, count):
            return (_Line("statement", {"at": where, "place": place, "count": count}),)
        case BackfillProgressed():
            return (_backfill(event),) if event.notable else ()
        case MigrationEnded(migration, place, count, seconds, before):
            about = _about(migration, place, count) | {"seconds": round(seconds, 3)}
            return (_Line(f"{migration_title(migration)} {'was done before' if before else 'done'}", about),)
        case AssertionPassed(release, name):
            return (_Line("assertion holds", {"assertion": name, "release": release}),)
        case BackupTaken(backup):
            about = {"location": backup.location, "bytes": backup.size_bytes, "sha256": backup.sha256}
            return (_Line("backup taken", about),)
        case Noted(text, detail, warning):
            return (_Line(text, {"detail": detail} if detail else {}, "warning" if warning else "info"),)
        case _:
            assert_never(event)


def _backfill(event: BackfillProgressed) -> _Line:
    fields: dict[str, object] = {
        "migration": event.name,
        "rows": event.rows,
        "of": event.estimate,
        "changed": event.changed,
        "rate": round(event.rate),
        "fraction": None if event.fraction is None else round(event.fraction, 3),
        "seconds_left": None if event.seconds_left is None else round(event.seconds_left),
        "batch": event.batch,
    }
    return _Line("backfill", {key: value for key, value in fields.items() if value is not None})


def _step_ended(result: StepResult, seconds: float) -> _Line:
    fields: dict[str, object] = {
        "outcome": result.outcome.value,
        "seconds": round(seconds, 3),
        "applied": result.applied,
        "next": f"{result.next.name} {result.next.release}".rstrip() if result.next else "",
        "message": result.message,
    }
    if result.outcome is Outcome.SUCCEEDED:
        return _Line("step ended", fields)
    return _Line("step ended", fields | {"reason": result.reason.value if result.reason else ""}, "error")


def _about(migration: PlannedMigration, place: int, count: int) -> dict[str, object]:
    return {
        "kind": migration.kind.value,
        "migration": migration.name,
        "release": migration.release,
        "direction": migration.direction.value,
        "place": place,
        "count": count,
    }
