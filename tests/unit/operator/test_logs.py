"""The log: JSON, with the resource bound, without what Kopf's records drag along."""

import io
import json
import logging
from collections.abc import Iterator

import kopf
import pytest
import structlog

from dbmigrations.operator import logs
from dbmigrations.operator.settings import LogLevel


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    stream = io.StringIO()
    logs.configure(LogLevel.INFO, stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], root.level = before


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_lines_carry_what_is_bound(log: io.StringIO) -> None:
    with logs.about(resource="prod/shop", run="r1"):
        structlog.get_logger().info("write", method="PATCH")

    (line,) = lines(log)
    assert (
        line.items()
        >= {
            "event": "write",
            "level": "info",
            "method": "PATCH",
            "resource": "prod/shop",
            "run": "r1",
        }.items()
    )


def test_kopfs_records_lose_its_settings_and_keep_their_object(log: io.StringIO) -> None:
    extra = {
        "settings": kopf.OperatorSettings(),
        "k8s_skip": True,
        "k8s_ref": {"namespace": "prod", "name": "shop", "kind": "DatabaseMigration"},
    }
    logging.getLogger("kopf.objects").warning("slow", extra=extra)

    (line,) = lines(log)
    assert line["resource"] == "prod/shop"
    assert set(line) == {"event", "level", "timestamp", "logger", "resource"}


def test_an_error_is_one_line_with_its_traceback(log: io.StringIO) -> None:
    try:
        _ = 1 // len("")
    except ZeroDivisionError:
        logging.getLogger("anything").exception("failed")

    (line,) = lines(log)
    assert "ZeroDivisionError: " in str(line["exception"])
