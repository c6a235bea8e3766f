"""Statements that fail at every run, or would let the migration lock go, are refused before any."""

from __future__ import annotations

import pytest

from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.script import read
from dbmigrations.postgres.sql.transactions import execution_plan


@pytest.mark.parametrize(
    ("statement", "remedy"),
    [
        ("COPY t TO STDOUT", "remove it"),
        ("COPY (SELECT 1) TO STDOUT (FORMAT csv)", "remove it"),
        ("DISCARD ALL", "RESET ALL"),
        ("SELECT pg_advisory_unlock_all()", "pg_advisory_unlock(key)"),
        ("SELECT pg_catalog.PG_ADVISORY_UNLOCK_ALL() FROM t", "pg_advisory_unlock(key)"),
    ],
)
def test_it_is_refused_at_its_place_with_what_to_write(statement: str, remedy: str) -> None:
    with pytest.raises(SqlInvalidError) as caught:
        execution_plan(read(f"SELECT 1;\n  {statement};\n"))
    assert (caught.value.position.line, caught.value.position.column) == (2, 3)
    assert remedy in caught.value.message


@pytest.mark.parametrize(
    "statement",
    [
        "COPY t TO '/tmp/t'",
        "COPY t TO PROGRAM 'cat'",
        "DISCARD TEMP",
        "SELECT pg_advisory_unlock(1)",
        "SELECT 'pg_advisory_unlock_all'",
        "COPY t FROM STDIN;\n1\n\\.\nSELECT 1",
    ],
)
def test_what_only_looks_like_it_is_not(statement: str) -> None:
    assert execution_plan(read(f"{statement};\n")).units
