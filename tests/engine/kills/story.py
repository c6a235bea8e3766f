"""A story: a run that is struck, the same command again, and what the database is then."""

from __future__ import annotations

import itertools
import json
import os
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from tests.engine.databases import Database
from tests.engine.kills.faults import MOMENTS, Fault, Strike, Struck
from tests.engine.kills.program import Program, start
from tests.engine.kills.proxy import Proxy
from tests.engine.kills.state import State, state_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.kills.full_disk import SmallDisk
    from tests.engine.kills.hostile import MigrationSet
    from tests.harness.postgres import Server

_numbers = itertools.count(1)

_SIGKILLS = frozenset({Fault.KILLED_BEFORE, Fault.KILLED_DURING, Fault.KILLED_AFTER})
_SEVERING = _SIGKILLS | {Fault.SEVERED, Fault.SWALLOWED}
_WAITS, _FAILED, _TERMINATED = 30, 20, 143

_MAY_END = {
    **{fault: {-signal.SIGKILL} for fault in _SIGKILLS},
    **{fault: {0, _WAITS} for fault in (Fault.SEVERED, Fault.SWALLOWED, Fault.BACKEND_ENDED, Fault.RESTARTED)},
    Fault.TERMINATED: {0, _TERMINATED, -signal.SIGTERM},
    Fault.DISK_FULL: {0, _FAILED, _WAITS},
}
"""How the struck run may end: done in spite of it, or with an exit code that says "again" or what failed."""


@dataclass(frozen=True)
class Way:
    """A run of a migration set in one direction: its command, the database before it, and the state after it."""

    name: str
    words: tuple[str, ...]
    template: str
    expected: State
    queries: tuple[str, ...]
    """What it says to the server when nobody disturbs it."""


@dataclass(frozen=True)
class Ended:
    """How a story ended."""

    fault: Fault
    at: int
    query: str
    first: int
    """The exit code of the struck run."""
    again: int
    """The exit code of the one after it; that of the first where nothing was left to do."""
    wrong: tuple[str, ...]
    """What is not as it should be; empty: all is well."""

    @property
    def outcome(self) -> str:
        """In one or two words, for the table."""
        if self.wrong:
            return "WRONG"
        return {0: "went on by itself", -9: "killed, then resumed"}.get(self.first, f"exit {self.first}, then resumed")


@dataclass(frozen=True)
class Raced:
    """How two runs at once ended."""

    codes: tuple[int, ...]
    said: str
    wrong: tuple[str, ...]


