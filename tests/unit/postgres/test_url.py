"""Connection URLs: taken apart, Prisma's parameters applied, nothing of a malformed one repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.postgres.errors import CredentialsMissingError
from dbmigrations.postgres.url import parse_url

if TYPE_CHECKING:
    from dbmigrations.postgres.settings import ConnectionSettings

CANARY = "c@n/a%r#y: p'w\\d"


def password_of(settings: ConnectionSettings) -> str:
    return settings.password.get_secret_value()


def test_a_url_has_all_its_parts() -> None:
    found = parse_url("postgresql://ann:s3cret@db.example:6432/shop?sslmode=require&connect_timeout=7")
    assert (found.user, password_of(found), found.host, found.port, found.dbname) == (
        "ann",
        "s3cret",
        "db.example",
        "6432",
        "shop",
    )
    assert (found.sslmode, found.connect_timeout) == ("require", 7)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_a_percent_encoded_password_comes_back_whole(password: str) -> None:
    assert password_of(parse_url(f"postgres://ann:{quote(password, safe='')}@db/shop")) == password


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgres://db/shop", "db", ""),
        ("postgres:///shop", "", ""),
        ("postgres://[::1]:5433/shop", "::1", "5433"),
        ("postgres://[fe80::1]/shop", "fe80::1", ""),
        ("postgres://a:1,b:2/shop", "a,b", "1,2"),
        ("postgres://%2Fvar%2Frun/shop", "/var/run", ""),
        ("postgres:///shop?host=/var/run&port=5433", "/var/run", "5433"),
    ],
)
def test_hosts_of_every_kind_are_read(url: str, host: str, port: str) -> None:
    found = parse_url(url)
    assert (found.host, found.port) == (host, port)


def test_prismas_parameters_are_applied_or_taken_off() -> None:
    found = parse_url(
        "postgresql://ann:x@db/shop?schema=app&pgbouncer=true&connection_limit=1&pool_timeout=5&sslaccept=strict"
    )
    assert found.schema == "app"
    assert (found.sslmode, found.sslrootcert) == ("verify-full", "system")
    assert set(found.parameters()) == {
        "user",
        "password",
        "host",
        "dbname",
        "sslmode",
        "sslrootcert",
        "connect_timeout",
    }


def test_prismas_sslcert_is_the_authority_and_libpqs_needs_a_key() -> None:
    prismas = parse_url("postgresql://ann:x@db/shop?sslcert=/ca.pem&sslaccept=strict")
    assert (prismas.sslrootcert, prismas.extra) == ("/ca.pem", {})
    libpqs = parse_url("postgresql://ann:x@db/shop?sslcert=/me.pem&sslkey=/me.key&sslrootcert=/ca.pem")
    assert (libpqs.sslrootcert, libpqs.extra) == ("/ca.pem", {"sslcert": "/me.pem", "sslkey": "/me.key"})


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:{CANARY}@db/shop",
        f"postgresql://ann:{CANARY}@db:5432/shop?schema=app",
        f"postgres://{CANARY}@db/shop",
        f"mysql://ann:{CANARY}@db/shop",
        "postgres://ann:%zz@db/shop",
        "postgres://ann:x@d!b/shop",
        "postgres://ann:x@db:port/shop",
        "postgres://ann:x@db/shop?secret=1",
        "postgres://ann:x@db/shop?schema",
        "postgres://ann:x@db/shop?connect_timeout=soon",
        "postgres://ann:x@db",
        "postgres://ann:%ff@db/shop",
        "postgres://ann:%00@db/shop",
        "postgres://ann:x@db/shop?sslidentity=/me.p12",
        "postgres://ann:x@db/shop?sslmode=bogus",
    ],
)
def test_a_malformed_url_is_refused_and_nothing_of_it_is_repeated(url: str) -> None:
    with pytest.raises(CredentialsMissingError) as caught:
        parse_url(url)
    said = str(caught.value)
    for piece in ("ann", "c@n", "n/a", "r#y", "p'w", "%zz", "d!b", "secret=", "x@db"):
        assert piece not in said
    assert caught.value.__cause__ is None


@given(st.text(max_size=80))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    try:
        found = parse_url(f"postgresql://{text}")
    except CredentialsMissingError:
        return
    assert found.dbname


def test_settings_never_show_the_password() -> None:
    settings = parse_url(f"postgresql://ann:{quote(CANARY, safe='')}@db/shop")
    assert CANARY not in f"{settings} {settings!r}"
    assert str(settings) == "ann@db/shop"
