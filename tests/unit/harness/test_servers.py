"""Servers that end by themselves are started again, as whoever supervises a kubelet does, but not for ever."""

from __future__ import annotations

import os
import select
import time
from typing import TYPE_CHECKING

import pytest

from tests.harness.errors import ProcessDied
from tests.harness.processes import Servers

if TYPE_CHECKING:
    from pathlib import Path

SECOND_TIME = 'echo started >> "$0"; [ "$(wc -l < "$0")" -gt 2 ] && exec sleep 60; echo "not yet" >&2; exit 1'


def test_one_that_ends_by_itself_is_started_again(tmp_path: Path) -> None:
    servers, count = Servers(tmp_path), tmp_path / "count"

    def ready() -> bool:
        return count.exists() and len(count.read_text().splitlines()) > 2 and servers.find("fickle") is not None

    servers.supervise("fickle", ["sh", "-c", SECOND_TIME, count], ready, what="a third start")
    assert count.read_text().splitlines() == ["started"] * 3
    servers.stop("fickle", patience=0)


def test_one_that_never_stays_is_given_up_with_what_it_said(tmp_path: Path) -> None:
    servers = Servers(tmp_path)
    began = time.monotonic()
    with pytest.raises(ProcessDied, match="not today"):
        servers.supervise("broken", ["sh", "-c", "echo not today; exit 1"], lambda: False, what="it", starts=3)
    assert servers.log("broken").read_text().splitlines() == ["not today"] * 3
    assert time.monotonic() - began < 30


def test_one_keeps_nothing_open_that_its_starter_had_open(tmp_path: Path) -> None:
    """A lock that a shell holds while it runs `make cluster` would be held for as long as the cluster runs."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)  # noqa: FBT003 the signature is Python's
    servers = Servers(tmp_path)
    servers.start("quiet", ["sleep", "60"])
    os.close(writing)

    ended, _, _ = select.select([reading], [], [], 5)

    os.close(reading)
    servers.stop("quiet", patience=0)
    assert ended, "the server holds the pipe"
