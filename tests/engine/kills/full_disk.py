"""A disk that can be full: a tablespace on a small tmpfs, mounted for as long as its block runs. Needs root."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from psycopg import sql

from tests.harness.command import run

if TYPE_CHECKING:
    from types import TracebackType

    from tests.harness.postgres import Server

_numbers = itertools.count(1)

_MEBIBYTES = 96
_NOBODY = 65534


def small_disk(server: Server) -> contextlib.AbstractContextManager[SmallDisk | None]:
    """One for as long as the block runs; None without root, who alone can mount it: no disk is filled then."""
    return SmallDisk(server) if os.geteuid() == 0 else contextlib.nullcontext()


class SmallDisk:
    """The tablespace `name` on a server."""

    def __init__(self, server: Server) -> None:
        self.name = f"small_{os.getpid()}_{next(_numbers)}"
        self._server = server
        self._folder = Path(tempfile.mkdtemp(prefix="dbmigrations-small-disk-"))

    def __enter__(self) -> Self:
        run(["mount", "-t", "tmpfs", "-o", f"size={_MEBIBYTES}m,mode=755", "dbmigrations", self._folder])
        place = self._folder / "tablespace"
        place.mkdir(mode=0o700)
        os.chown(place, _NOBODY, _NOBODY)
        with self._server.connect() as connection:
            statement = sql.SQL("CREATE TABLESPACE {} LOCATION {}")
            connection.execute(statement.format(sql.Identifier(self.name), sql.Literal(str(place))))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run(["umount", "--lazy", self._folder])
        shutil.rmtree(self._folder, ignore_errors=True)

    def fill(self) -> None:
        """Leave no byte."""
        with self._ballast.open("ab", buffering=0) as stream:
            for size in (2**20, 2**12, 1):
                try:
                    while True:
                        stream.write(b"\1" * size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self._folder / "ballast"
