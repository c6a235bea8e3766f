"""pg_dump and pg_restore: which version is there, how they log in, running them.

The password is in a file of mode 0600 that lives as long as the program, never in its arguments or environment. In a
Job the file is in memory.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dbmigrations.api.step import MEMORY
from dbmigrations.postgres.errors import BackupError
from dbmigrations.postgres.settings import ConnectionSettings

_ENVIRONMENT = {
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "hostaddr": "PGHOSTADDR",
    "krbsrvname": "PGKRBSRVNAME",
    "load_balance_hosts": "PGLOADBALANCEHOSTS",
    "options": "PGOPTIONS",
    "passfile": "PGPASSFILE",
    "require_auth": "PGREQUIREAUTH",
    "requirepeer": "PGREQUIREPEER",
    "service": "PGSERVICE",
    "sslcert": "PGSSLCERT",
    "sslcertmode": "PGSSLCERTMODE",
    "sslcompression": "PGSSLCOMPRESSION",
    "sslcrl": "PGSSLCRL",
    "sslcrldir": "PGSSLCRLDIR",
    "sslkey": "PGSSLKEY",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslsni": "PGSSLSNI",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
"""libpq's parameters and their environment variables; those without one only tune keepalives."""

_LAST_LINES = 5

_LOST = re.compile(
    r"server closed the connection|terminating connection|connection to (server|database) .*failed|could not connect"
    r"|could not (send|receive) data|no connection to the server|SSL (SYSCALL )?error|SSL connection has been closed"
    r"|could not translate host name|could not import the requested snapshot|the database system is "
)
"""What libpq and the server say in English when a connection cannot be had, or is lost."""

_BLOCKED = re.compile(r"canceling statement due to statement timeout|could not obtain lock on relation")
"""What `--lock-wait-timeout` ends with, the only limit that pg_dump sets; and its workers, which do not wait."""


@dataclass(frozen=True)
class ClientVersion:
    """What a client program says of itself."""

    major: int
    text: str


def client_version(program: str) -> ClientVersion | None:
    """The version of a program on PATH; None: it is not there."""
    path = shutil.which(program)
    if path is None:
        return None
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.search(r"\) (?P<text>(?P<major>\d+)\S*)", answer)
    return None if found is None else ClientVersion(int(found["major"]), found["text"])


@contextmanager
def login_environment(where: ConnectionSettings, memory: Path = Path(MEMORY)) -> Iterator[dict[str, str]]:
    """The environment in which a client program finds its way to the database.

    Args:
        where: the login.
        memory: the folder for the password file; where there is none, as on a laptop, that for temporary files.

    Raises:
        BackupError: a setting that cannot be handed on.
    """
    if "sslpassword" in where.extra:
        raise BackupError("the client key has a password, which pg_dump cannot be given: use a key without one")
    given = where.parameters()
    password = given.pop("password", "")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG") or not password}
    environment |= {_ENVIRONMENT[key]: value for key, value in given.items() if key in _ENVIRONMENT}
    environment["PGAPPNAME"] = "dbmigrate pg_dump"
    environment["LC_ALL"] = "C"
    if not password:
        yield environment
        return
    with tempfile.TemporaryDirectory(prefix="dbmigrate-", dir=memory if memory.is_dir() else None) as folder:
        yield environment | {"PGPASSFILE": str(_password_file(Path(folder), password))}


def _password_file(folder: Path, password: str) -> Path:
    if "\n" in password or "\r" in password:
        raise BackupError("the password has a line end, which no password file of PostgreSQL can hold")
    path = folder / "pgpass"
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(f"*:*:*:*:{escaped}\n")
    return path


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code, and the last lines of what it said on stderr."""

    code: int
    last_lines: tuple[str, ...]
    lost: bool = False
    """Whether it said anywhere that it lost its connection, or got none."""
    blocked: bool = False
    """Whether it waited for a table as long as it was allowed to."""

    @property
    def is_unexplained(self) -> bool:
        """Whether it failed, and not for want of a connection or a lock as far as its words tell."""
        return self.code != 0 and not self.lost and not self.blocked


def run_program(
    command: Sequence[str], environment: Mapping[str, str], on_line: Callable[[str], None] | None = None
) -> Ended:
    """Run a program to its end, telling each line of stderr; it ends too where this process does, however that is."""
    process = subprocess.Popen(  # noqa: S603  no shell; every argument is ours or a path
        [*_ending_with_us(), *command],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    last: deque[str] = deque(maxlen=_LAST_LINES)
    lost = blocked = False
    try:
        assert process.stderr is not None  # noqa: S101  it was asked for
        for raw in process.stderr:
            line = raw.decode(errors="replace").rstrip()
            last.append(line)
            lost = lost or _LOST.search(line) is not None
            blocked = blocked or _BLOCKED.search(line) is not None
            if on_line is not None:
                on_line(line)
        return Ended(process.wait(), tuple(last), lost, blocked)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _ending_with_us() -> tuple[str, ...]:
    """Linux sends a SIGTERM when this process dies: a pg_dump without us would hold its locks and snapshot for long."""
    setpriv = shutil.which("setpriv")
    return () if setpriv is None else (setpriv, "--pdeathsig", "TERM", "--")
