"""SIGTERM ends a step wherever its code is, also where Python keeps an exception to itself or makes another of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from dbmigrations.api.reasons import Waiting
from dbmigrations.api.step import Outcome
from tests.engine.runner.program import PATIENCE
from tests.engine.runner.test_again import SLOW, up_to_data

if TYPE_CHECKING:
    from tests.engine.databases import Database
    from tests.engine.runner.program import Operator
    from tests.engine.runner.releases import Notes

PROGRAM = Path(__file__).with_name("interrupted_program.py")


@pytest.mark.parametrize(
    "function",
    [
        pytest.param("_get_module_lock.<locals>.cb", id="behind an import, where exceptions are swallowed"),
        pytest.param("Field.__set_name__", id="in the body of a class, where others are made of them"),
        pytest.param("_Pipe.through", id="when the script is about to be sent"),
    ],
)
def test_a_signal_is_never_lost(operator: Operator, notes: Notes, database: Database, function: str) -> None:
    notes.write(notes.PAINT, SLOW)
    request = up_to_data(operator)
    path = operator.folder / f"result-{uuid4()}"
    text = request.model_dump_json(by_alias=True)
    words = [sys.executable, str(PROGRAM), function, "step", "data", "--request", text, "--result", str(path)]
    environment = {"PATH": os.environ["PATH"]}
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE)
    operator.log += ended.stdout + ended.stderr
    result = operator.read(request, path, ended.returncode)
    assert (result.outcome, result.reason) == (Outcome.WAITING, Waiting.STEP_LOST), operator.log
    assert database.value("SELECT count(*) FROM notes") == 0
    assert database.value("SELECT outcome FROM dbmigrations.migration_run ORDER BY ordinal DESC LIMIT 1") == "Running"
