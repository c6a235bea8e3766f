"""Sessions: how they are made, what they refuse, what their errors say and do not say."""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from dbmigrations.api.spec import SecretKeys, TlsMode
from dbmigrations.postgres.connection import Session, SessionSettings
from dbmigrations.postgres.credentials import SecretDefaults, from_secret
from dbmigrations.postgres.errors import (
    AuthenticationError,
    ConnectionUnsuitableError,
    EngineError,
    PrivilegesMissingError,
    StatementError,
    UnavailableError,
)
from dbmigrations.postgres.url import parse_url
from tests.engine.databases import CANARY, applier
from tests.engine.pooler import Pooler
from tests.engine.releases import migration

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.databases import Database


def test_a_password_of_any_characters_logs_in(database: Database) -> None:
    with database.session(where=database.by_password()) as session:
        assert session.one("SELECT current_user") == (database.owner,)


def test_the_same_password_logs_in_from_a_percent_encoded_url(database: Database) -> None:
    url = database.server.url(database.name, database.owner, CANARY)
    with database.session(where=parse_url(f"{url}?schema=public&pgbouncer=true&connection_limit=1")) as session:
        assert session.one("SELECT current_database()") == (database.name,)


def test_the_keys_of_a_mounted_secret_log_in(database: Database, tmp_path: Path) -> None:
    keys = {
        "host": "127.0.0.1",
        "port": str(database.server.port),
        "dbname": database.name,
        "username": database.owner,
        "password": CANARY,
    }
    for key, value in keys.items():
        (tmp_path / key).write_text(f"{value}\n")
    where = from_secret(tmp_path, SecretKeys(), SecretDefaults(tls_mode=TlsMode.PREFER))
    with database.session(where=where) as session:
        assert session.one("SELECT current_user") == (database.owner,)


