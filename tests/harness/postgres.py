"""Throwaway PostgreSQL servers on this machine, for tests that need a database but no cluster.

A server lives in a folder of its own under the system's temporary folder, answers on a unix socket there and on a free
port of loopback, and is gone with `stop`. What a killed test run left is removed when the next server starts. As root
the server runs as the user `nobody`, because PostgreSQL refuses root.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.harness.cache import Cache, content_key
from tests.harness.command import run
from tests.harness.errors import NotReady, ProcessDied, last_lines
from tests.harness.ports import free_ports
from tests.harness.postgres_binaries import Binaries, ensure_binaries, shared_cache_root
from tests.harness.processes import Process, running, start, this_process

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.harness.console import Console

_NOBODY = 65534
_PREFIX = "dbmigrations-postgres-"
_INITDB = ("--username=postgres", "--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync", "--no-instructions")
_ACCESS = """\
local all all trust
local replication all trust
host all all 127.0.0.1/32 scram-sha-256
"""
_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "32MB",
    "max_prepared_transactions": "10",
    "wal_level": "logical",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%d ",
    "password_encryption": "scram-sha-256",
}
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}  # survives a killed server, though not a killed machine


class Server:
    """One running server. `major` is its version; the superuser is `postgres` with the password `postgres`."""

    SUPERUSER = "postgres"
    PASSWORD = "postgres"

    def __init__(self, binaries: Binaries, folder: Path, port: int, settings: Mapping[str, str]) -> None:
        self.major = binaries.major
        self.folder = folder
        self.port = port
        self.binaries = binaries
        self.settings = settings
        self._names = itertools.count(1)
        self._process = self._launch()

    @property
    def data(self) -> Path:
        """The data folder: postgresql.conf, pg_hba.conf, …"""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        """The postmaster's pid."""
        return self._process.pid

    def dsn(self, dbname: str = "postgres", **parameters: str) -> str:
        """A connection string by the unix socket, as the superuser and without a password unless told otherwise."""
        words = {"host": str(self.folder), "port": str(self.port), "user": self.SUPERUSER, "dbname": dbname}
        return psycopg.conninfo.make_conninfo("", **(words | parameters))

    def url(self, dbname: str = "postgres", user: str = SUPERUSER, password: str = PASSWORD) -> str:
        """A connection URL by loopback, where the password counts."""
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{quote(dbname, safe='')}"

    def connect(self, dbname: str = "postgres", **parameters: str) -> psycopg.Connection[tuple[Any, ...]]:
        """A superuser's connection, autocommit."""
        return psycopg.connect(self.dsn(dbname, **parameters), autocommit=True)

    def create_database(self, name: str | None = None, *, owner: str = SUPERUSER) -> str:
        """Creates an empty database and returns its name; one of its own making where none is given."""
        chosen = name if name is not None else f"test_{os.getpid()}_{next(self._names)}"
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
        with self.connect() as connection:
            connection.execute(statement.format(sql.Identifier(chosen), sql.Identifier(owner)))
        return chosen

    def drop_database(self, name: str) -> None:
        """Removes a database, whoever is connected to it."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def restart(self, *, immediate: bool = False) -> None:
        """Stops and starts the server: in order, or as a crash does (sessions die, recovery runs)."""
        self.halt(immediate=immediate)
        self.resume()

    def halt(self, *, immediate: bool = False) -> None:
        """Stops the server; its folder stays, and `resume` starts it again."""
        self._process.stop(patience=30, first=signal.SIGQUIT if immediate else signal.SIGINT)

    def resume(self) -> None:
        """Starts the server after `halt`, on the same port."""
        self._process = self._launch()

    def reload(self) -> None:
        """Lets the server read its configuration files again."""
        self._process.signal(signal.SIGHUP)

    def stop(self) -> None:
        """Ends the server and removes its folder."""
        self.halt(immediate=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _launch(self) -> Process:
        options = {
            "listen_addresses": "127.0.0.1",
            **_SETTINGS,
            **self.settings,
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [*_unprivileged(), self.binaries.folder / "postgres", "-D", self.data, *words]
        process = start(command, self.log)
        deadline = time.monotonic() + 30
        while not self._says_ready(process):
            if not process.alive:
                raise ProcessDied(f"PostgreSQL {self.major} ended by itself:\n{last_lines(self.log.read_text(), 15)}")
            if time.monotonic() > deadline:
                raise NotReady(f"PostgreSQL {self.major}: not within 30 s:\n{last_lines(self.log.read_text(), 15)}")
            time.sleep(0.01)
        return process

    def _says_ready(self, process: Process) -> bool:
        """The eighth line of postmaster.pid is the server's state; pg_ctl reads it too."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready"
        return False


