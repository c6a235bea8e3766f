"""The folder of backups of one story: seeded with older ones, and what must be true of it, always and at the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dbmigrations.postgres.backup_store import DUMP, BackupStore, Manifest, list_files
from tests.harness.command import run

if TYPE_CHECKING:
    from pathlib import Path

RETAIN = 2
_SEEDS = ("0.8.0", "0.9.0", "", "", "")
"""The versions of the older backups, oldest first."""


@dataclass(frozen=True)
class Shelf:
    """A folder that is mounted for backups; a database's own are in one below it."""

    folder: Path
    key: str

    @property
    def store(self) -> BackupStore:
        """As the runner sees it."""
        return BackupStore(self.folder / self.key)

    def seed(self) -> None:
        """Put older backups there."""
        begun = datetime.now(UTC) - timedelta(days=len(_SEEDS))
        for number, version in enumerate(_SEEDS):
            name = f"seed-{number}"
            unfinished = self.store.begin(name)
            dump = unfinished / DUMP
            dump.mkdir()
            (dump / "toc.dat").write_text(name)
            taken_at = begun + timedelta(days=number)
            self.store.put(unfinished, Manifest(name, "shop", version, taken_at, "15", "15", list_files(dump)))

    def faults(self) -> list[str]:
        """What is listed as a backup and is none: each must be whole, whatever struck when."""
        found = []
        for backup in self.store.all():
            if list_files(backup.dump) != backup.manifest.files:
                found.append(f"{backup.path.name} is listed and is not what its manifest says")
            elif not backup.manifest.run.startswith("seed-"):
                run(["pg_restore", "--list", backup.dump])
        return found

    def faults_at_the_end(self, runs: set[str]) -> list[str]:
        """The same, when all is done: nothing is left over, each run has its backup, and retention was kept."""
        left = [path.name for path in self.store.folder.glob(".*")]
        found = [f"left over: {name}" for name in left]
        kept = [backup.manifest.run for backup in self.store.all()]
        seeds = [name for name in kept if name.startswith("seed-")]
        if set(kept) - set(seeds) != runs or len(kept) != len(set(kept)):
            found.append(f"backups of the runs {kept}, not once of each of {runs}")
        # The run's own is the newest at a verified version: no older one is kept for that.
        every = [f"seed-{number}" for number in range(len(_SEEDS))]
        expected = every[len(every) - max(0, RETAIN - len(runs)) :] if runs else every
        if seeds != expected:
            found.append(f"retention kept {seeds}, not {expected}")
        return found + self.faults()
