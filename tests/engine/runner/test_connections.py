"""Every way in which libpq's programs find a database, against a real server with TLS and on IPv6."""

from __future__ import annotations

import os
import string
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from psycopg import sql

from tests.engine.runner.program import Laptop
from tests.harness.certificates import Identity, write_certificates
from tests.harness.console import Console
from tests.harness.postgres import Server, start_server
from tests.harness.postgres_binaries import ensure_binaries, majors_to_test

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRINTABLE = string.printable.strip() + " pä€日本 \u00f1"
"""Every printable character of ASCII, with spaces within, and some that are not ASCII."""
USER, DATABASE = "o'wn er@x", "data base/%"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server with a certificate for `localhost`, and the folder of its authority (`ca.crt`)."""
    folder = tmp_path_factory.mktemp("certificates")
    write_certificates(folder, [Identity("server", "localhost", addresses=["localhost"])])
    settings = {"listen_addresses": "127.0.0.1,::1"}
    running = start_server(ensure_binaries(majors_to_test()[-1], Console()), settings=settings)
    try:
        for name in ("server.crt", "server.key"):
            target = running.data / name
            target.write_bytes((folder / name).read_bytes())
            target.chmod(0o600)
            owner = running.data.stat()
            os.chown(target, owner.st_uid, owner.st_gid)
        with (running.data / "pg_hba.conf").open("a") as access:
            access.write("host all all ::1/128 scram-sha-256\n")
        with running.connect() as connection:
            for setting in ("ssl_cert_file = 'server.crt'", "ssl_key_file = 'server.key'", "ssl = on"):
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            role, secret = sql.Identifier(USER), sql.Literal(PRINTABLE)
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, secret))
        running.create_database(DATABASE, owner=USER)
        running.restart()
        yield running, folder
    finally:
        running.stop()


@pytest.fixture
def shell(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path, "")


def url(server: Server, host: str = "127.0.0.1", query: str = "", password: str = PRINTABLE) -> str:
    login = f"{quote(USER, safe='')}:{quote(password, safe='')}"
    return f"postgresql://{login}@{host}:{server.port}/{quote(DATABASE, safe='')}{query}"


def environment(server: Server, **changes: str) -> dict[str, str]:
    return {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": USER,
        "PGDATABASE": DATABASE,
        "PGPASSWORD": PRINTABLE,
        **changes,
    }


def answers(folder: Path, variables: dict[str, str], *words: str) -> None:
    with Laptop(folder, "", variables).started("version", "--json", *words) as process:
        ran = Laptop(folder, "").end(process)
    assert ran.code == 0, ran.all
    assert PRINTABLE not in ran.all


def test_a_password_of_every_character_passes_in_a_url_and_in_variables(
    tls: tuple[Server, Path], tmp_path: Path
) -> None:
    server, _ = tls
    answers(tmp_path, {}, "--url", url(server))
    answers(tmp_path, {"DATABASE_URL": url(server)})
    answers(tmp_path, environment(server))


def test_the_option_comes_before_the_url_of_the_environment_and_that_before_variables(
    tls: tuple[Server, Path], tmp_path: Path
) -> None:
    server, _ = tls
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    answers(tmp_path, {"DATABASE_URL": nowhere, **environment(server, PGPORT="1")}, "--url", url(server))
    answers(tmp_path, {"DATABASE_URL": url(server), **environment(server, PGPORT="1")})


def test_variables_fill_what_a_url_leaves_open(tls: tuple[Server, Path], tmp_path: Path) -> None:
    server, _ = tls
    open_url = f"postgresql://{quote(USER, safe='')}@127.0.0.1/{quote(DATABASE, safe='')}"
    answers(tmp_path, {"DATABASE_URL": open_url, "PGPORT": str(server.port), "PGPASSWORD": PRINTABLE})


@pytest.mark.parametrize("by", ["PGSERVICE", "url"])
def test_a_service_file_names_the_database_before_variables_do(
    tls: tuple[Server, Path], tmp_path: Path, by: str
) -> None:
    server, _ = tls
    services = tmp_path / "services.conf"
    lines = {"host": "127.0.0.1", "port": str(server.port), "user": USER, "dbname": DATABASE, "password": PRINTABLE}
    services.write_text("[shop]\n" + "".join(f"{key}={value}\n" for key, value in lines.items()))
    variables = {"PGSERVICEFILE": str(services), "PGPORT": "1"}
    if by == "url":
        answers(tmp_path, {**variables, "DATABASE_URL": "postgresql://?service=shop"})
    else:
        answers(tmp_path, {**variables, "PGSERVICE": "shop"})


def test_a_service_that_is_not_there_is_named_as_the_cause(shell: Laptop, tmp_path: Path) -> None:
    (tmp_path / "services.conf").write_text("[other]\nhost=x\n")
    variables = {"PGSERVICE": "shop", "PGSERVICEFILE": str(tmp_path / "services.conf")}
    with Laptop(shell.folder, "", variables).started("version") as process:
        ran = shell.end(process)
    assert ran.code == 30, ran.all
    assert "cannot connect to the service 'shop': it stands in no service file" in ran.err
    (tmp_path / "services.conf").write_text("[shop]\nhots=x\n")
    with Laptop(shell.folder, "", variables).started("version") as process:
        ran = shell.end(process)
    assert "cannot connect to the service 'shop': its service file has an error in it" in ran.err


def test_the_password_file_is_read(tls: tuple[Server, Path], tmp_path: Path) -> None:
    server, _ = tls
    file = tmp_path / "pgpass"
    words = ("127.0.0.1", str(server.port), DATABASE, USER, PRINTABLE)
    file.write_text(":".join(word.replace("\\", "\\\\").replace(":", "\\:") for word in words) + "\n")
    file.chmod(0o600)
    variables = environment(server, PGPASSFILE=str(file))
    del variables["PGPASSWORD"]
    answers(tmp_path, variables)
    answers(tmp_path, {"DATABASE_URL": url(server, password=""), "PGPASSFILE": str(file)})


def test_a_socket_and_ipv6_are_addresses_too(tls: tuple[Server, Path], tmp_path: Path) -> None:
    server, _ = tls
    answers(tmp_path, {"DATABASE_URL": url(server, quote(str(server.folder), safe=""))})
    answers(tmp_path, environment(server, PGHOST=str(server.folder)))
    answers(tmp_path, {"DATABASE_URL": url(server, "[::1]")})
    answers(tmp_path, environment(server, PGHOST="::1"))


def test_a_certificate_is_checked_against_its_authority_and_its_name(tls: tuple[Server, Path], tmp_path: Path) -> None:
    server, folder = tls
    checked = f"?sslmode=verify-full&sslrootcert={quote(str(folder / 'ca.crt'), safe='')}"
    answers(tmp_path, {"DATABASE_URL": url(server, "localhost", checked)})
    answers(
        tmp_path,
        environment(server, PGHOST="localhost", PGSSLMODE="verify-full", PGSSLROOTCERT=str(folder / "ca.crt")),
    )
    write_certificates(tmp_path / "stranger", [])
    stranger = f"?sslmode=verify-full&sslrootcert={quote(str(tmp_path / 'stranger/ca.crt'), safe='')}"
    nowhere = "?sslmode=verify-full&sslrootcert=/nowhere/ca.crt"
    for refused, why in (
        (url(server, "localhost", stranger), "its TLS certificate is not trusted"),
        (url(server, "127.0.0.1", checked), "its TLS certificate is for another host name"),
        (url(server, "localhost", nowhere), "the certificates to check its own with cannot be read"),
    ):
        with Laptop(tmp_path, refused).started("version") as process:
            ran = Laptop(tmp_path, "").end(process)
        assert (ran.code, why in ran.err) == (30, True), ran.all
        assert PRINTABLE not in ran.all
