"""Where stories play: a server behind a proxy that strikes, a role, and databases that are copied from templates."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from psycopg import sql

from tests.engine.databases import Database
from tests.engine.kills.faults import MOMENTS, Fault, Strike, Struck
from tests.engine.kills.proxy import Proxy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.kills.full_disk import SmallDisk
    from tests.engine.kills.program import Program
    from tests.harness.postgres import Server

_numbers = itertools.count(1)

SIGKILLS = frozenset({Fault.KILLED_BEFORE, Fault.KILLED_DURING, Fault.KILLED_AFTER, Fault.KILLED_LATER})
_SEVERING = SIGKILLS | {Fault.SEVERED, Fault.SWALLOWED}


class Ground:
    """A server for stories. `owner` is the ordinary role that owns every database."""

    def __init__(self, server: Server, folder: Path, disk: SmallDisk | None = None) -> None:
        self.server = server
        self.folder = folder
        self.disk = disk
        self.owner = f"killed_{os.getpid()}_{next(_numbers)}"
        self.proxy = Proxy(server.folder / f".s.PGSQL.{server.port}")
        self.proxy.__enter__()
        with server.connect() as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(self.owner)))
            if disk:
                connection.execute(sql.SQL("GRANT CREATE ON TABLESPACE {} TO PUBLIC").format(sql.Identifier(disk.name)))

    def close(self) -> None:
        """End the proxy."""
        self.proxy.__exit__(None, None, None)

    def listen(self) -> None:
        """Count queries anew, and strike at none."""
        self.proxy.arm(0, Strike(MOMENTS[Fault.SEVERED], lambda _: None, severs=False))

    def arm(self, fault: Fault, at: int, *, pause: float = 0.0) -> Armed:
        """Strike at the `at`-th query from now; `pause`: so many seconds after it, where the fault is a later one."""
        armed = Armed(self, fault, at, pause)
        self.proxy.arm(at, Strike(MOMENTS[fault], armed.do, severs=fault in _SEVERING))
        return armed

    def copy(self, template: str, *, small: bool = False) -> Database:
        """A database like that one; a `small` one lies on the disk that can be full."""
        name = f"{self.owner}_{next(_numbers)}"
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy").format(
            *map(sql.Identifier, (name, self.owner, template))
        )
        if small and self.disk:
            statement += sql.SQL(" TABLESPACE {}").format(sql.Identifier(self.disk.name))
        with self.server.connect() as connection:
            connection.execute(statement)
        return Database(self.server, name, self.owner)

    def keep(self, database: Database, name: str) -> None:
        """Make a template of what it is now."""
        with self.server.connect() as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
            while connection.execute(query, (database.name,)).fetchone() != (0,):
                pass
            statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
            connection.execute(statement.format(*map(sql.Identifier, (name, self.owner, database.name))))


class Armed:
    """A fault that waits for its query. It hits the program that it was aimed at last."""

    def __init__(self, ground: Ground, fault: Fault, at: int, pause: float) -> None:
        self.fault = fault
        self._ground = ground
        self._at = at
        self._pause = pause
        self._program: Program | None = None
        self._aimed, self._begun, self._done = threading.Event(), threading.Event(), threading.Event()

    @property
    def has_struck(self) -> bool:
        """Whether its query came."""
        return self._begun.is_set()

    def aim(self, program: Program | None) -> None:
        """At this one from now; None: the next one is being started."""
        self._program = program
        if program is None:
            self._aimed.clear()
        else:
            self._aimed.set()

    def over(self) -> str:
        """Wait until the strike is over, or call it off, and make good what it spoilt; the query that was struck."""
        self._ground.proxy.disarm()
        assert not self.has_struck or self._done.wait(60), "the server is not there again"
        if self._ground.disk:
            self._ground.disk.free()
        said = self._ground.proxy.said
        return said[self._at - 1] if self._at <= len(said) else "(it was over before)"

    def do(self, struck: Struck) -> None:
        """Strike."""
        self._begun.set()
        self._aimed.wait(30)
        program = self._program
        assert program is not None
        match self.fault:
            case Fault.KILLED_BEFORE | Fault.KILLED_DURING | Fault.KILLED_AFTER:
                os.kill(program.pid, signal.SIGKILL)
            case Fault.KILLED_LATER:
                time.sleep(self._pause)
                with contextlib.suppress(ProcessLookupError):  # it may have ended meanwhile
                    os.kill(program.pid, signal.SIGKILL)
            case Fault.SEVERED | Fault.SWALLOWED | Fault.RESULT_LOST:
                pass  # the proxy ends the connection; or the operator's story does the rest
            case Fault.TERMINATED:
                os.kill(program.pid, signal.SIGTERM)
            case Fault.BACKEND_ENDED:
                with self._ground.server.connect() as connection:
                    connection.execute("SELECT pg_terminate_backend(%s)", (struck.backend,))
            case Fault.RESTARTED:
                self._ground.server.restart(immediate=True)
            case Fault.DISK_FULL:
                assert self._ground.disk is not None
                self._ground.disk.fill()
        self._done.set()