def test_a_refused_login_says_so_without_the_password(
    database: Database, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = CANARY + "x"
    with caplog.at_level(logging.DEBUG), pytest.raises(AuthenticationError) as caught:
        database.session(where=database.by_password(wrong))
    said = f"{caught.value!r} {caught.value.__cause__!r} {caplog.text} {''.join(capfd.readouterr())}"
    assert "password authentication failed" in said
    assert database.owner in said
    assert CANARY not in said


def test_a_server_that_asks_for_a_password_where_none_is_given_is_told_so(database: Database) -> None:
    with pytest.raises(AuthenticationError, match=r"asks for the password of .*, and none is given"):
        database.session(where=database.by_password(""))


def test_a_missing_database_is_waited_for(database: Database) -> None:
    with pytest.raises(AuthenticationError, match='database "nowhere" does not exist'):
        database.session(where=database.where(dbname="nowhere"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": "127.0.0.1", "port": "1"}, "nothing listens there"),
        ({"host": "no-such-host.invalid"}, "name cannot be resolved"),
        ({"host": "/nowhere"}, "no socket of a server"),
        ({"host": "127.0.0.1", "sslmode": "require"}, "no TLS connection"),
        ({"host": "127.0.0.1", "port": "99999"}, "its port is none from 1 to 65535"),
        ({"host": "::1", "port": "1"}, r"@\[::1\]:1/"),
    ],
)
def test_an_unreachable_server_is_waited_for_and_the_error_says_why(
    database: Database, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(UnavailableError, match=words):
        database.session(where=database.where(**changes))


def test_a_server_without_free_connections_is_waited_for(database: Database) -> None:
    database.run(f"ALTER ROLE {database.owner} CONNECTION LIMIT 0")
    with pytest.raises(UnavailableError, match="too many connections for role"):
        database.session()


def test_a_read_only_database_is_unsuitable(database: Database) -> None:
    database.run(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    with pytest.raises(ConnectionUnsuitableError, match="default_transaction_read_only"):
        database.session()


def test_a_role_that_cannot_be_set_is_told(database: Database) -> None:
    other = database.role()
    with pytest.raises(PrivilegesMissingError, match=f"cannot SET ROLE {other}"):
        database.session(role=other)


def test_a_session_is_set_up_as_told(database: Database) -> None:
    database.run('CREATE SCHEMA "my app"', user=database.owner)
    with database.session(
        application_name="dbmigrate prod/shop Data",
        schema="my app",
        row_security=False,
        lock_timeout=0.25,
        statement_timeout=90,
    ) as session:
        names = ("application_name", "search_path", "row_security", "lock_timeout", "statement_timeout")
        values = [session.one("SELECT current_setting(%s)", (name,))[0] for name in names]
        assert values == ["dbmigrate prod/shop Data", '"my app", public', "off", "250ms", "90s"]
        assert session.one("SELECT current_setting('client_connection_check_interval')") == ("1s",)


def test_before_the_applications_schema_exists_nothing_lands_in_public(database: Database) -> None:
    with database.session(schema="app") as session:
        with pytest.raises(StatementError, match="no schema has been selected"):
            session.send("CREATE TABLE t (id int)")
        session.send("CREATE SCHEMA app")
        session.reset()
        session.send("CREATE TABLE t (id int)")
    assert database.value("SELECT to_regclass('app.t') IS NOT NULL")


def test_a_transaction_ends_rolled_back_when_its_block_fails(database: Database) -> None:
    with database.session() as session:
        with pytest.raises(StatementError), session.transaction():
            session.send("CREATE TABLE t (id int); SELECT 1 / 0")
        assert not session.in_transaction
        assert session.one("SELECT to_regclass('t') IS NULL") == (True,)


def test_names_with_a_percent_sign_are_just_names(database: Database) -> None:
    with database.session() as session:
        query = sql.SQL("SELECT %s AS {}").format(sql.Identifier("100%s"))
        assert session.record(query, (1,)) == {"100%s": 1}


@pytest.mark.parametrize("size", [1, 5])
def test_a_pooler_in_transaction_mode_is_unsuitable(database: Database, size: int) -> None:
    with (
        Pooler(database, "transaction", size) as pooler,
        pytest.raises(ConnectionUnsuitableError, match="pooler in transaction mode"),
    ):
        Session.open(pooler.where(), SessionSettings("dbmigrate test"))


@pytest.mark.parametrize("size", [1, 5])
def test_a_pooler_in_statement_mode_is_unsuitable(database: Database, size: int) -> None:
    with (
        Pooler(database, "statement", size) as pooler,
        pytest.raises(ConnectionUnsuitableError, match=r"in statement mode: .*pool in session mode"),
    ):
        Session.open(pooler.where(), SessionSettings("dbmigrate test"))


@pytest.mark.parametrize("size", [1, 5])
def test_a_pooler_in_session_mode_carries_a_migration(database: Database, size: int) -> None:
    with (
        Pooler(database, "session", size) as pooler,
        Session.open(pooler.where(), SessionSettings("dbmigrate test")) as session,
    ):
        applier(session, database.tables).up(migration("a", "CREATE TABLE t (id int);"))
    assert database.value("SELECT to_regclass('t') IS NOT NULL")


@pytest.mark.every_major
def test_a_peer_that_vanished_is_noticed_on_both_ends(database: Database) -> None:
    with database.session(where=database.by_password()) as session:
        ours = socket.socket(fileno=os.dup(session.connection.fileno()))
        with ours:
            assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        for name, value in {
            "tcp_keepalives_idle": "15",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
            "tcp_user_timeout": "30000",
            "client_connection_check_interval": "1s",
        }.items():
            assert session.one("SELECT current_setting(%s)", (name,)) == (value,)


def test_what_the_environment_of_this_process_says_of_passwords_is_not_repeated(database: Database) -> None:
    os.environ["PGPASSWORD"] = CANARY
    try:
        with pytest.raises(EngineError) as caught:
            database.session(where=database.where(host="127.0.0.1", user="nobody_at_all"))
        assert CANARY not in str(caught.value)
    finally:
        del os.environ["PGPASSWORD"]
