"""What is decided by the kind of a statement alone says nothing else than what a whole review would say."""

import pytest

from dbmigrations.postgres.lock_bounds import LockBounds
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.brief import lasting
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.operations import Operation
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read
from tests.engine.operations.cases import cases

CASES = cases(18)


def is_patient(operations: tuple[Operation, ...]) -> bool:
    """Whether a statement that does this may wait for locks as long as it takes."""
    known = all(each.operation_class is not OperationClass.UNKNOWN for each in operations)
    bounded = any(each.lock_timeout for each in operations)
    return known and not bounded and any(each.lock is not None for each in operations)


@pytest.mark.parametrize("case", CASES)
def test_what_may_wait_is_not_bounded_by_a_shortcut(case: str) -> None:
    script = read(case)
    review = review_script(script, Batch.of("public"))
    patient = [is_patient(operations) for operations in review.operations]
    told = LockBounds.of(script, "public").bounded
    assert [bounded is False for bounded in told] == (patient if "lock_timeout" not in case else [False] * len(patient))


@pytest.mark.parametrize("case", CASES)
def test_what_is_over_in_a_moment_reads_and_writes_no_rows_that_exist(case: str) -> None:
    script = read(case)
    review = review_script(script, Batch.of("public"))
    lasts = lasting(script.statements)
    for n, operations in enumerate(review.operations):
        if n not in lasts:
            assert not [each for each in operations if each.work.takes_long]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("CREATE TABLE a (n int); CREATE INDEX ON a (n); ALTER TABLE a ADD CHECK (n > 0); GRANT SELECT ON a TO b", ()),
        ("CREATE INDEX ON a (id); CREATE INDEX ON b (id)", (0, 1)),
        ("CREATE TABLE s.a (id int); CREATE INDEX ON t.a (id)", (1,)),
        ("ALTER TABLE a ADD COLUMN n int, ADD COLUMN m text NOT NULL DEFAULT 'x'", ()),
        ("ALTER TABLE a ADD COLUMN n int, ADD COLUMN m uuid DEFAULT gen_random_uuid()", (0,)),
        ("ALTER TABLE a ADD COLUMN n serial", (0,)),
        ("ALTER TABLE a ADD CONSTRAINT c CHECK (n > 0) NOT VALID; ALTER TABLE a VALIDATE CONSTRAINT c", (1,)),
        ("CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)", (0,)),
        ("CREATE TABLE a (id int); UPDATE b SET id = 1; SELECT 1; DO $$ BEGIN NULL; END $$", (1, 2, 3)),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; this is no SQL", (1,)),
        ("", ()),
    ],
)
def test_which_statements_may_last(script: str, expected: tuple[int, ...]) -> None:
    assert lasting(read(script).statements) == expected
