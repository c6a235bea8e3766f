"""Which changes of a type keep the values."""

import pytest

from dbmigrations.postgres.sql.retyping import (
    retyping_cuts_at,
    retyping_keeps_values,
    retyping_loses_nothing,
    retyping_moves_in_utc,
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("character varying(10)", "text"),
        ("character varying(10)", "varchar(20)"),
        ("character varying(10)", "character varying"),
        ("text", "varchar"),
        ("text", "TEXT"),
        ("citext", "text"),
        ("public.citext", "text"),
        ("extensions.citext", "extensions.citext"),
        ("text", "extensions.citext"),
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


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bigint", "integer"),
        ("integer", "smallint"),
        ("bigint[]", "integer[]"),
        ("bigint", "numeric(12,2)"),
        ("numeric(10,2)", "numeric(5,2)"),
        ("numeric(10,0)", "integer"),
        ("uuid", "text"),
        ("jsonb", "text"),
        ("timestamp(3) without time zone", "varchar"),
        ("date", "timestamp(3)"),
        ("integer", "float8"),
        ("smallint", "real"),
        ("jsonb", "json"),
    ],
)
def test_what_does_not_fit_is_refused_and_not_lost(old: str, new: str) -> None:
    assert retyping_loses_nothing(old, new, is_cut=True, is_utc=False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("numeric(10,2)", "integer"),
        ("numeric(10,2)", "numeric(10,1)"),
        ("numeric", "numeric(10,2)"),
        ("bigint", "numeric(12,-2)"),
        ("bigint", "real"),
        ("double precision", "text"),
        ("double precision", "integer"),
        ("timestamp with time zone", "text"),
        ("timestamp without time zone", "date"),
        ("timestamp without time zone", "timestamp(3) with time zone"),
        ("text", "varchar(5)"),
        ("text", "app.status"),
        ("json", "jsonb"),
        ("app.status", "text"),
        ("uuid[]", "text[]"),
        ("uuid", "text[]"),
        ("?", "text"),
    ],
)
def test_what_is_rounded_or_read_in_another_way_may_be_lost(old: str, new: str) -> None:
    assert not retyping_loses_nothing(old, new, is_cut=False, is_utc=True)


def test_only_an_explicit_cast_cuts_what_is_written_out() -> None:
    assert retyping_loses_nothing("uuid", "varchar(10)", is_cut=False, is_utc=False)
    assert not retyping_loses_nothing("uuid", "varchar(10)", is_cut=True, is_utc=False)


def test_a_value_of_an_enumeration_is_its_text() -> None:
    assert retyping_loses_nothing("app.status", "text", is_cut=False, is_utc=False, of_enumeration=True)
    assert not retyping_loses_nothing("app.status", "integer", is_cut=False, is_utc=False, of_enumeration=True)
    assert not retyping_loses_nothing("app.status[]", "text", is_cut=False, is_utc=False, of_enumeration=True)


def test_timestamps_lose_nothing_in_utc_but_fractions() -> None:
    assert retyping_moves_in_utc("timestamp(3) without time zone", "timestamptz(3)")
    assert retyping_moves_in_utc("timestamp(3) with time zone", "timestamp")
    assert not retyping_moves_in_utc("timestamp without time zone", "timestamptz(3)")
    assert not retyping_moves_in_utc("timestamp with time zone", "timestamptz")
    assert retyping_loses_nothing("timestamp without time zone", "timestamptz", is_cut=True, is_utc=True)
    assert not retyping_loses_nothing("timestamp without time zone", "timestamptz", is_cut=True, is_utc=False)


def test_texts_are_cut_at_the_length_of_the_new_type() -> None:
    assert retyping_cuts_at("text", "varchar(5)") == 5
    assert retyping_cuts_at("character varying(10)", "character varying(5)") == 5
    assert retyping_cuts_at("text", "varchar") is None
    assert retyping_cuts_at("character(10)", "varchar(5)") is None
    assert retyping_cuts_at("text", "char(5)") is None
    assert retyping_cuts_at("text[]", "varchar(5)[]") is None
    assert retyping_cuts_at("text", "") is None
