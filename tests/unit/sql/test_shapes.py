"""What is shown of other sessions' queries holds none of their data."""

from __future__ import annotations

import pytest

from dbmigrations.postgres.sql.shape import shape_of


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("SELECT * FROM t1 WHERE id = 42;", "SELECT * FROM t1 WHERE id = ?"),
        ("UPDATE t SET card = '4111 1111', n = -1.5e3, m = .5", "UPDATE t SET card = ?, n = -?, m = ?"),
        ("SELECT E'it\\'s', $$secret$$, $a$s$a$ -- 12\n, 1", "SELECT ?, ?, ? , ?"),
        ("INSERT INTO t VALUES ('cut off in the mid", "INSERT INTO t VALUES (?"),
        ('/* 4111 */ LOCK\n\tTABLE  "My 1", col_2', 'LOCK TABLE "My 1", col_2'),
        ("", ""),
    ],
)
def test_constants_and_comments_are_gone(query: str, shape: str) -> None:
    assert shape_of(query) == shape


def test_it_is_cut_to_a_line() -> None:
    assert shape_of("SELECT " + "a, " * 100, limit=20) == "SELECT a, a, a, a, …"