class Stage:
    """One migration set on one server: both ways, undisturbed, and then any number of stories."""

    def __init__(self, server: Server, folder: Path, migrations: MigrationSet, disk: SmallDisk | None = None) -> None:
        self.server = server
        self.folder = folder
        self.owner = f"killed_{os.getpid()}_{next(_numbers)}"
        self.disk = disk
        self._set = migrations
        self._proxy = Proxy(server.folder / f".s.PGSQL.{server.port}")
        self._proxy.__enter__()
        migrations.write(folder / "database")
        with server.connect() as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(self.owner)))
            if disk:
                connection.execute(sql.SQL("GRANT CREATE ON TABLESPACE {} TO PUBLIC").format(sql.Identifier(disk.name)))
        self.up, self.down = self._undisturbed()

    def close(self) -> None:
        """End the proxy."""
        self._proxy.__exit__(None, None, None)

    def play(self, way: Way, fault: Fault, at: int, *, forked: bool = True) -> Ended:
        """Strike a run at its `at`-th query, run it again to its end, and compare."""
        database = self._copy(way.template, small=fault is Fault.DISK_FULL)
        try:
            running: list[Program] = []
            known, begun, done = threading.Event(), threading.Event(), threading.Event()

            def do(struck: Struck) -> None:
                begun.set()
                known.wait(30)
                self._do(fault, running[0], struck)
                done.set()

            self._proxy.arm(at, Strike(MOMENTS[fault], do, severs=fault in _SEVERING))
            running.append(self._start(database, way.words, forked=forked))
            known.set()
            first = running[0].end()
            self._proxy.disarm()
            assert not begun.is_set() or done.wait(60), "the server is not there again"
            if self.disk:
                self.disk.free()
            query = self._proxy.said[at - 1] if at <= len(self._proxy.said) else "(it was over before)"
            wrong = [] if first in _MAY_END[fault] else [f"exit {first}: {running[0].said()}"]
            again = first
            if first != 0:
                program = self._start(database, way.words)
                again = program.end()
                wrong += [] if again == 0 else [f"the run after it: exit {again}: {program.said()}"]
            wrong += way.expected.differences(state_of(database))
            return Ended(fault, at, query, first, again, tuple(wrong))
        finally:
            self.server.drop_database(database.name)

    def race(self, way: Way) -> Raced:
        """Start the same run twice at once, and compare."""
        database = self._copy(way.template)
        try:
            programs = [self._start(database, way.words) for _ in range(2)]
            codes = tuple(program.end() for program in programs)
            said = "\n".join(program.said() for program in programs)
            return Raced(codes, said, tuple(way.expected.differences(state_of(database))))
        finally:
            self.server.drop_database(database.name)

    def _do(self, fault: Fault, program: Program, struck: Struck) -> None:
        match fault:
            case Fault.KILLED_BEFORE | Fault.KILLED_DURING | Fault.KILLED_AFTER:
                os.kill(program.pid, signal.SIGKILL)
            case Fault.SEVERED | Fault.SWALLOWED:
                pass  # the proxy ends the connection
            case Fault.TERMINATED:
                os.kill(program.pid, signal.SIGTERM)
            case Fault.BACKEND_ENDED:
                with self.server.connect() as connection:
                    connection.execute("SELECT pg_terminate_backend(%s)", (struck.backend,))
            case Fault.RESTARTED:
                self.server.restart(immediate=True)
            case Fault.DISK_FULL:
                assert self.disk is not None
                self.disk.fill()

    def _undisturbed(self) -> tuple[Way, Way]:
        database = self._copy("template0")
        if self._set.bottom:
            start = self._words(
                "migrate", "--to", self._set.bottom, "--approve", self._hash(database, self._set.bottom)
            )
            self._finish(database, start)
        bottom, top = f"{database.name}_bottom", f"{database.name}_top"
        self._keep(database, bottom)
        up = self._words("migrate", "--to", self._set.top, "--approve", self._hash(database, self._set.top))
        up_queries = self._finish(database, up)
        up_state = state_of(database)
        self._keep(database, top)
        target = self._set.bottom
        down = self._words("rollback", "--to-version", target, "--approve", self._hash(database, target))
        down_queries = self._finish(database, down)
        down_state = state_of(database)
        self.server.drop_database(database.name)
        for state in (up_state, down_state):
            assert state.left_over == ()
        return Way("up", up, bottom, up_state, up_queries), Way("down", down, top, down_state, down_queries)

    def _hash(self, database: Database, target: str) -> str:
        program = self._start(database, ("plan", "--to", target, "--json", "--operations", "Any", "--no-backup"))
        program.end()
        said = program.said()
        found = json.loads(said[said.index("{") :])
        return str(found["plan"]["hash"])

    def _words(self, *words: str) -> tuple[str, ...]:
        return (
            *words,
            "--yes",
            "--no-backup",
            "--operations",
            "Any",
            "--wait",
            "60",
            "--log-dir",
            str(self.folder / "logs"),
        )

    def _finish(self, database: Database, words: tuple[str, ...]) -> tuple[str, ...]:
        self._proxy.arm(0, Strike(MOMENTS[Fault.SEVERED], lambda _: None, severs=False))
        program = self._start(database, words)
        code = program.end()
        assert code == 0, f"undisturbed, it ends with {code}:\n{program.said()}"
        return tuple(self._proxy.said)

    def _start(self, database: Database, words: tuple[str, ...], *, forked: bool = True) -> Program:
        url = (
            f"postgresql://{self.owner}@127.0.0.1:{self._proxy.port}/{database.name}?sslmode=disable&gssencmode=disable"
        )
        return start(words, self.folder, {"DATABASE_URL": url}, forked=forked)

    def _copy(self, template: str, *, small: bool = False) -> Database:
        name = f"{self.owner}_{next(_numbers)}"
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy").format(
            *map(sql.Identifier, (name, self.owner, template))
        )
        if small and self.disk:
            statement += sql.SQL(" TABLESPACE {}").format(sql.Identifier(self.disk.name))
        with self.server.connect() as connection:
            connection.execute(statement)
        return Database(self.server, name, self.owner)

    def _keep(self, database: Database, name: str) -> None:
        with self.server.connect() as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
            while connection.execute(query, (database.name,)).fetchone() != (0,):
                pass
            statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
            connection.execute(statement.format(*map(sql.Identifier, (name, self.owner, database.name))))
