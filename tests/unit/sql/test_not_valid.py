"""What `allow=not-valid` is about, and where it would say nothing."""

import pytest

from dbmigrations.postgres.sql.script import read
from dbmigrations.postgres.unvalidated import vain

SAID = "-- migrate: allow=not-valid reason=rows of old\n"
ADD = "ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0) NOT VALID;\n"


@pytest.mark.parametrize(
    "script",
    [
        SAID + ADD,
        f"CREATE TABLE u (n int);\n{SAID}{ADD}",
        f"{SAID}CREATE TABLE u (n int);\n{ADD}",  # of the whole file
        f"{SAID}ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID;",
        ADD,
        "",
    ],
)
def test_what_counts_is_no_fault(script: str) -> None:
    assert list(vain(read(script))) == []


@pytest.mark.parametrize(
    ("script", "line", "why"),
    [
        (f"{SAID}ALTER TABLE t ADD CHECK (n > 0) NOT VALID;", 2, "needs a name"),
        (f"{SAID}ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0);", 2, "before nothing that adds a constraint NOT VALID"),
        (f"SELECT 1;\n{SAID}SELECT 2;\n{ADD}", 3, "before nothing"),
        (f"{SAID}SELECT 1;\nSELECT 2;\n", 2, "before nothing"),
    ],
)
def test_what_would_not_count_is_told_at_its_statement(script: str, line: int, why: str) -> None:
    ((statement, said, remedy),) = vain(read(script))
    assert statement.position.line == line
    assert why in said
    assert remedy
