"""A command loads only what it uses: the start of its process is most of what a step's Job takes."""

from __future__ import annotations

import subprocess
import sys

import pytest

EVERYTHING = frozenset({"pydantic", "postgast", "rich", "ruamel", "yaml", "semantic_version"})
"""What costs a start more than all of the command's own modules."""

_LOADED = "import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"


def loaded_by(module: str) -> frozenset[str]:
    ran = subprocess.run(
        [sys.executable, "-c", _LOADED.format(module=module)], check=True, capture_output=True, text=True
    )
    return EVERYTHING & set(ran.stdout.split())


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("dbmigrations.runner.main", set()),
        ("dbmigrations.runner.commands.version", set()),
        ("dbmigrations.runner.commands.step", {"pydantic"}),
        ("dbmigrations.runner.steps.backup", {"pydantic"}),
        ("dbmigrations.runner.steps.schema", {"pydantic"}),
        ("dbmigrations.runner.steps.verify", {"pydantic"}),
    ],
)
def test_a_command_loads_no_library_that_it_does_not_use(module: str, needed: set[str]) -> None:
    assert loaded_by(module) <= needed


def test_a_step_classifies_nothing_before_it_has_something_to_classify() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "import sys, dbmigrations.runner.steps.schema; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert not [name for name in ran.stdout.split() if name.startswith("dbmigrations.postgres.sql.classification")]


def test_nobody_looks_for_garbage_in_what_is_loaded_and_everybody_in_what_comes_after() -> None:
    run = """
import atexit, gc, sys
from dbmigrations.runner.main import main
atexit.register(lambda: print(gc.get_freeze_count() > 10_000, gc.isenabled()))
sys.argv[1:] = ["version", "--help"]
main()
"""
    ran = subprocess.run([sys.executable, "-c", run], check=True, capture_output=True, text=True)
    assert ran.stdout.splitlines()[-1] == "True True"
