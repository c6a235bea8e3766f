"""Passwords do not leave a script by way of a log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.postgres.sql.redact import redact, redact_around

CANARY = "c@n/a%r#y: x"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE ROLE a LOGIN PASSWORD '{}' VALID UNTIL 'infinity'",
        "alter user a with encrypted password E'{}'",
        "ALTER ROLE a PASSWORD /* new */ '{}'",
        "ALTER ROLE a PASSWORD $x${}$x$",
        "ALTER ROLE a PASSWORD '{}",
        "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'b', password '{}')",
        "ALTER USER MAPPING FOR a SERVER s OPTIONS (SET password '{}')",
        "CREATE SUBSCRIPTION s CONNECTION 'host=h user=u password=''{}'' dbname=d' PUBLICATION p",
        "CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:{}@host/d' PUBLICATION p",
        "DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''{}'''; END $$",
        r"DO $$ BEGIN EXECUTE E'ALTER ROLE a PASSWORD \'{}\''; END $$",
        "DO $$ BEGIN EXECUTE format('ALTER ROLE a PASSWORD %L', '{}'); END $$",
        "DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ' || quote_literal('{}'); END $$",
        "CREATE FUNCTION f() RETURNS void AS $body$ ALTER ROLE a PASSWORD '{}' $body$ LANGUAGE sql",
        "UPDATE users SET password = '{}', name = 'b'",
        "UPDATE users SET \"password\" = '{}'",
        "SELECT set_password(password => '{}')",
        "INSERT INTO users VALUES (crypt('{}', gen_salt('bf')))",
        "-- ALTER ROLE a PASSWORD '{}'\nSELECT 1",
        "/* ALTER ROLE a PASSWORD '{}' */ SELECT 1",
        "ALTER ROLE a garbage ( PASSWORD '{}' ';",
    ],
)
def test_a_password_in_sql_is_hidden_and_the_rest_stays(statement: str) -> None:
    hidden = redact(statement.format(CANARY))
    assert hidden == statement.format("********")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("SELECT dblink_connect('host=h password=s3cr3t dbname=d')",
         "SELECT dblink_connect('host=h password=******** dbname=d')"),
        ("could not reach postgresql://u:p@ss:w/@host:5432/d", "could not reach postgresql://u:********@host:5432/d"),
        ("postgres://host/d?user=u&password=s3cr3t&sslmode=require",
         "postgres://host/d?user=u&password=********&sslmode=require"),
        ("ALTER ROLE a PASSWORD NULL; SELECT 'shown'", "ALTER ROLE a PASSWORD NULL; SELECT 'shown'"),
        ("SELECT 'shown' FROM passwords", "SELECT 'shown' FROM passwords"),
        ("INSERT INTO t (password) VALUES (1); SELECT 'shown'", "INSERT INTO t (password) VALUES (1); SELECT 'shown'"),
        ("see https://host:5432/path, a@b", "see https://host:5432/path, a@b"),
    ],
)  # fmt: skip
def test_connection_strings_lose_their_password_and_other_texts_stay(text: str, hidden: str) -> None:
    assert redact(text) == hidden


_PIECES = st.lists(
    st.sampled_from(
        [
            "PASSWORD ",
            "password=",
            "'",
            "''",
            "x",
            "://a:",
            "@",
            "$$",
            "$a$",
            "E'",
            "\\",
            " ",
            "\n",
            "--",
            "/*",
            ";",
            "(",
            "%L",
        ]
    ),
    max_size=30,
).map("".join)


@given(_PIECES, st.integers(0, 80))
def test_any_text_is_redacted_and_a_place_stays_in_it(text: str, offset: int) -> None:
    offset = min(offset, len(text))
    hidden, moved = redact_around(text, offset)
    assert 0 <= moved <= len(hidden)
    assert redact_around(text, len(text))[1] == len(hidden)
