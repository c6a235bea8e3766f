"""Which changes of a type keep the values."""

import pytest

from dbmigrations.postgres.sql.retyping import retyping_keeps_values


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("character varying(10)", "text"),
        ("character varying(10)", "varchar(20)"),
        ("character varying(10)", "character varying"),
        ("text", "varchar"),
        ("text", "TEXT"),
        ("citext", "text"),
        ("smallint", "integer"),
        ("integer", "int8"),
        ("integer", "text"),
        ("integer", "numeric"),
        ("integer", "numeric(12,2)"),
        ("integer[]", "bigint[]"),
        ("numeric(10,2)", "numeric(12,4)"),
        ("numeric(10,2)", "numeric"),
        ("real", "float8"),
        ("timestamp(3) without time zone", "timestamp"),
        ("bit varying(3)", "varbit(4)"),
        ("app.status", "app.status"),
    ],
)
def test_a_wider_type_keeps_every_value(old: str, new: str) -> None:
    assert retyping_keeps_values(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("text", "varchar(20)"),
        ("character varying", "varchar(20)"),
        ("character varying(20)", "varchar(10)"),
        ("bigint", "integer"),
        ("bigint", "numeric(12,2)"),
        ("integer", "varchar(5)"),
        ("integer", "real"),
        ("numeric(10,2)", "numeric(12,1)"),
        ("numeric(10,2)", "numeric(10,4)"),
        ("numeric", "numeric(10,2)"),
        ("double precision", "real"),
        ("timestamp without time zone", "timestamp with time zone"),
        ("timestamp without time zone", "timestamp(3)"),
        ("timestamp without time zone", "date"),
        ("interval", "interval(?)"),
        ("character(3)", "text"),
        ("text", "text[]"),
        ("text", "app.status"),
        ("jsonb", "json"),
        ("", "text"),
        ("text", "?"),
    ],
)
def test_any_other_change_may_lose_values(old: str, new: str) -> None:
    assert not retyping_keeps_values(old, new)
