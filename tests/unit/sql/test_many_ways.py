"""Routines that lead to each other in more ways than anybody can follow: what is told stays short and careful."""

from collections import Counter

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.looks import LIMIT
from dbmigrations.postgres.sql.operations import LockMode
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read
from tests.unit.sql.reviewing import losses, operations

_MANY = 16


def each_writes_to_all(tables: int) -> str:
    """Tables of which each has a trigger that writes to all others."""
    names = [f"t{number}" for number in range(tables)]
    script = "".join(f"CREATE TABLE {name} (a int); " for name in names)
    for name in names:
        writes = " ".join(f"INSERT INTO {other} VALUES (1);" for other in names if other != name)
        script += (
            f"CREATE FUNCTION f_{name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {writes} RETURN NEW; END$$; "
            f"CREATE TRIGGER g AFTER INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION f_{name}(); "
        )
    return script


def test_what_triggers_do_to_each_other_is_followed_so_far_and_is_unknown_beyond() -> None:
    found = operations(each_writes_to_all(_MANY), "INSERT INTO t0 VALUES (1)")
    unknown = [each for each in found if each.operation_class is OperationClass.UNKNOWN]
    assert any(f"more than {LIMIT} ways" in each.why for each in unknown)
    assert "unknown" in losses(each_writes_to_all(_MANY) + "INSERT INTO t0 VALUES (1)")


def test_the_next_statement_is_looked_into_anew() -> None:
    alone = "CREATE TABLE n (a int); CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'UPDATE u SET b = 2; SELECT 1'; "
    script = "INSERT INTO t0 VALUES (1); SELECT one()"
    assert losses(each_writes_to_all(_MANY), alone + script)[-1] == "unknown if u.b"


def test_the_next_statement_takes_the_lock_of_what_it_reads() -> None:
    peek = "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM u'; "
    script = read(each_writes_to_all(_MANY) + peek + "INSERT INTO t0 VALUES (1); SELECT peek()")
    assert review_script(script, Batch.of("public")).statements[-1].lock is LockMode.ACCESS_SHARE


def test_what_a_statement_does_in_several_ways_is_told_once() -> None:
    purge = "CREATE FUNCTION one(a int) RETURNS int LANGUAGE sql AS 'UPDATE u SET b = 2; SELECT 1'; "
    found = Counter((each.operation_class, each.what) for each in operations(purge, "SELECT one(1), one(2)"))
    assert found == {(OperationClass.DATA, "update u"): 1}
