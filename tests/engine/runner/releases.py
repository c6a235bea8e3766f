"""A small release directory on disk: 1.0.0 has notes, 1.1.0 gives them a colour, 1.2.0 counts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA = "prisma/migrations"
_FILES = {
    f"{_SCHEMA}/20260101000000_init/migration.sql": """\
CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL);
""",
    f"{_SCHEMA}/20260101000000_init/down.sql": "DROP TABLE notes;\n",
    f"{_SCHEMA}/20260201000000_add_colour/migration.sql": """\
ALTER TABLE notes ADD COLUMN colour text;
""",
    f"{_SCHEMA}/20260201000000_add_colour/down.sql": "ALTER TABLE notes DROP COLUMN colour;\n",
    "migrations/sql/20260201_0900_colours.sql": """\
CREATE VIEW coloured AS SELECT id, colour FROM notes WHERE colour IS NOT NULL;
""",
    "migrations/sql/20260201_0900_colours.down.sql": "DROP VIEW coloured;\n",
    "migrations/data/20260201_1000_paint.sql": "UPDATE notes SET colour = 'blue' WHERE colour IS NULL;\n",
    "migrations/data/20260201_1000_paint.down.sql": "-- the column goes\n",
    "migrations/verify/all_are_painted.sql": "SELECT count(*) = 0 FROM notes WHERE colour IS NULL;\n",
    "migrations/sql/20260301_0900_count.sql": "CREATE TABLE totals (n bigint NOT NULL);\n",
    "migrations/sql/20260301_0900_count.down.sql": "DROP TABLE totals;\n",
}
_LEDGER = """\
releases:
  - version: 1.0.0
    description: Notes
    schema: [20260101000000_init]
  - version: 1.1.0
    description: Coloured notes
    schema: [20260201000000_add_colour]
    sql: [20260201_0900_colours]
    data: [20260201_1000_paint]
    verify: [all_are_painted]
  - version: 1.2.0
    description: Counted notes
    sql: [20260301_0900_count]
"""


@dataclass(frozen=True)
class Notes:
    """The directory, and how tests change it."""

    root: Path

    COLOUR = f"{_SCHEMA}/20260201000000_add_colour/migration.sql"
    VIEW = "migrations/sql/20260201_0900_colours.sql"
    PAINT = "migrations/data/20260201_1000_paint.sql"
    COUNT = "migrations/sql/20260301_0900_count.sql"
    ASSERTION = "migrations/verify/all_are_painted.sql"
    LEDGER = "releases.yaml"

    def write(self, path: str, text: str) -> None:
        """Replace a file."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def restore(self, path: str) -> None:
        """Make a file what it was."""
        self.write(path, _LEDGER if path == self.LEDGER else _FILES[path])

    def edit_ledger(self, old: str, new: str) -> None:
        """Change words of the ledger."""
        text = (self.root / self.LEDGER).read_text(encoding="utf-8")
        assert old in text
        self.write(self.LEDGER, text.replace(old, new))


def write_notes(root: Path) -> Notes:
    """Write the directory."""
    notes = Notes(root)
    for path in (*_FILES, notes.LEDGER):
        notes.restore(path)
    return notes
