"""The real `dbmigrate` against a real database, with a small release directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.databases import CANARY, Database
from tests.engine.runner.program import Laptop, Operator
from tests.engine.runner.releases import Notes, write_notes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    """The release directory, where a person would have it: ./database."""
    return write_notes(tmp_path / "database")


@pytest.fixture
def laptop(tmp_path: Path, database: Database, notes: Notes) -> Laptop:
    """A shell beside that directory, logged in with the canary password."""
    assert notes.root.parent == tmp_path
    return Laptop(tmp_path, database.server.url(database.name, database.owner, CANARY))


@pytest.fixture
def operator(tmp_path: Path, database: Database, notes: Notes) -> Operator:
    """An operator whose Jobs mount that directory and the Secret."""
    made = Operator(tmp_path, database, notes.root)
    made.secret()
    return made
