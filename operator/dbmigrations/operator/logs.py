"""The log: one JSON object a line on standard error, ours and the libraries' alike.

While a resource is looked at, every line carries `resource`, and `run` and `step` once they are known. Kopf's records
carry its whole settings object and private flags; only the reference to the object is taken from them.
"""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structlog.typing import EventDict, Processor, WrappedLogger

    from dbmigrations.operator.settings import LogLevel


def configure(level: LogLevel, stream: TextIO = sys.stderr) -> None:
    """Sends every log line of this process to `stream`. Called once, before anything logs."""
    number = logging.getLevelNamesMapping()[level.value.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(["k8s_ref"])],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                reference_to_resource,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))  # a library tells what it finds wrong, not what it does


def reference_to_resource(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Kopf's reference to an object as our `resource`."""
    reference = event.pop("k8s_ref", None)
    if isinstance(reference, dict) and "resource" not in event:
        event["resource"] = f"{reference.get('namespace', '')}/{reference.get('name', '')}"
    return event


@contextmanager
def about(**context: str) -> Iterator[None]:
    """Binds words to every line logged within."""
    with structlog.contextvars.bound_contextvars(**context):
        yield
