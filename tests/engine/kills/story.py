"""A story of a laptop: a command that is struck, the same command again, and what the database is then."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.engine.kills.faults import Fault
from tests.engine.kills.ground import SIGKILLS, Ground
from tests.engine.kills.program import Program, start
from tests.engine.kills.state import State, state_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.databases import Database
    from tests.engine.kills.full_disk import SmallDisk
    from tests.engine.kills.hostile import MigrationSet
    from tests.harness.postgres import Server

_WAITS, _FAILED, _TERMINATED = 30, 20, 143

_MAY_END = {
    **{fault: {-signal.SIGKILL} for fault in SIGKILLS},
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
    how: str
    """What became of the run, in some words."""
    wrong: tuple[str, ...]
    """What is not as it should be; empty: all is well."""

    @property
    def outcome(self) -> str:
        """For the table."""
        return "WRONG" if self.wrong else self.how

    @property
    def told(self) -> str:
        """The same for a failed test; empty: all is well."""
        return "\n  ".join((f"{self.fault} at query {self.at}: {self.query!r}", *self.wrong)) if self.wrong else ""


@dataclass(frozen=True)
class Raced:
    """How two runs at once ended."""

    codes: tuple[int, ...]
    said: str
    wrong: tuple[str, ...]


class Stage:
    """One migration set on one server: both ways, undisturbed, and then any number of stories."""

    def __init__(self, server: Server, folder: Path, migrations: MigrationSet, disk: SmallDisk | None = None) -> None:
        self.ground = Ground(server, folder, disk)
        self._set = migrations
        migrations.write(folder / "database")
        self.up, self.down = self._undisturbed()

    def close(self) -> None:
        """End the proxy."""
        self.ground.close()

    def play(self, way: Way, fault: Fault, at: int, *, forked: bool = True) -> Ended:
        """Strike a run at its `at`-th query, run it again to its end, and compare."""
        database = self.ground.copy(way.template, small=fault is Fault.DISK_FULL)
        try:
            armed = self.ground.arm(fault, at)
            struck = self._start(database, way.words, forked=forked)
            armed.aim(struck)
            first = struck.end()
            query = armed.over()
            wrong = [] if first in _MAY_END[fault] else [f"exit {first}: {struck.said()}"]
            if first != 0:
                program = self._start(database, way.words)
                again = program.end()
                wrong += [] if again == 0 else [f"the run after it: exit {again}: {program.said()}"]
            wrong += way.expected.differences(state_of(database))
            return Ended(fault, at, query, _outcome(first), tuple(wrong))
        finally:
            self.ground.server.drop_database(database.name)

    def race(self, way: Way) -> Raced:
        """Start the same run twice at once, and compare."""
        database = self.ground.copy(way.template)
        try:
            programs = [self._start(database, way.words) for _ in range(2)]
            codes = tuple(program.end() for program in programs)
            said = "\n".join(program.said() for program in programs)
            return Raced(codes, said, tuple(way.expected.differences(state_of(database))))
        finally:
            self.ground.server.drop_database(database.name)

    def _undisturbed(self) -> tuple[Way, Way]:
        database = self.ground.copy("template0")
        if self._set.bottom:
            start = self._words(
                "migrate", "--to", self._set.bottom, "--approve", self._hash(database, self._set.bottom)
            )
            self._finish(database, start)
        bottom, top = f"{database.name}_bottom", f"{database.name}_top"
        self.ground.keep(database, bottom)
        up = self._words("migrate", "--to", self._set.top, "--approve", self._hash(database, self._set.top))
        up_queries = self._finish(database, up)
        up_state = state_of(database)
        self.ground.keep(database, top)
        target = self._set.bottom
        down = self._words("rollback", "--to-version", target, "--approve", self._hash(database, target))
        down_queries = self._finish(database, down)
        down_state = state_of(database)
        self.ground.server.drop_database(database.name)
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
            str(self.ground.folder / "logs"),
        )

    def _finish(self, database: Database, words: tuple[str, ...]) -> tuple[str, ...]:
        self.ground.listen()
        program = self._start(database, words)
        code = program.end()
        assert code == 0, f"undisturbed, it ends with {code}:\n{program.said()}"
        return tuple(self.ground.proxy.said)

    def _start(self, database: Database, words: tuple[str, ...], *, forked: bool = True) -> Program:
        login = f"{self.ground.owner}@127.0.0.1:{self.ground.proxy.port}"
        url = f"postgresql://{login}/{database.name}?sslmode=disable&gssencmode=disable"
        return start(words, self.ground.folder, {"DATABASE_URL": url}, forked=forked)


def _outcome(first: int) -> str:
    return {0: "went on by itself", -9: "killed, then resumed"}.get(first, f"exit {first}, then resumed")
