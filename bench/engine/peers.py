"""The same scripts applied by `dbmigrate migrate` and by its peers, each a real program, in turns in one run.

Whole commands on an empty database of a server that waits for its disk; each peer gets the scripts in the form that it
reads. A peer that cannot be had is said and left out. None of them but ours plans, classifies and verifies.
"""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bench.engine import peer_tools
from bench.engine.apply import Directory, by_command, directories, durable, timed, typical
from bench.figures import Figure
from dbmigrations.release.kind import Kind
from tests.harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.harness.console import Console
    from tests.harness.postgres import Server

ROUNDS = int(os.environ.get("ROUNDS", "3"))


@dataclass(frozen=True)
class Peer:
    """One program: how it is had, how its files are called and framed, and how it is run.

    Attributes:
        name: as people call it, with its version.
        program: finds or fetches it.
        form: of a script: the file's name, from its number and name, and its text.
        words: the command, from the program, the folder of the files, the URL and the files.
        only: the kind of scripts that it takes; None: each.
    """

    name: str
    program: Callable[[], Path]
    form: Callable[[int, str, str], tuple[str, str]]
    words: Callable[[Path, Path, str, Sequence[Path]], Sequence[Sequence[str]]]
    only: Kind | None = None


PEERS = (
    Peer(
        f"dbmate {peer_tools.DBMATE.version}",
        peer_tools.dbmate,
        lambda n, name, text: (f"{n:014}_{name}.sql", f"-- migrate:up\n{text}\n-- migrate:down\n"),
        lambda program, folder, url, _: [
            [str(program), "--url", f"{url}?sslmode=disable", "-d", str(folder), "--no-dump-schema", "up"]
        ],
    ),
    Peer(
        f"goose {peer_tools.GOOSE}",
        peer_tools.goose,
        lambda n, name, text: (
            f"{n:05}_{name}.sql",
            f"-- +goose Up\n-- +goose StatementBegin\n{text}\n-- +goose StatementEnd\n",
        ),
        lambda program, folder, url, _: [[str(program), "-dir", str(folder), "postgres", url, "up"]],
    ),
    Peer(
        f"golang-migrate {peer_tools.GOLANG_MIGRATE}",
        peer_tools.golang_migrate,
        lambda n, name, text: (f"{n:05}_{name}.up.sql", text),
        lambda program, folder, url, _: [
            [str(program), "-path", str(folder), "-database", f"{url}?sslmode=disable", "up"]
        ],
    ),
    Peer(
        "psql -1 for each file",
        peer_tools.psql,
        lambda n, name, text: (f"{n:05}_{name}.sql", text),
        lambda program, _, url, files: [
            [str(program), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", str(file), url]
            for file in files
        ],
    ),
    Peer(
        f"Flyway {peer_tools.FLYWAY}",
        peer_tools.flyway,
        lambda n, name, text: (f"V{n}__{name}.sql", text),
        lambda program, folder, url, _: [[str(program), *_flyway(url), f"-locations=filesystem:{folder}", "migrate"]],
    ),
    Peer(
        "Prisma's engine",
        peer_tools.prisma,
        lambda _, name, text: (f"{name}/migration.sql", text),
        lambda program, folder, url, _: [["node", str(program / "deploy.mjs"), url, str(folder)]],
        only=Kind.SCHEMA,
    ),
)


def measure(server: Server, folder: Path, console: Console) -> tuple[list[Figure], dict[str, object]]:
    """Each set of scripts, ours and each peer in turns."""
    programs, missing = _programs(console)
    figures: list[Figure] = []
    with durable(server) as own:
        for directory in directories(own, folder, console):
            figures += _measure(directory, programs, folder, console)
    return figures, {
        "rounds": ROUNDS,
        "figure": "seconds of the round whose ratio is the median",
        "fsync": "on",
        "reference": "dbmigrate migrate on the same scripts in the same round",
        "left_out": missing,
    }


def _programs(console: Console) -> tuple[dict[Peer, Path], list[str]]:
    programs: dict[Peer, Path] = {}
    missing = []
    for peer in PEERS:
        try:
            programs[peer] = peer.program()
        except HarnessError as error:
            missing.append(peer.name)
            console.say(f"{peer.name} is NOT measured: {error}")
    return programs, missing


def _measure(directory: Directory, programs: dict[Peer, Path], folder: Path, console: Console) -> list[Figure]:
    spent: dict[str, list[float]] = defaultdict(list)
    ways = {"dbmigrate migrate": by_command}
    for peer, program in programs.items():
        if peer.only in {None, directory.scripts.kind}:
            ways[peer.name] = partial(_by_peer, peer, program, _written(peer, directory, folder))
    for number in range(ROUNDS):
        for name, way in list(ways.items())[:: 1 if number % 2 == 0 else -1]:
            try:
                spent[name].append(timed(directory, way))
            except HarnessError as error:  # it cannot apply these scripts
                console.say(f"{directory.scripts.title}: {name} FAILED: {error}")
                ways.pop(name)
    ours = spent.pop("dbmigrate migrate")
    return [Figure(f"{directory.scripts.title}: {name}", *typical(spent[name], ours)) for name in ways if name in spent]


def _written(peer: Peer, directory: Directory, folder: Path) -> list[Path]:
    root = folder / "peers" / directory.root.name / peer.name.replace(" ", "-")
    files = []
    for number, (name, text) in enumerate(directory.scripts.files, start=1):
        file, content = peer.form(number, name, text)
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        files.append(path)
    return [root, *files]


def _by_peer(peer: Peer, program: Path, written: Sequence[Path], directory: Directory, database: str) -> None:
    root, *files = written
    for words in peer.words(program, root, directory.server.url(database), files):
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False, cwd=root)
        if done.returncode:
            raise HarnessError(f"{' '.join(words)[:120]}: {done.returncode}\n{(done.stdout + done.stderr)[-600:]}")


def _flyway(url: str) -> list[str]:
    login, _, place = url.removeprefix("postgresql://").partition("@")
    user, _, password = login.partition(":")
    return [f"-url=jdbc:postgresql://{place}", f"-user={user}", f"-password={password}", "-q", "-skipCheckForUpdate"]
