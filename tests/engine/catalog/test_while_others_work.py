"""A snapshot is taken while others drop and make things: who looks does not hold the lock."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from dbmigrations.postgres.catalog.reading import take_snapshot

if TYPE_CHECKING:
    from tests.engine.databases import Database

VIEWS = 40


def test_what_is_dropped_while_it_is_looked_at_is_no_error(database: Database) -> None:
    database.run("CREATE TABLE t (id int)", *(f"CREATE VIEW v{n} AS SELECT id FROM t" for n in range(VIEWS)))
    done = threading.Event()

    def drop_and_make() -> None:
        with database.connect() as connection:
            while not done.is_set():
                for n in range(VIEWS):
                    connection.execute(f"DROP VIEW v{n}".encode())
                    connection.execute(f"CREATE VIEW v{n} AS SELECT id FROM t".encode())
                    done.wait(0.02)

    worker = threading.Thread(target=drop_and_make)
    with database.session() as session:
        worker.start()
        try:
            seen = [take_snapshot(session, database.tables, ["public"]) for _ in range(40)]
        finally:
            done.set()
            worker.join()
    names = [{name for kind, name in snapshot.objects if kind == "view"} for snapshot in seen]
    assert all(VIEWS - 1 <= len(each) <= VIEWS for each in names)