def start_server(binaries: Binaries, *, durable: bool = False, settings: Mapping[str, str] | None = None) -> Server:
    """Starts a new, empty server.

    Args:
        binaries: the programs of one major.
        durable: True waits for the disk, as production does; False is faster.
        settings: further settings of postgresql.conf.
    """
    sweep()
    template = _ensure_template(binaries)
    folder = _folder()
    run(["cp", "--archive", "--reflink=auto", template / "data", folder / "data"])
    if os.geteuid() == 0:
        run(["chown", "-R", f"{_NOBODY}:{_NOBODY}", folder])
    return Server(binaries, folder, free_ports(1)[0], {**({} if durable else _NOT_DURABLE), **(settings or {})})


def start_standby(primary: Server) -> Server:
    """Starts a hot standby that streams from a running server; it takes a `pg_basebackup` of the same major beside it.

    What is written to the primary arrives a moment later: `caught_up` waits for it. Stop the standby first of the two.
    """
    sweep()
    folder = _folder()
    program = primary.binaries.folder / "pg_basebackup"
    options = ["--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "--no-sync"]
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    run([*_unprivileged(), program, f"--dbname={primary.dsn()}", f"--pgdata={folder / 'data'}", *options], cwd=folder)
    return Server(primary.binaries, folder, free_ports(1)[0], primary.settings)


def caught_up(standby: Server, primary: Server, *, patience: float = 30) -> None:
    """Waits until the standby shows all that the primary has written so far.

    Raises:
        NotReady: it does not within `patience` seconds.
    """
    with primary.connect() as writing, standby.connect() as reading:
        written = writing.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
        deadline = time.monotonic() + patience
        while reading.execute("SELECT pg_last_wal_replay_lsn() >= %s", written).fetchone() != (True,):
            if time.monotonic() > deadline:
                raise NotReady(f"the standby is behind its primary after {patience:.0f} s")
            time.sleep(0.01)


def prepare(majors: Iterable[str], console: Console) -> None:
    """Fetches and initialises all of them side by side, so that none of them makes a test wait later.

    Raises:
        HarnessError: one of them could not be had.
    """
    with ThreadPoolExecutor() as pool:
        for made in [pool.submit(lambda major: _ensure_template(ensure_binaries(major, console)), m) for m in majors]:
            made.result()


def sweep() -> None:
    """Ends the servers of test runs that are over without having ended them, and removes their folders."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = Process.read(folder / "owner")  # None: it is just being made, or is somebody else's
        if owner is not None and not owner.alive:
            _end_left_behind(folder)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    this_process().write(folder / "owner")
    return folder


def _end_left_behind(folder: Path) -> None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        process = running(pid)
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        if process is not None and f"{folder}/data" in arguments:
            process.stop(first=signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


def _ensure_template(binaries: Binaries) -> Path:
    """A data folder as initdb leaves it, made once per machine and version."""
    version = run([binaries.folder / "postgres", "--version"])

    def initialise(folder: Path) -> None:
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        secret = folder / "password"
        secret.write_text(Server.PASSWORD)
        secret.chmod(0o644)
        initdb = [binaries.folder / "initdb", *_INITDB, f"--pwfile={secret}", f"--pgdata={folder / 'data'}"]
        run([*_unprivileged(), *initdb], cwd=folder)
        (folder / "data" / "pg_hba.conf").write_text(_ACCESS)

    key = content_key(version, str(binaries.folder), _ACCESS, *_INITDB)
    return Cache(shared_cache_root()).found_or_made(f"postgres-template-{binaries.major}", key, initialise)


def _unprivileged() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--"]
