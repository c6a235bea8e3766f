"""Applying many migrations to an empty database, beside a bare psycopg loop over the same files in the same turns.

Like with like. The engine in this process, from its session to the last history row, beside the loop in this process,
from its connection to the last COMMIT, each in a database of its own and migration by migration in turns, for a disk
is as quick as it is from one moment to the next: this is what has a goal. And `dbmigrate migrate`, which besides reads
and checks the directory, plans, classifies, verifies each release and writes a log, beside the loop as a program. The
server waits for its disk, as production does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.engine.applying import applying, connect, migration, start_run
from bench.engine.looping import loop
from bench.engine.scripts import Scripts, corpora, generated, write
from bench.figures import Figure
from dbmigrations.postgres.settings import ConnectionSettings, Secret
from tests.harness.postgres import start_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.harness.console import Console
    from tests.harness.postgres import Server

COUNTS = tuple(int(count) for count in os.environ.get("COUNTS", "163,434,820").split(","))
ROUNDS = int(os.environ.get("ROUNDS", "7"))
GOAL = 1.15

_BIN = Path(sys.executable).parent
_LOOP = Path(__file__).with_name("looping.py")


@dataclass(frozen=True)
class Directory:
    """Scripts in a release directory, and how a database is reached that they are applied to."""

    scripts: Scripts
    root: Path
    files: Sequence[Path]
    approval: str
    server: Server

    def where(self, database: str) -> ConnectionSettings:
        """By loopback, with the password: as a Job logs in."""
        return ConnectionSettings(
            host="127.0.0.1",
            port=str(self.server.port),
            dbname=database,
            user=self.server.SUPERUSER,
            password=Secret(self.server.PASSWORD),
        )


def measure(server: Server, folder: Path, console: Console) -> tuple[list[Figure], dict[str, object]]:
    """Each set of scripts, each way in turns."""
    with durable(server) as own:
        sets = directories(own, folder, console)
        figures = [figure for each in sets for figure in _measure(each, console)]
    return figures, {
        "rounds": ROUNDS,
        "figure": "seconds of the round whose ratio is the median",
        "fsync": "on",
        "connection": "TCP on loopback",
        "reference": "psycopg: one file in one transaction and nothing else; in this process, and as a program",
        "the engine": "beside the loop in turns, migration by migration; our tables and the run's row are there before,"
        " as preflight leaves them",
        "left_out": [] if len(sets) > len(COUNTS) else ["the corpora: they do not lie beside the repository"],
    }


@contextmanager
def durable(server: Server) -> Iterator[Server]:
    """A server of the same programs that waits for its disk, as a user's does."""
    own = start_server(server.binaries, durable=True)
    try:
        yield own
    finally:
        own.stop()


def directories(server: Server, folder: Path, console: Console) -> list[Directory]:
    """The generated sets, and the real ones that are there."""
    real = corpora()
    if not real:
        console.say(
            "Concourse and umami are NOT measured: there is no shared/corpora beside the repository (or $CORPORA)"
        )
    made = []
    for scripts in [*(generated(count) for count in COUNTS), *real]:
        root = folder / scripts.title.replace(" ", "-")
        files = write(scripts, root)
        made.append(Directory(scripts, root, files, approval(root), server))
    return made


def typical(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, str, float]:
    """Both figures of the round whose ratio is the median: the machine drifts less within a round than between them."""
    rounds = sorted(zip(ours, theirs, strict=True), key=lambda both: both[0] / both[1])
    value, reference = rounds[len(rounds) // 2]
    return value, "s", reference


def timed(directory: Directory, way: Callable[[Directory, str], None]) -> float:
    """Seconds that a way took on a new database."""
    with _database(directory) as database:
        began = time.perf_counter()
        way(directory, database)
        return time.perf_counter() - began


@contextmanager
def _database(directory: Directory) -> Iterator[str]:
    server = directory.server
    database = server.create_database()
    with server.connect() as connection:
        connection.execute("CHECKPOINT")
    yield database
    server.drop_database(database)


@dataclass
class _Clock:
    """Seconds that were spent within its blocks."""

    seconds: float = 0.0

    @contextmanager
    def runs(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - began


def in_turns(directory: Directory, number: int) -> tuple[float, float]:
    """Seconds of the engine and of the loop; who goes first changes with each migration and each round."""
    engine, bare = _Clock(), _Clock()
    scripts = directory.scripts
    with _database(directory) as ours, _database(directory) as theirs, ExitStack() as opened:
        start_run(directory.where(ours))
        with engine.runs():
            apply = opened.enter_context(applying(directory.where(ours)))
            found = [migration(name, text, scripts.kind) for name, text in scripts.files]
        with bare.runs():
            connection = opened.enter_context(connect(directory.where(theirs)))

        def turn(clock: _Clock, work: Callable[[], object]) -> None:
            with clock.runs():
                work()

        for n, (each, following, file) in enumerate(
            zip(found, [*found[1:], None], directory.files, strict=True), start=number
        ):
            turns = [
                partial(turn, engine, partial(apply.up, each, following=following)),
                partial(turn, bare, partial(loop, connection, [file])),
            ]
            for take in turns if n % 2 == 0 else reversed(turns):
                take()
    return engine.seconds, bare.seconds


def by_command(directory: Directory, database: str) -> None:
    """`dbmigrate migrate`; the loss of what earlier migrations made is approved, so no backup is taken."""
    words = [str(_BIN / "dbmigrate"), "migrate", "--dir", str(directory.root), "--yes", "--operations", "Any"]
    words += ["--url", directory.server.url(database), "--no-backup", "--approve", directory.approval]
    _run([*words, "--log-dir", str(directory.root.parent / "logs")])


def _measure(directory: Directory, console: Console) -> list[Figure]:
    spent: dict[str, list[float]] = defaultdict(list)
    for number in range(ROUNDS):
        ours, bare = in_turns(directory, number)
        spent["ours"].append(ours)
        spent["loop"].append(bare)
        turns = [("command", by_command), ("program", _by_program)]
        for name, way in turns if number % 2 == 0 else reversed(turns):
            spent[name].append(timed(directory, way))
    console.say(f"{directory.scripts.title}: {ours:.2f} s, the loop {bare:.2f} s in the last of {ROUNDS} rounds")
    title = directory.scripts.title
    return [
        Figure(f"{title}: the engine", *typical(spent["ours"], spent["loop"]), GOAL, bounds_ratio=True),
        Figure(f"{title}: dbmigrate migrate", *typical(spent["command"], spent["program"])),
    ]


def _by_program(directory: Directory, database: str) -> None:
    _run([sys.executable, str(_LOOP), directory.server.url(database), *map(str, directory.files)])


def _run(words: Sequence[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)[:200]}: {done.returncode}\n{done.stderr[-2000:]}")


def approval(root: Path) -> str:
    """The hash of its whole plan."""
    words = [str(_BIN / "dbmigrate"), "plan", "--offline", "--json", "--operations", "Any", "--dir", str(root)]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    return str(json.loads(said.stdout)["plan"]["hash"])
