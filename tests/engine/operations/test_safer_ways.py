"""The safer way that a refusal names is safer: a milder class, or no long work under so strong a lock."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.placement import Outside, placement_of
from dbmigrations.postgres.sql.review import review_script
from dbmigrations.postgres.sql.script import read
from dbmigrations.postgres.sql.tree import parse
from tests.engine.operations.oracle import MODES, existing, observe

if TYPE_CHECKING:
    from dbmigrations.postgres.sql.operations import LockMode, Operation
    from tests.engine.operations.world import World


@dataclass(frozen=True)
class Way:
    """A statement, and the statements that its `safer` stands for, each a migration of its own."""

    risky: str
    named: str  # a part of what `safer` says
    safer: tuple[str, ...]


NOT_VALID = ("ALTER TABLE free ADD CONSTRAINT n CHECK (a > 0) NOT VALID", "ALTER TABLE free VALIDATE CONSTRAINT n")
WAYS = [
    Way("ALTER TABLE free ADD CONSTRAINT n CHECK (a > 0)", "NOT VALID", NOT_VALID),
    Way(
        "ALTER TABLE free ADD CONSTRAINT n FOREIGN KEY (a) REFERENCES u",
        "NOT VALID",
        (
            "ALTER TABLE free ADD CONSTRAINT n FOREIGN KEY (a) REFERENCES u NOT VALID",
            "ALTER TABLE free VALIDATE CONSTRAINT n",
        ),
    ),
    Way(
        "ALTER TABLE free ADD COLUMN n int CHECK (n > 0)",
        "NOT VALID",
        (
            "ALTER TABLE free ADD COLUMN n int",
            "ALTER TABLE free ADD CONSTRAINT c CHECK (n > 0) NOT VALID",
            "ALTER TABLE free VALIDATE CONSTRAINT c",
        ),
    ),
    Way(
        "ALTER TABLE free ALTER a SET NOT NULL",
        "VALIDATE it, and then SET NOT NULL",
        (
            "ALTER TABLE free ADD CONSTRAINT n CHECK (a IS NOT NULL) NOT VALID",
            "ALTER TABLE free VALIDATE CONSTRAINT n",
            "ALTER TABLE free ALTER a SET NOT NULL",
        ),
    ),
    Way("CREATE INDEX n ON free (a)", "CONCURRENTLY", ("CREATE INDEX CONCURRENTLY n ON free (a)",)),
    Way("CREATE UNIQUE INDEX n ON free (a)", "CONCURRENTLY", ("CREATE UNIQUE INDEX CONCURRENTLY n ON free (a)",)),
    Way(
        "ALTER TABLE free ADD CONSTRAINT n UNIQUE (a)",
        "USING INDEX",
        ("CREATE UNIQUE INDEX CONCURRENTLY n ON free (a)", "ALTER TABLE free ADD CONSTRAINT c UNIQUE USING INDEX n"),
    ),
    Way("REINDEX TABLE t", "CONCURRENTLY", ("REINDEX TABLE CONCURRENTLY t",)),
    Way(
        "ALTER TABLE free ADD COLUMN n uuid DEFAULT gen_random_uuid()",
        "fill it in batches",
        (
            "ALTER TABLE free ADD COLUMN n uuid",
            "ALTER TABLE free ALTER n SET DEFAULT gen_random_uuid()",
            "UPDATE free SET n = gen_random_uuid() WHERE n IS NULL AND a = 1",
        ),
    ),
    Way(
        "ALTER TABLE free ALTER a TYPE bigint",
        "add a column of the new type",
        ("ALTER TABLE free ADD COLUMN n bigint", "UPDATE free SET n = a WHERE a = 1"),
    ),
    Way(
        "ALTER DOMAIN positive ADD CONSTRAINT n CHECK (VALUE < 100)",
        "NOT VALID",
        ("ALTER DOMAIN positive ADD CONSTRAINT n CHECK (VALUE < 100) NOT VALID",),
    ),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.risky)
def test_no_step_of_the_safer_way_does_long_work_under_so_strong_a_lock(world: World, way: Way) -> None:
    risky = observe(world.connection, way.risky, existing(world.connection))
    assert risky.work.takes_long
    assert way.named in operation(world, way.risky).safer
    try:
        for step in way.safer:
            lock, takes_long = seen(world, step)
            assert not takes_long or (lock or 0) < (risky.lock or 0), step
    finally:
        undo(world)


def test_an_index_is_dropped_concurrently_by_a_milder_lock_and_class(world: World) -> None:
    risky, safer = "DROP INDEX t_number", "DROP INDEX CONCURRENTLY t_number"
    assert operation(world, risky).operation_class is OperationClass.RESTRICTING
    assert operation(world, safer).operation_class is OperationClass.WIDENING
    try:
        held = observe(world.connection, risky, existing(world.connection)).lock
        assert waited_for(world, safer, "t") < (held or 0)
    finally:
        world.connection.execute("CREATE INDEX IF NOT EXISTS t_number ON t (number)")


def test_a_partition_made_apart_and_attached_leaves_the_parent_in_use(world: World) -> None:
    risky = observe(world.connection, "CREATE TABLE n PARTITION OF p FOR VALUES IN (2)", existing(world.connection))
    safer = "CREATE TABLE n (LIKE p INCLUDING ALL); ALTER TABLE p ATTACH PARTITION n FOR VALUES IN (2)"
    assert (observe(world.connection, safer, existing(world.connection)).lock or 0) < (risky.lock or 0)


def operation(world: World, statement: str) -> Operation:
    (review,) = review_script(read(statement), Batch.of("public", world.known)).statements
    return next(each for each in review.operations if each.safer or len(review.operations) == 1)


def seen(world: World, step: str) -> tuple[LockMode | None, bool]:
    """Take a step: the lock that it needs, and whether it then works long.

    One that runs outside a transaction is seen waiting for its lock.
    """
    if isinstance(placement_of(parse(step)), Outside):
        return waited_for(world, step, "t" if step.endswith(" t") else "free"), True
    observed = observe(world.connection, step, existing(world.connection))
    world.connection.execute(step.encode())
    return observed.lock, observed.work.takes_long


def waited_for(world: World, statement: str, table: str) -> LockMode:
    """The first lock on a table that a statement waits for, while another session keeps everybody out."""
    modes: list[str] = []
    with world.server.connect(world.database) as keeper, world.server.connect(world.database) as runner:
        keeper.execute(f"BEGIN; LOCK TABLE {table}".encode())
        pid = runner.info.backend_pid
        thread = threading.Thread(target=runner.execute, args=(statement.encode(),))
        thread.start()
        deadline = time.monotonic() + 10
        while not modes and time.monotonic() < deadline:
            found = world.connection.execute(
                "SELECT mode FROM pg_locks WHERE pid = %s AND NOT granted AND relation = %s::regclass", (pid, table)
            )
            modes = [mode for (mode,) in found]
        keeper.execute("ROLLBACK")
        thread.join()
    return MODES[modes[0]]


def undo(world: World) -> None:
    """The table of the ways as it was."""
    world.connection.execute(
        "ALTER TABLE free DROP CONSTRAINT IF EXISTS n, DROP CONSTRAINT IF EXISTS c, DROP COLUMN IF EXISTS n,"
        " ALTER a DROP NOT NULL; DROP INDEX IF EXISTS n; ALTER DOMAIN positive DROP CONSTRAINT IF EXISTS n"
    )
