"""How large relations are now, also while somebody holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.postgres.sizes import relation_sizes
from dbmigrations.postgres.sql.names import RelationName

if TYPE_CHECKING:
    from tests.engine.databases import Database

WIDE = RelationName(None, 'wi"de')
PARTED = RelationName("public", "parted")
MAKE = (
    'CREATE TABLE "wi""de" (id int PRIMARY KEY, body text)',
    'INSERT INTO "wi""de" SELECT n, repeat(\'x\', 500) FROM generate_series(1, 2000) n',
    "CREATE TABLE parted (id int) PARTITION BY RANGE (id)",
    "CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (1000000)",
    "INSERT INTO parted SELECT generate_series(1, 5000)",
)


def test_sizes_hold_indexes_and_partitions_and_leave_out_what_is_not_there(database: Database) -> None:
    database.run(*MAKE, user=database.owner)
    with database.session() as session:
        found = relation_sizes(session, [WIDE, PARTED, RelationName(None, "nowhere"), RelationName("no", "where")])
    assert found == {
        WIDE: database.value('SELECT pg_total_relation_size(\'"wi""de"\')'),
        PARTED: database.value("SELECT pg_total_relation_size('part')"),
    }


def test_nobody_is_waited_for(database: Database) -> None:
    database.run(*MAKE, "ANALYZE", user=database.owner)
    with database.session() as session, database.connect() as holder, holder.transaction():
        holder.execute('LOCK TABLE "wi""de"')
        found = relation_sizes(session, [WIDE])
        assert session.in_transaction is False
    exact = database.value('SELECT pg_total_relation_size(\'"wi""de"\')')
    assert 0.5 * exact < found[WIDE] <= exact
