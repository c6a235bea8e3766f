"""Settings from a mounted Secret and from a laptop's environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.api.spec import SecretKeys, TlsMode
from dbmigrations.postgres.credentials import SecretDefaults, from_environment, from_secret
from dbmigrations.postgres.errors import CredentialsMissingError
from dbmigrations.postgres.url import parse_url

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "c@n/a%r#y: p'w\\d"


def secret(folder: Path, **keys: str) -> Path:
    for key, value in keys.items():
        (folder / key.replace("__", "-")).write_text(value)
    return folder


@pytest.mark.parametrize(
    "keys",
    [
        {"uri": "postgresql://ann:x@db:5432/shop", "username": "ann"},  # CloudNativePG
        {"host": "db", "port": "5432", "dbname": "shop", "user": "ann", "password": "x"},  # PGO
        {"DATABASE_URL": "postgres://ann:x@db:5432/shop?schema=public"},
        {"host": "db", "port": "5432", "database": "shop", "username": "ann", "postgres__password": "x"},  # Bitnami
    ],
)
def test_the_keys_of_the_usual_operators_are_found(tmp_path: Path, keys: dict[str, str]) -> None:
    found = from_secret(secret(tmp_path, **keys), SecretKeys(), SecretDefaults())
    assert (found.user, found.host, found.port, found.dbname) == ("ann", "db", "5432", "shop")
    assert found.password.get_secret_value() == "x"


def test_what_the_secret_leaves_open_the_resource_says(tmp_path: Path) -> None:  # Zalando
    folder = secret(tmp_path, username="ann", password=f"{CANARY}\n")
    found = from_secret(folder, SecretKeys(), SecretDefaults(host="db", port=6432, name="shop"))
    assert (found.host, found.port, found.dbname) == ("db", "6432", "shop")
    assert found.password.get_secret_value() == CANARY


def test_a_direct_url_is_preferred_to_a_pooled_one(tmp_path: Path) -> None:
    urls = {"pgbouncer-uri": "postgresql://ann:x@pool/shop", "uri": "postgresql://ann:x@direct/shop"}
    for key, value in urls.items():
        (tmp_path / key).write_text(value)
    assert from_secret(tmp_path, SecretKeys(), SecretDefaults()).host == "direct"


def test_remapped_keys_win_over_the_usual_ones(tmp_path: Path) -> None:
    folder = secret(tmp_path, host="wrong", HOST="db", dbname="shop", user="ann", password="x")
    assert from_secret(folder, SecretKeys(host="HOST"), SecretDefaults()).host == "db"


def test_a_missing_secret_names_the_keys_that_were_looked_for(tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissingError) as caught:
        from_secret(tmp_path / "nowhere", SecretKeys(), SecretDefaults())
    for key in ("uri", "DATABASE_URL", "dbname", "username"):
        assert key in str(caught.value)


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissingError, match="Secret shop-db is not there, or is empty: "):
        from_secret(tmp_path / "nowhere", SecretKeys(), SecretDefaults(secret="shop-db"))
    with pytest.raises(CredentialsMissingError, match=r"^Secret shop-db: the Secret gives no host"):
        from_secret(secret(tmp_path, user="ann"), SecretKeys(), SecretDefaults(secret="shop-db", name="shop"))


def test_a_remapped_key_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissingError, match="no key 'PASS' \\(for the password\\)"):
        from_secret(secret(tmp_path, user="ann"), SecretKeys(password="PASS"), SecretDefaults(host="db", name="shop"))


@pytest.mark.parametrize(
    ("asked", "in_url", "expected"),
    [
        (TlsMode.PREFER, "", "prefer"),
        (TlsMode.PREFER, "?sslmode=verify-full", "verify-full"),
        (TlsMode.VERIFY_FULL, "", "verify-full"),
        (TlsMode.VERIFY_FULL, "?sslmode=disable", "verify-full"),
        (TlsMode.DISABLE, "?sslmode=require", "disable"),
    ],
)
def test_the_resource_decides_on_tls_where_it_says_more_than_the_default(
    tmp_path: Path, asked: TlsMode, in_url: str, expected: str
) -> None:
    folder = secret(tmp_path, uri=f"postgresql://ann:x@db/shop{in_url}")
    found = from_secret(folder, SecretKeys(), SecretDefaults(tls_mode=asked, ca_file="/ca/ca.crt"))
    assert (found.sslmode, found.sslrootcert) == (expected, "/ca/ca.crt")


def test_a_laptop_takes_the_url_that_it_is_given_before_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"DATABASE_URL": "postgres://ann:x@two/shop", "PGHOST": "three"}
    assert from_environment(environment, "postgres://ann:x@one/shop").host == "one"
    assert from_environment(environment).host == "two"
    monkeypatch.setenv("PGHOST", "three")  # libpq itself reads the process's environment
    monkeypatch.setenv("PGPASSWORD", CANARY)
    found = from_environment({"PGHOST": "three"})
    assert (found.host, found.password.get_secret_value()) == ("three", CANARY)


def test_a_laptop_that_names_no_database_is_told_how_to() -> None:
    with pytest.raises(CredentialsMissingError, match="--url, DATABASE_URL, or PGHOST"):
        from_environment({})


def test_a_laptops_tls_mode_that_nobody_knows_is_told_with_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGSSLMODE", "bogus")
    with pytest.raises(CredentialsMissingError, match=r"PGSSLMODE .* is none of disable, .*, verify-full"):
        from_environment({"PGHOST": "three"})


def test_a_service_is_named_where_nothing_else_is_known_of_the_place() -> None:
    assert str(parse_url("postgresql://?service=shop")) == "the service 'shop'"
    assert str(parse_url("postgresql://db/shop?service=x")) == "db/shop"
