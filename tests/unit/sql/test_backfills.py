"""What a backfill's file says, and where its batches go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read

if TYPE_CHECKING:
    from dbmigrations.postgres.sql.backfill import Backfill

HEAD = "-- migrate: backfill=orders key=id\n-- migrate: remaining=SELECT count(*) FROM orders WHERE a IS NULL\n"


def backfill(script: str) -> Backfill:
    found = read(script).backfill
    assert found is not None
    return found


def over(statement: str, head: str = HEAD) -> tuple[str, str]:
    found = backfill(head + statement)
    return found.qualifier, found.over("(?)")


def test_a_file_says_what_is_walked_and_how() -> None:
    found = backfill(
        '-- migrate: backfill=Shop."Or ders" key=account_id,"I d" batch=500 target=1.5s timeout=1m again=safe\n'
        "-- migrate: remaining=none\n"
        'UPDATE shop."Or ders" SET a = 1 WHERE :batch'
    )
    assert found.table == RelationName("shop", "Or ders")
    assert found.key == ("account_id", "I d")
    assert (found.batch, found.target, found.timeout, found.again) == (500, 1.5, 60.0, True)
    assert found.remaining == ""


def test_what_is_not_said_has_a_default() -> None:
    found = backfill(f"{HEAD}UPDATE orders SET a = 1 WHERE :batch")
    assert (found.batch, found.target, found.timeout, found.again) == (1000, None, None, False)
    assert found.remaining == "SELECT count(*) FROM orders WHERE a IS NULL"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE orders SET a = 1 WHERE :batch;", ("orders", "UPDATE orders SET a = 1 WHERE (?)")),
        ("DELETE FROM x.orders AS o WHERE(:batch)AND true", ("o", "DELETE FROM x.orders AS o WHERE((?))AND true")),
        (
            "UPDATE orders SET a = arr[1:batch], b = c::batch WHERE x AND :batch",
            ("orders", "UPDATE orders SET a = arr[1:batch], b = c::batch WHERE x AND (?)"),
        ),
        (
            "UPDATE orders SET a = ':batch', b = $$ WHERE :batch $$ WHERE /* :batch */ :batch",
            ("orders", "UPDATE orders SET a = ':batch', b = $$ WHERE :batch $$ WHERE /* :batch */ (?)"),
        ),
        (
            "INSERT INTO archive SELECT * FROM orders old JOIN names n USING (id) WHERE :batch",
            ("old", "INSERT INTO archive SELECT * FROM orders old JOIN names n USING (id) WHERE (?)"),
        ),
        (
            "UPDATE totals SET n = 0 WHERE id IN (SELECT id FROM orders WHERE :batch)",
            ("orders", "UPDATE totals SET n = 0 WHERE id IN (SELECT id FROM orders WHERE (?))"),
        ),
        (
            "SELECT JSON_OBJECT('k' :batch), f(id) FROM orders WHERE :batch",
            ("orders", "SELECT JSON_OBJECT('k' :batch), f(id) FROM orders WHERE (?)"),
        ),
    ],
)
def test_the_placeholder_is_found_where_a_condition_stands_and_nowhere_else(
    statement: str, expected: tuple[str, str]
) -> None:
    assert over(statement) == expected


def test_who_only_reads_sees_the_statement_over_all_rows_at_the_same_places() -> None:
    text = f"{HEAD}UPDATE orders SET a = 1 WHERE :batch AND b"
    script = read(text)
    (statement,) = script.statements
    assert statement.text == "UPDATE orders SET a = 1 WHERE (true) AND b"
    assert len(statement.text) == len("UPDATE orders SET a = 1 WHERE :batch AND b")
    review = review_script(script, Batch.of("public"))
    assert [each.operation_class for each in review.operations[0]] == [OperationClass.DATA]
    assert review.losses


def test_places_in_a_batch_are_places_in_the_file() -> None:
    found = backfill(f"{HEAD}UPDATE orders SET a = 1 WHERE :batch AND b")
    condition = "(a much longer condition)"
    text = found.over(condition)
    for word in ("orders", "1", "AND", "b"):
        there = found.position_in_statement(text.index(word, 1) + 1, condition) - 1
        assert found.statement.text[there:].startswith(word)
    inside = found.position_in_statement(text.index("longer") + 1, condition) - 1
    assert found.statement.text[inside:].startswith("(true)")


@pytest.mark.parametrize(
    ("script", "message", "place"),
    [
        ("UPDATE orders SET a = 1 WHERE :batch", "belongs to a backfill", "1:31"),
        ("-- migrate: key=id\nUPDATE orders SET a = 1", "write backfill=<table>", "1:13"),
        ("-- migrate: backfill=orders\nUPDATE orders SET a = 1 WHERE :batch", "needs its key", "1:13"),
        ("-- migrate: backfill=orders key=id\nUPDATE orders SET a = 1 WHERE :batch", "still to be done", "1:13"),
        ("-- migrate: backfill=a.b.c key=id\nUPDATE c SET a = 1 WHERE :batch", "backfill=orders", "1:13"),
        ("-- migrate: backfill=a,b key=id\nUPDATE c SET a = 1 WHERE :batch", "backfill=orders", "1:13"),
        ("-- migrate: backfill=a key=id,id\nUPDATE a SET a = 1 WHERE :batch", "each column once", "1:24"),
        ("-- migrate: backfill=a key=id,\nUPDATE a SET a = 1 WHERE :batch", "key=account_id,id", "1:24"),
        (f"{HEAD}-- migrate: batch=0\nUPDATE orders SET a = 1 WHERE :batch", "number of rows", "3:13"),
        (f"{HEAD}-- migrate: batch=1e3\nUPDATE orders SET a = 1 WHERE :batch", "number of rows", "3:13"),
        (f"{HEAD}-- migrate: target=0ms\nUPDATE orders SET a = 1 WHERE :batch", "a time such as", "3:13"),
        (f"{HEAD}-- migrate: timeout=soon\nUPDATE orders SET a = 1 WHERE :batch", "a time such as", "3:13"),
        (f"{HEAD}-- migrate: again=yes\nUPDATE orders SET a = 1 WHERE :batch", "again=safe", "3:13"),
        (f"{HEAD}-- migrate: tx=none\nUPDATE orders SET a = 1 WHERE :batch", "remove tx=", "1:13"),
        (
            "-- migrate: backfill=a key=id\n-- migrate: remaining=DELETE FROM a\nUPDATE a SET a = 1 WHERE :batch",
            "one query",
            "2:13",
        ),
        (HEAD, "one statement", "1:13"),
        (f"{HEAD}UPDATE orders SET a = 1 WHERE :batch;\nSELECT 1", "one statement", "4:1"),
        (f"{HEAD}UPDATE orders SET a = 1", "where its batches go", "3:1"),
        (f"{HEAD}UPDATE orders SET a = 1 WHERE NOT :batch", "where its batches go", "3:1"),
        (f"{HEAD}UPDATE orders SET a = 1 WHERE :batch AND :batch", "once", "3:42"),
        (f"{HEAD}UPDATE orders SET a = 1 WHERE :batch OR b", "joined to the others with AND", "3:31"),
        (f"{HEAD}UPDATE orders SET a = 1 WHERE NOT (:batch)", "joined to the others with AND", "3:36"),
        (f"{HEAD}UPDATE orders SET a = coalesce(:batch, true)", "make it a condition", "3:32"),
        (f"{HEAD}UPDATE others SET a = 1 WHERE :batch", "does not read orders", "3:31"),
        (f"{HEAD}UPDATE orders SET a = (SELECT 1 FROM orders o WHERE :batch)", "a subquery for a value", "3:53"),
        (f"{HEAD}INSERT INTO x SELECT 1 FROM orders a, orders b WHERE :batch", "twice", "3:54"),
        (f"{HEAD}CREATE TABLE x AS SELECT 1 FROM orders WHERE :batch", "a backfill is an UPDATE", "3:1"),
        (f"{HEAD}UPDATE orders SET a = WHERE :batch", "cannot be seen", "3:1"),
    ],
)
def test_a_backfill_that_cannot_be_one_is_an_error_at_its_place(script: str, message: str, place: str) -> None:
    with pytest.raises(SqlInvalidError, match=message) as caught:
        read(script)
    assert caught.value.position.reference == place
