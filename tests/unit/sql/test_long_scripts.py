"""Scripts of many statements: what is known of the batch grows, and no statement takes longer for it."""

from __future__ import annotations

import time

import pytest

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read

_SHORT, _LONG = 500, 4_000


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE t ADD COLUMN c{0} text;\n",
        "CREATE TABLE t{0} (id int);\n",
        "ALTER TABLE t{0} RENAME TO u{0};\n",
        "CREATE TYPE e{0} AS ENUM ('a');\n",
        "CREATE FUNCTION f{0}() RETURNS int LANGUAGE sql AS 'SELECT 1';\n",
        "CREATE SCHEMA s{0};\n",
    ],
)
def test_eight_times_as_many_statements_take_eight_times_as_long(statement: str) -> None:
    # Where each statement copies what is known, it is some fifty times.
    assert _seconds(statement, _LONG) < 20 * _seconds(statement, _SHORT)


def _seconds(statement: str, times: int) -> float:
    script = read("".join(statement.format(number) for number in range(times)))
    begin = time.process_time()
    review_script(script, Batch.of("public"))
    return time.process_time() - begin
