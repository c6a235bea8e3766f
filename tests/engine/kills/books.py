"""What our own tables say of the runs of a database, as far as a disturbed run must agree with an undisturbed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.engine.databases import Database

_RUNS = """\
SELECT target_version, direction, changing, backup IS NOT NULL, finished_step, jsonb_array_length(steps)
FROM dbmigrations.migration_run WHERE outcome = 'Succeeded' ORDER BY ordinal
"""
_OPEN = "SELECT id FROM dbmigrations.migration_run WHERE outcome = 'Running'"
_VERSIONS = "SELECT version, owner, uid FROM dbmigrations.migration_version ORDER BY id"
_OWNERS = "SELECT owner, uid FROM dbmigrations.migration_owner ORDER BY id"
_SNAPSHOTS = (
    "SELECT cause, version, fingerprint FROM dbmigrations.catalog_snapshot WHERE cause = 'Verified' ORDER BY id"
)


@dataclass(frozen=True)
class Books:
    """Each list in the order in which it was written."""

    runs: tuple[tuple[Any, ...], ...]
    versions: tuple[tuple[Any, ...], ...]
    owners: tuple[tuple[Any, ...], ...]
    snapshots: tuple[tuple[Any, ...], ...]
    open_runs: int

    def differences(self, other: Books, *, another_run: bool) -> list[str]:
        """What the other says otherwise; `another_run`: it needed one more, so its runs are others."""
        parts = ("versions", "owners", "snapshots", *(() if another_run else ("runs",)))
        found = [
            f"{part}: {getattr(other, part)}, not {getattr(self, part)}"
            for part in parts
            if getattr(self, part) != getattr(other, part)
        ]
        return found + (["a run is still open"] if other.open_runs else [])


def books_of(database: Database) -> Books:
    """Read them."""
    with database.connect() as connection:
        runs, versions, owners, snapshots, left = (
            tuple(connection.execute(query).fetchall()) for query in (_RUNS, _VERSIONS, _OWNERS, _SNAPSHOTS, _OPEN)
        )
    return Books(runs, versions, owners, snapshots, len(left))
