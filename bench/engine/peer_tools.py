"""The peers' real programs, each pinned and kept in the cache of this machine."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness.cache import Cache, cache_root, content_key
from tests.harness.command import run
from tests.harness.errors import MissingRequirement
from tests.harness.npm import Package, unpack

if TYPE_CHECKING:
    from collections.abc import Callable

DBMATE = Package("@dbmate/linux-x64", "2.36.0", "aab6f8214c06746fd19765ef86858c1edffa946abbf6be2e5ddb49820b6e5352")
GOOSE = "v3.30.1"
GOLANG_MIGRATE = "v4.20.1"
FLYWAY = "11.8.2"
PRISMA = Path(__file__).with_name("prisma")

_OTHER_DATABASES = "no_clickhouse no_libsql no_mssql no_mysql no_sqlite3 no_vertica no_ydb"


def dbmate() -> Path:
    """Raises HarnessError, as all of these, where it cannot be had."""
    return _made("dbmate", DBMATE.version, lambda folder: unpack(DBMATE, folder)) / "bin" / "dbmate"


def goose() -> Path:
    """With the driver of PostgreSQL alone."""
    return _installed("goose", f"github.com/pressly/goose/v3/cmd/goose@{GOOSE}", GOOSE, _OTHER_DATABASES)


def golang_migrate() -> Path:
    """With the driver of PostgreSQL alone."""
    module = f"github.com/golang-migrate/migrate/v4/cmd/migrate@{GOLANG_MIGRATE}"
    return _installed("migrate", module, GOLANG_MIGRATE, "postgres")


def psql() -> Path:
    """That of this machine."""
    found = shutil.which("psql")
    if found is None:
        raise MissingRequirement("The program `psql` is not on this machine.")
    return Path(found)


def flyway() -> Path:
    """Its command line, run by the Java of this machine."""

    def fetch(folder: Path) -> None:
        artifact = f"org.flywaydb:flyway-commandline:{FLYWAY}:tar.gz"
        plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
        run(["mvn", "-q", "-B", plugin, f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"])
        archive = next(folder.glob("*.tar.gz"))
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        archive.unlink()

    return _made("flyway", FLYWAY, fetch) / f"flyway-{FLYWAY}" / "flyway"


def prisma() -> Path:
    """The folder of a program that runs Prisma's engine."""

    def install(folder: Path) -> None:
        for file in PRISMA.iterdir():
            shutil.copy(file, folder)
        run(["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)

    return _made("prisma-engine", content_key(files=sorted(PRISMA.iterdir())), install)


def _installed(program: str, module: str, version: str, tags: str) -> Path:
    def build(folder: Path) -> None:
        run(["go", "install", "-tags", tags, module], env={"GOBIN": str(folder), "CGO_ENABLED": "0"})

    return _made(f"peer-{program}", version, build) / program


def _made(name: str, key: str, make: Callable[[Path], None]) -> Path:
    return Cache(cache_root()).found_or_made(name, key, make)
