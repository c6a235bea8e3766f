"""A real PgBouncer in front of a database."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from dbmigrations.postgres.settings import ConnectionSettings
from tests.harness import requirements
from tests.harness.console import Console
from tests.harness.processes import Process, start

if TYPE_CHECKING:
    from types import TracebackType

    from tests.engine.databases import Database

_NOBODY = 65534
_CONFIGURATION = """\
[databases]
{name} = host={host} port={port} dbname={name} user={owner}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
ignore_startup_parameters = extra_float_digits
"""


class Pooler:
    """PgBouncer in one of its pool modes, with so many server connections."""

    def __init__(self, database: Database, mode: str, size: int = 5) -> None:
        requirements.ensure((requirements.Program("pgbouncer", "pgbouncer"),), Console())
        self._database = database
        self._folder = Path(tempfile.mkdtemp(prefix="dbmigrations-pooler-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        configuration = _CONFIGURATION.format(
            name=database.name,
            host=database.server.folder,
            port=database.server.port,
            owner=database.owner,
            listen=self._port,
            mode=mode,
            size=size,
        )
        (self._folder / "pgbouncer.ini").write_text(configuration)
        self._process: Process | None = None

    def __enter__(self) -> Self:
        program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program is not None
        self._folder.chmod(0o755)
        drop = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--"]
        command = [*(drop if os.geteuid() == 0 else []), program, str(self._folder / "pgbouncer.ini")]
        self._process = start(command, self._folder / "log")
        deadline = time.monotonic() + 20
        while not self._listens():
            assert self._process.alive, (self._folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def where(self) -> ConnectionSettings:
        """How a client logs in."""
        return ConnectionSettings(
            host="127.0.0.1", port=str(self._port), dbname=self._database.name, user=self._database.owner
        )

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0
