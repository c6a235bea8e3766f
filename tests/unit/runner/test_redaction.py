"""No secret that this process knows leaves it in any form."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest

from dbmigrations.postgres.settings import Secret
from dbmigrations.runner.report.redaction import Redactor

CANARY = "p@ss/w%rd#1: 'two'"


@pytest.fixture
def redactor() -> Redactor:
    made = Redactor()
    made.hide(Secret(CANARY), unless=("shop", "db.example"))
    return made


@pytest.mark.parametrize(
    "form",
    [CANARY, quote(CANARY), quote(CANARY, safe=""), quote_plus(CANARY), CANARY.replace("'", "''")],
    ids=["plain", "quoted", "quoted-all", "quoted-plus", "in-sql"],
)
def test_a_secret_is_hidden_in_every_form_it_is_written_in(redactor: Redactor, form: str) -> None:
    cleaned = redactor.clean(f"before {form} after")
    assert cleaned == "before ******** after"


def test_a_password_in_sql_is_hidden_though_nobody_knew_it(redactor: Redactor) -> None:
    assert "hunter2" not in redactor.clean("ALTER ROLE shop PASSWORD 'hunter2'")


def test_what_is_no_secret_stays(redactor: Redactor) -> None:
    assert redactor.clean("shop@db.example/shop") == "shop@db.example/shop"


@pytest.mark.parametrize("password", ["", "abc"])
def test_a_password_too_short_to_hide_does_not_make_texts_unreadable(password: str) -> None:
    redactor = Redactor()
    redactor.hide(Secret(password))
    assert redactor.clean("abc and more") == "abc and more"


def test_a_password_equal_to_the_user_does_not_hide_the_user() -> None:
    redactor = Redactor()
    redactor.hide(Secret("postgres"), unless=("postgres", "shop", "localhost"))
    assert redactor.clean("postgres@localhost/shop") == "postgres@localhost/shop"


def test_a_secret_shows_itself_nowhere_but_by_name() -> None:
    secret = Secret(CANARY)
    assert CANARY not in f"{secret} {secret!r} {secret!s} {[secret]}"
    assert secret.get_secret_value() == CANARY
