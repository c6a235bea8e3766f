"""Backfills on real servers: every row once, whatever the key is, and an error where the rows cannot be walked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.backfill.pace import Pace
from dbmigrations.postgres.errors import NotResumableError, StatementError
from dbmigrations.postgres.events import BackfillMoved, Event
from dbmigrations.release.migration import Kind
from tests.engine.backfill.scripts import COUNT, counting
from tests.engine.databases import Database, applier
from tests.engine.releases import migration

if TYPE_CHECKING:
    from dbmigrations.release.migration import Migration


def data(name: str, up: str, down: str | None = None) -> Migration:
    return migration(name, up, down, kind=Kind.DATA)


def apply(database: Database, up: str, **settings: object) -> list[BackfillMoved]:
    """Apply a data migration; what it told of itself."""
    told: list[Event] = []
    with database.session(row_security=False) as session:
        applier(session, database.tables, listener=told.append, **settings).up(data("fill", up))
    return [event for event in told if isinstance(event, BackfillMoved)]


KEYS = {
    "bigint": ("id bigint PRIMARY KEY", "n", "id"),
    "text of the database": ("id text PRIMARY KEY", "chr(65 + n % 26) || md5(n::text) || 'é''\\x'", "id"),
    "text of collation C": ('id text COLLATE "C" PRIMARY KEY', "chr(65 + n % 60) || md5(n::text)", "id"),
    "uuid": ("id uuid PRIMARY KEY", "md5(n::text)::uuid", "id"),
    "timestamptz": ("id timestamptz PRIMARY KEY", "'2026-03-29'::timestamptz + n * interval '10 minutes'", "id"),
    "date, descending": ("id date NOT NULL", "'2000-01-01'::date + n", "id"),
    "char(n)": ("id char(40) PRIMARY KEY", "md5(n::text)", "id"),
    "a hostile name": ('"i""d %s;--" int PRIMARY KEY', "n", '"i""d'),
    "numeric": ("id numeric(20, 5) PRIMARY KEY", "n / 7.0", "id"),
    "bytea": ("id bytea PRIMARY KEY", "decode(md5(n::text), 'hex')", "id"),
}


@pytest.mark.parametrize("kind", KEYS)
def test_every_row_is_done_once_in_batches_whatever_the_key(database: Database, kind: str) -> None:
    column, value, key = KEYS[kind]
    key = '"i""d %s;--"' if "hostile" in kind else key
    database.run(
        f"CREATE TABLE counters ({column}, n int NOT NULL DEFAULT 0)",
        f"INSERT INTO counters SELECT {value} FROM generate_series(1, 1000) n",
        user=database.owner,
    )
    if "descending" in kind:
        database.run("CREATE UNIQUE INDEX ON counters (id DESC)", user=database.owner)
    database.run(f"ALTER ROLE {database.owner} SET datestyle = 'SQL, DMY'")
    moved = apply(database, counting(key=key.replace(" ", " "), batch=64))
    assert database.rows(COUNT) == [(1, 1000)]
    assert moved[-1].rows == moved[-1].changed == 1000
    assert moved[-1].fraction == 1.0
    assert len(moved) > 3


def test_a_key_of_several_columns_orders_rows_as_its_index_does(database: Database) -> None:
    database.run(
        "CREATE TABLE counters (tenant text, id int, day date, n int DEFAULT 0, PRIMARY KEY (tenant, day, id))",
        "INSERT INTO counters SELECT 't' || i % 7, i, '2026-01-01'::date + i % 3 FROM generate_series(1, 1000) i",
        user=database.owner,
    )
    apply(database, counting(key="tenant,day,id", batch=33))
    assert database.rows(COUNT) == [(1, 1000)]


def test_a_partitioned_table_is_walked_as_one(database: Database) -> None:
    database.run(
        "CREATE TABLE counters (id int, day date, n int NOT NULL DEFAULT 0, PRIMARY KEY (id, day))"
        " PARTITION BY RANGE (day)",
        *(
            f"CREATE TABLE counters_{month} PARTITION OF counters"
            f" FOR VALUES FROM ('2026-0{month}-01') TO ('2026-0{month + 1}-01')"
            for month in range(1, 5)
        ),
        "INSERT INTO counters SELECT i, '2026-01-01'::date + i % 120 FROM generate_series(1, 1000) i",
        user=database.owner,
    )
    apply(database, counting(key="id,day", batch=100))
    assert database.rows(COUNT) == [(1, 1000)]


def test_an_empty_table_is_done_at_once_and_one_of_a_single_row_too(database: Database) -> None:
    database.run("CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)", user=database.owner)
    assert apply(database, counting()) == []
    database.run("INSERT INTO counters VALUES (7)", user=database.owner)
    with database.session() as session:
        applier(session, database.tables).up(data("again", counting()))
    assert database.rows(COUNT) == [(1, 1)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE counters AS c SET n = c.n + 1 FROM names WHERE names.id = c.id AND :batch",
        "UPDATE public.counters SET n = n + 1 WHERE (:batch) AND EXISTS (SELECT FROM names WHERE id = counters.id)",
        (
            "WITH mine AS (SELECT x.id FROM counters x WHERE :batch FOR UPDATE)"
            " UPDATE counters SET n = n + 1 FROM mine WHERE mine.id = counters.id"
        ),
        (
            "MERGE INTO counters USING (SELECT id FROM counters WHERE :batch) m ON m.id = counters.id"
            " WHEN MATCHED THEN UPDATE SET n = n + 1"
        ),
        (
            "INSERT INTO counters SELECT c.id, 0 FROM names JOIN counters c USING (id) WHERE :batch"
            " ON CONFLICT (id) DO UPDATE SET n = counters.n + 1"
        ),
    ],
)
def test_the_batch_bounds_the_table_under_the_name_that_it_has_there(database: Database, statement: str) -> None:
    database.run(
        "CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)",
        "CREATE TABLE names (id int PRIMARY KEY)",
        "INSERT INTO counters SELECT generate_series(1, 500)",
        "INSERT INTO names SELECT generate_series(1, 500)",
        user=database.owner,
    )
    moved = apply(database, counting(statement, batch=60))
    assert database.rows(COUNT) == [(1, 500)]
    assert moved[-1].changed == 500


@pytest.mark.parametrize(
    ("table", "key", "why"),
    [
        ("CREATE TABLE counters (id int, n int DEFAULT 0)", "id", "may be NULL"),
        ("CREATE TABLE counters (id int UNIQUE, n int DEFAULT 0)", "id", "may be NULL"),
        ("CREATE TABLE counters (id int NOT NULL, n int DEFAULT 0)", "id", "is not unique"),
        ("CREATE TABLE counters (id int PRIMARY KEY, n int DEFAULT 0)", "nr", "has no column nr"),
        ("CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)", "n,id", "no index gives the rows"),
        (
            (
                "CREATE TABLE counters (id text NOT NULL, n int DEFAULT 0);"
                "CREATE UNIQUE INDEX ON counters (id text_pattern_ops)"
            ),
            "id",
            "no index gives the rows",
        ),
        (
            'CREATE TABLE counters (id text NOT NULL, n int); CREATE UNIQUE INDEX ON counters (id COLLATE "C")',
            "id",
            "no index gives the rows",
        ),
        (
            "CREATE TABLE counters (id int NOT NULL, n int); CREATE UNIQUE INDEX ON counters (id) WHERE id > 5",
            "id",
            "is not unique",
        ),
        (
            "CREATE TABLE counters (id int PRIMARY KEY, n int); CREATE TABLE more () INHERITS (counters)",
            "id",
            "inherit from counters",
        ),
        ("CREATE VIEW counters AS SELECT 1 AS id, 0 AS n", "id", "is a view"),
        ("SELECT 1", "id", "there is no table counters"),
    ],
)
def test_a_key_that_cannot_order_the_rows_is_refused_at_its_place_with_a_remedy(
    database: Database, table: str, key: str, why: str
) -> None:
    database.run(table, user=database.owner)
    with pytest.raises(StatementError, match=why) as caught:
        apply(database, counting(key=key))
    assert caught.value.where == "fill.sql:2:13"
    assert caught.value.details.hint
    assert database.rows("SELECT outcome FROM dbmigrations.migration_history") == [("Failed",)]


def test_rows_that_remain_fail_the_migration_with_their_number(database: Database) -> None:
    database.run(
        "CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)",
        "INSERT INTO counters SELECT generate_series(1, 100)",
        user=database.owner,
    )
    wrong = counting("UPDATE counters SET n = n + 1 WHERE :batch AND id % 10 <> 0", batch=30)
    with pytest.raises(StatementError, match="rows remain that it should have done: 10") as caught:
        apply(database, wrong)
    assert caught.value.where.startswith("fill.sql:2:")
    assert database.rows("SELECT outcome FROM dbmigrations.migration_history") == [("Failed",)]
    assert database.rows("SELECT min(n), max(n), sum(n) FROM counters") == [(0, 1, 90)]
    # mended, it does not begin anew by itself: it would count twice
    with pytest.raises(NotResumableError, match="again=safe"):
        apply(database, counting(batch=30))
    assert database.value("SELECT sum(n) FROM counters") == 90
    # the author says that it may
    mended = counting("UPDATE counters SET n = 1 WHERE :batch AND n = 0", batch=30, more="again=safe")
    apply(database, mended)
    assert database.rows(COUNT) == [(1, 100)]


def test_a_retry_does_the_rows_that_came_meanwhile_and_no_row_twice(database: Database) -> None:
    database.run(
        "CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)",
        "INSERT INTO counters SELECT generate_series(1, 100)",
        user=database.owner,
    )
    arrived: list[int] = []

    def arrive(event: Event) -> None:
        if isinstance(event, BackfillMoved) and not arrived:
            arrived.append(event.rows)
            database.run("INSERT INTO counters SELECT generate_series(101, 150)", user=database.owner)

    with database.session() as session, pytest.raises(StatementError, match="should have done: 50"):
        applier(session, database.tables, listener=arrive).up(data("fill", counting(batch=10)))
    apply(database, counting(batch=10))
    assert database.rows(COUNT) == [(1, 150)]


def test_an_error_in_a_batch_names_its_keys_and_its_place(database: Database) -> None:
    database.run(
        "CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, CHECK (id <> 77 OR n = 0))",
        "INSERT INTO counters SELECT generate_series(1, 100)",
        user=database.owner,
    )
    with pytest.raises(StatementError, match="in the rows with id") as caught:
        apply(database, counting(batch=20), pace=Pace(max_rate=1e6, target=2e-5))
    assert caught.value.details.sqlstate == "23514"
    keys = re.search(r"id > (\d+) and id <= (\d+)", str(caught.value))
    assert keys is not None
    assert int(keys[1]) < 77 <= int(keys[2])
    assert database.rows("SELECT count(*), max(id) FROM counters WHERE n = 1") == [(int(keys[1]), int(keys[1]))]
    database.run("ALTER TABLE counters DROP CONSTRAINT counters_check", user=database.owner)
    apply(database, counting(batch=20))
    assert database.rows(COUNT) == [(1, 100)]


def test_a_place_behind_the_batch_is_found_in_the_file(database: Database) -> None:
    database.run(
        "CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)",
        "INSERT INTO counters VALUES (1)",
        user=database.owner,
    )
    with pytest.raises(StatementError, match="nonsense") as caught:
        apply(database, counting("UPDATE counters SET n = n + 1\nWHERE :batch AND nonsense"))
    assert caught.value.where == "fill.sql:4:18"


def test_a_backfill_has_its_place_among_data_migrations(database: Database) -> None:
    with database.session() as session, pytest.raises(StatementError, match="Move it to migrations/data"):
        applier(session, database.tables).up(migration("fill", counting()))


def test_policies_that_would_hide_rows_are_an_error(database: Database) -> None:
    database.run(
        "CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)",
        "INSERT INTO counters VALUES (1)",
        "ALTER TABLE counters ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE counters FORCE ROW LEVEL SECURITY",
        user=database.owner,
    )
    with pytest.raises(StatementError, match="row-level security"):
        apply(database, counting())


def test_a_backfill_is_undone_by_a_backfill(database: Database) -> None:
    database.run(
        "CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)",
        "INSERT INTO counters SELECT generate_series(1, 500)",
        user=database.owner,
    )
    down = counting("UPDATE counters SET n = n - 1 WHERE :batch", remaining="SELECT count(*) FROM counters WHERE n = 1")
    with database.session() as session:
        apply_ = applier(session, database.tables)
        apply_.up(data("fill", counting(batch=50), down))
        assert database.rows(COUNT) == [(1, 500)]
        apply_.down(Kind.DATA, "fill")
        assert database.rows(COUNT) == [(0, 500)]
        apply_.up(data("fill", counting(batch=50), down))
    assert database.rows(COUNT) == [(1, 500)]


def test_a_half_done_backfill_goes_on_as_a_backfill_or_not_at_all(database: Database) -> None:
    database.run(
        "CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, CHECK (id <> 77 OR n = 0))",
        "INSERT INTO counters SELECT generate_series(1, 100)",
        user=database.owner,
    )
    with pytest.raises(StatementError):
        apply(database, counting(batch=20), pace=Pace(max_rate=1e6, target=2e-5))
    with pytest.raises(NotResumableError, match="begun as a backfill"):
        apply(database, "UPDATE counters SET n = n + 1")
    with pytest.raises(NotResumableError, match="by another statement"):
        apply(database, counting("UPDATE counters SET n = n + 2 WHERE :batch"))
    assert database.value("SELECT max(n) FROM counters") == 1


def test_the_checkpoint_table_is_added_where_an_older_runner_made_the_others(database: Database) -> None:
    database.run("CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)", user=database.owner)
    with database.session() as session:
        applier(session, database.tables)
    database.run(
        "DROP TABLE dbmigrations.backfill_checkpoint, dbmigrations.settled",
        "UPDATE dbmigrations.format SET version = 2",
        "UPDATE dbmigrations.migration_run SET outcome = 'Failed'",
    )
    apply(database, counting())
    assert database.value("SELECT count(*) FROM dbmigrations.backfill_checkpoint") == 1
