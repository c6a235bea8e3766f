"""The log of a Job: one JSON object a line, about this run and step, without secrets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest

from dbmigrations.api.reasons import Failure
from dbmigrations.api.step import BackupReport, Direction, Outcome, StepName, StepRef
from dbmigrations.postgres.settings import Secret
from dbmigrations.release.migration import Kind
from dbmigrations.release.plan import PlannedMigration
from dbmigrations.runner.report.events import (
    AssertionPassed,
    BackfillProgressed,
    BackupTaken,
    Event,
    MigrationBegan,
    MigrationEnded,
    Noted,
    PlanMade,
    StatementBegan,
    StepBegan,
    StepEnded,
    Waited,
)
from dbmigrations.runner.report.json_lines import json_lines
from dbmigrations.runner.report.redaction import Redactor
from tests.unit.runner.requests import RUN, request, result

NOON = datetime(2026, 1, 23, 12, 5, 7, tzinfo=UTC)
MIGRATION = PlannedMigration("1.1.0", Kind.SQL, "20260123_1200_rls", Direction.UP, 1, "u", "d")
BACKUP = BackupReport(location="/b/1", taken_at=datetime(2026, 1, 1, tzinfo=UTC), size_bytes=7, sha256="0" * 64)


def lines(*events: Event) -> list[dict[str, Any]]:
    stream = StringIO()
    redactor = Redactor()
    redactor.hide(Secret("hunter2"))
    step = StepRef(name=StepName.SQL, release="1.1.0", ordinal=4)
    tell = json_lines(stream, redactor, request(step=step), lambda: NOON)
    for event in events:
        tell(event)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_line_says_when_for_whom_and_in_which_step() -> None:
    (line,) = lines(StepBegan(StepRef(name=StepName.SQL)))
    assert {
        "resource": "prod/shop",
        "run": RUN,
        "step": "SQL",
        "ordinal": 4,
        "release": "1.1.0",
    }.items() <= line.items()
    assert line["timestamp"] == "2026-01-23T12:05:07.000Z"


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (PlanMade(("a", "b")), {"event": "a", "level": "info"}),
        (Waited("for a lock"), {"event": "for a lock", "level": "warning"}),
        (MigrationBegan(MIGRATION, 1, 2), {"migration": "20260123_1200_rls", "kind": "sql", "place": 1, "count": 2}),
        (StatementBegan("a.sql:3", 1, 2), {"event": "statement", "at": "a.sql:3"}),
        (MigrationEnded(MIGRATION, 1, 2, 0.5), {"seconds": 0.5, "direction": "Up"}),
        (MigrationEnded(MIGRATION, 1, 2, 0, before=True), {"event": "↑ sql 20260123_1200_rls was done before"}),
        (AssertionPassed("1.1.0", "isolated"), {"assertion": "isolated"}),
        (BackupTaken(BACKUP), {"location": "/b/1", "bytes": 7}),
        (Noted("look", "at this", warning=True), {"event": "look", "detail": "at this", "level": "warning"}),
        (StepEnded(result(message="done"), 1.5), {"outcome": "Succeeded", "message": "done", "level": "info"}),
        (
            StepEnded(result(Outcome.FAILED, reason=Failure.MIGRATION_FAILED, message="a.sql:1:2"), 1),
            {"outcome": "Failed", "reason": "MigrationFailed", "level": "error"},
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, dict) else None,
)
def test_an_event_becomes_a_line_with_its_facts_as_fields(event: Event, fields: dict[str, object]) -> None:
    assert fields.items() <= lines(event)[0].items()


@pytest.mark.parametrize(("notable", "count"), [(True, 1), (False, 0)])
def test_a_backfill_has_a_line_now_and_then(*, notable: bool, count: int) -> None:
    event = BackfillProgressed("fill", 1200, 2400, 7, 99.6, 0.5, 12.4, 100, notable)
    found = lines(event)
    assert len(found) == count
    for line in found:
        assert {"event": "backfill", "rows": 1200, "of": 2400, "rate": 100, "seconds_left": 12}.items() <= line.items()


def test_a_plan_becomes_a_line_for_each_of_its_lines() -> None:
    assert [line["event"] for line in lines(PlanMade(("a", "b")))] == ["a", "b"]


def test_no_text_of_a_line_holds_a_secret() -> None:
    assert "hunter2" not in json.dumps(lines(Noted("say hunter2", "and hunter2 again"), Waited("hunter2")))
