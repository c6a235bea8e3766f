"""Every command answers in JSON as its published schema says, whether it did what it was asked for or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from dbmigrations.runner.documents import DOCUMENTS, schema_file

if TYPE_CHECKING:
    from tests.engine.runner.program import Laptop
    from tests.engine.runner.releases import Notes

SCHEMAS = Path(__file__).parents[3] / "docs/reference/json"

# In this order: each finds what the ones before it left.
ASKED = {
    "init": ["init", "--dir", "another"],
    "new": ["new", "sql", "tags", "--dir", "another"],
    "validate": ["validate"],
    "plan": ["plan", "--no-backup"],
    "check": ["check", "--no-backup"],
    "migrate": ["migrate", "--no-backup"],
    "verify": ["verify"],
    "rollback": ["rollback", "--to-version", "1.1.0", "--no-backup", "--yes"],
    "version": ["version"],
    "version diff": ["version", "diff", "1.0.0"],
    "version set": ["version", "set", "1.1.0", "--reason", "to see", "--yes"],
    "history": ["history"],
    "baseline": ["baseline", "1.1.0", "--no-backup"],
    "owner show": ["owner", "show"],
    "owner take": ["owner", "take", "a/b/c", "--reason", "to see"],
    "release cut": ["release", "cut", "1.9.0"],
    "docs": ["docs"],
    "completion": ["completion", "bash"],
}
ELSEWHERE = {"backup", "rehearse", "history replace-down"}
"""These need a client of the server's major, a role that makes databases, or a faulty down; their tests ask them."""


def test_every_command_answers_as_its_schema_says(laptop: Laptop, notes: Notes) -> None:
    notes.write("migrations/sql/20260401_0900_tags.sql", "CREATE TABLE tags (id int);\n")
    assert set(ASKED) | ELSEWHERE == set(DOCUMENTS)
    for command, words in ASKED.items():
        ran = laptop.run(*words, "--json")
        validator = Draft202012Validator(json.loads((SCHEMAS / schema_file(command)).read_text()))
        assert [error.message for error in validator.iter_errors(ran.document)] == [], command
        assert "error" not in ran.document, (command, ran.document)


@pytest.mark.parametrize("command", sorted(set(ASKED) - {"init", "new", "completion"}))
def test_every_command_tells_an_error_as_its_schema_says(laptop: Laptop, command: str) -> None:
    nowhere = ["--dir", "nowhere"] if command in {"validate", "docs", "release cut"} else []
    unreachable = [] if nowhere else ["--url", "postgresql://nobody@127.0.0.1:1/nothing"]
    ran = laptop.run(*ASKED[command], *nowhere, *unreachable, "--json")
    assert ran.code == 30, ran.all
    validator = Draft202012Validator(json.loads((SCHEMAS / schema_file(command)).read_text()))
    assert validator.is_valid(ran.document)
    assert ran.document["error"]["exit"] == 30
