"""A throwaway database of a real server, and what tests ask of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import psycopg
from psycopg import sql

from dbmigrations.postgres import runs
from dbmigrations.postgres.apply import Applier
from dbmigrations.postgres.connection import Session, SessionSettings
from dbmigrations.postgres.lock import lock_key
from dbmigrations.postgres.records import Provenance
from dbmigrations.postgres.settings import ConnectionSettings, Secret
from dbmigrations.postgres.tables import Tables, install

if TYPE_CHECKING:
    from tests.harness.postgres import Server

CANARY = "c@n/a%r#y: p'w\\d"
"""A password with everything that breaks URLs, shells, password files and SQL."""


@dataclass(frozen=True)
class Database:
    """A database whose owner is an ordinary role: no superuser, no BYPASSRLS."""

    server: Server
    name: str
    owner: str
    tables: Tables = field(default_factory=Tables)

    def where(self, **changes: str) -> ConnectionSettings:
        """How its owner logs in, by the server's socket."""
        words = {
            "host": str(self.server.folder),
            "port": str(self.server.port),
            "dbname": self.name,
            "user": self.owner,
        }
        return ConnectionSettings(**(words | changes))  # type: ignore[arg-type]  # only texts are changed

    def by_password(self, password: str = CANARY) -> ConnectionSettings:
        """How its owner logs in by loopback, where the password counts."""
        return ConnectionSettings(
            host="127.0.0.1",
            port=str(self.server.port),
            dbname=self.name,
            user=self.owner,
            password=Secret(password),
        )

    def session(self, *, where: ConnectionSettings | None = None, **settings: object) -> Session:
        """A session as steps open it; use it as a context manager."""
        chosen = cast("dict[str, Any]", {"application_name": "dbmigrate test", **settings})
        return Session.open(where or self.where(), SessionSettings(**chosen))

    def connect(self, user: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """A bystander's connection: the superuser's unless told otherwise."""
        return self.server.connect(self.name, user=user)

    def run(self, *statements: str, user: str = "postgres") -> None:
        """Run statements as a bystander."""
        with self.connect(user) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def rows(self, query: str, user: str = "postgres") -> list[tuple[Any, ...]]:
        """What a bystander reads."""
        with self.connect(user) as connection:
            return connection.execute(query.encode()).fetchall()

    def value(self, query: str, user: str = "postgres") -> Any:  # noqa: ANN401
        """The only value of a query."""
        ((value,),) = self.rows(query, user)
        return value

    def role(self, *options: str, password: str = "") -> str:
        """A new login role of this server."""
        name = f"role_{uuid4().hex[:8]}"
        secret = sql.SQL(" PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("")
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN ").format(sql.Identifier(name))
                + sql.SQL(" ").join(sql.SQL(option) for option in options)
                + secret
            )
        return name


def new_run(**changes: object) -> runs.NewRun:
    """A run of a resource, changing, of nothing in particular."""
    values: dict[str, Any] = {
        "id": str(uuid4()),
        "owner": "cluster/shop/shop",
        "uid": "uid-1",
        "generation": 1,
        "trigger": "Spec",
        "target_version": "1.0.0",
        "direction": "Up",
        "base": [],
        "plan": [],
        "steps": [],
        "plan_hash": "sha256:0",
        "approved_plan": "",
        "changing": True,
    }
    return runs.NewRun(**(values | changes))


def begin_run(session: Session, tables: Tables, **changes: object) -> Provenance:
    """Install our tables, start a run, and say whose rows it writes."""
    install(session, tables, application_schema=session.settings.schema, runner_version="test")
    run = new_run(**changes)
    runs.start(session, tables, run)
    return Provenance(run=run.id, owner=run.owner, uid=run.uid, runner_version="test")


def applier(session: Session, tables: Tables, **changes: object) -> Applier:
    """Applies migrations for a run that was just started."""
    # A session that has just ended may hold it until its server process has.
    session.execute("SELECT pg_advisory_lock(%s, %s)", lock_key(tables))
    settings = {"application_schema": session.settings.schema, "wait": 20.0} | changes
    return Applier(session, tables, begin_run(session, tables), **settings)  # type: ignore[arg-type]
