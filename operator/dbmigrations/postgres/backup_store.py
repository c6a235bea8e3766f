"""Where backups lie: one folder for each, put into place whole, with a manifest beside the dump.

<directory>/<database>/20260123T120000Z-<run>/manifest.json
<directory>/<database>/20260123T120000Z-<run>/dump/…          what pg_restore takes
<directory>/<database>/.unfinished-…                          a dump under way, or what an interrupted one left
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

MANIFEST = "manifest.json"
DUMP = "dump"
_UNFINISHED = ".unfinished-"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class DumpedFile:
    """One file of a dump."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What is known of a backup. `version`: at which the database was verified when it was taken; empty: at none."""

    run: str
    database: str
    version: str
    taken_at: datetime
    server: str
    client: str
    files: tuple[DumpedFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def sha256(self) -> str:
        """The digest over the checksums of all files, as `sha256sum` would list them."""
        lines = "".join(f"{file.sha256}  {file.name}\n" for file in self.files)
        return hashlib.sha256(lines.encode()).hexdigest()

    def encode(self) -> str:
        """As JSON."""
        fields = asdict(self) | {"taken_at": self.taken_at.isoformat(), "size": self.size, "sha256": self.sha256}
        return json.dumps({"format": 1, **fields}, indent=1) + "\n"

    @classmethod
    def decode(cls, text: str) -> Self:
        """From JSON.

        Raises:
            ValueError: it is no manifest.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            return cls(
                run=fields["run"],
                database=fields["database"],
                version=fields["version"],
                taken_at=datetime.fromisoformat(fields["taken_at"]),
                server=fields["server"],
                client=fields["client"],
                files=tuple(DumpedFile(**file) for file in fields["files"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not a manifest") from error


@dataclass(frozen=True)
class StoredBackup:
    """A backup in its place."""

    path: Path
    manifest: Manifest

    @property
    def dump(self) -> Path:
        """What pg_restore takes."""
        return self.path / DUMP


@dataclass(frozen=True)
class BackupStore:
    """The backups of one database."""

    folder: Path

    def all(self) -> list[StoredBackup]:
        """Every whole backup, oldest first."""
        found = []
        for path in self.folder.glob(f"[!.]*/{MANIFEST}"):
            try:
                found.append(StoredBackup(path.parent, Manifest.decode(path.read_text(encoding="utf-8"))))
            except (OSError, ValueError):
                continue  # nothing of ours, or unreadable: never removed
        return sorted(found, key=lambda backup: (backup.manifest.taken_at, backup.path.name))

    def of_run(self, run: str) -> StoredBackup | None:
        """The backup that a run took; None: it took none."""
        return next((backup for backup in self.all() if backup.manifest.run == run), None)

    def begin(self, run: str) -> Path:
        """A fresh folder for a dump under way; what an interrupted one left is removed.

        Its name is new for each attempt: a pg_dump that outlived an earlier one must not write into this dump.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clear_unfinished()
        path = self.folder / f"{_UNFINISHED}{run}-{token_hex(4)}"
        path.mkdir(mode=0o750)
        return path

    def put(self, unfinished: Path, manifest: Manifest) -> StoredBackup:
        """Write the manifest and move the backup into place, in one step and to the disk."""
        with (unfinished / MANIFEST).open("w", encoding="utf-8") as out:
            out.write(manifest.encode())
            out.flush()
            os.fsync(out.fileno())
        _sync(unfinished)
        place = self.folder / f"{manifest.taken_at:%Y%m%dT%H%M%SZ}-{manifest.run}"
        unfinished.rename(place)
        _sync(self.folder)
        return StoredBackup(place, manifest)

    def clear_unfinished(self) -> None:
        """Remove what interrupted dumps and removals left. Only its database's lock holder may call this."""
        for path in self.folder.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(path, ignore_errors=True)

    def remove(self, backup: StoredBackup) -> None:
        """Remove a backup; never half of one is seen under its name."""
        doomed = self.folder / f"{_UNFINISHED}{backup.path.name}"
        backup.path.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def list_files(dump: Path) -> tuple[DumpedFile, ...]:
    """The files of a dump with their checksums, read back from the disk, by name."""
    return tuple(
        DumpedFile(path.name, path.stat().st_size, _sha256(path)) for path in sorted(dump.iterdir()) if path.is_file()
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
