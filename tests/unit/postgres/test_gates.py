"""Which gates are closed by what was read."""

from __future__ import annotations

import pytest

from dbmigrations.postgres.gates.limits import (
    Gate,
    GateLimits,
    Mark,
    OpenTransaction,
    Reading,
    Replica,
    Slot,
    closed_gates,
    is_caught_up,
    remember,
)

MIB = 2**20


def test_where_nothing_is_limited_nothing_is_closed() -> None:
    reading = Reading(
        Mark(0, 10**12), (Replica("a", 0),), (Slot("s", 10**12, active=False),), OpenTransaction("x", 1e9)
    )

    assert not GateLimits().any
    assert closed_gates(GateLimits(), reading, ()) == ()


def test_a_replica_lags_as_long_ago_as_the_oldest_mark_that_it_has_not_replayed() -> None:
    marks = (Mark(0, 100), Mark(5, 200), Mark(10, 300))

    def closed(limit: float, replayed: int) -> list[str]:
        reading = Reading(Mark(12, 400), (Replica("east", replayed),))
        return [str(gate) for gate in closed_gates(GateLimits(replica_lag=limit), reading, marks)]

    assert closed(10, 400) == []
    assert closed(10, 250) == []
    assert closed(1, 300) == []
    assert closed(6, 150) == [
        "replicaLag: replica east lags 7.0 s or more behind (250 B), 6 s are allowed",
    ]


def test_a_replica_that_was_never_seen_to_replay_anything_may_lag_by_hours() -> None:
    reading = Reading(Mark(0, 100), (Replica("east", 99),))

    (gate,) = closed_gates(GateLimits(replica_lag=30), reading, ())

    assert gate.key == (Gate.REPLICA_LAG, "replica east")


def test_nor_is_known_how_far_behind_it_is_after_work_in_which_nobody_looked() -> None:
    reading = Reading(Mark(600, 900), (Replica("east", 100),))
    limits = GateLimits(replica_lag=30)

    assert closed_gates(limits, reading, (Mark(0, 100),))
    assert not closed_gates(limits, reading, (Mark(599, 100),))


def test_what_every_replica_has_replayed_is_forgotten_but_for_the_newest() -> None:
    reading = Reading(Mark(9, 400), (Replica("a", 250), Replica("b", 400)))

    marks = remember((Mark(0, 100), Mark(3, 200), Mark(6, 300)), reading, spacing=1)

    assert marks == (Mark(3, 200), Mark(6, 300), Mark(9, 400))
    assert not is_caught_up(reading, marks)
    assert is_caught_up(Reading(Mark(9, 400), (Replica("a", 400),)), marks)


def test_marks_are_not_made_where_nothing_was_written_nor_too_often() -> None:
    before = (Mark(0, 100),)

    assert remember(before, Reading(Mark(5, 100), (Replica("a", 0),)), spacing=1) == before
    assert remember(before, Reading(Mark(0.5, 200), (Replica("a", 0),)), spacing=1) == before


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (
            GateLimits(replica_lag_size=3 * MIB),
            "replicaLagSize: replica east has not replayed 4.0 MiB of WAL, 3.0 MiB are allowed",
        ),
        (
            GateLimits(retained_wal=1024),
            "retainedWAL: replication slot cdc (nobody reads it) retains 2.0 KiB of WAL, 1.0 KiB are allowed",
        ),
        (
            GateLimits(oldest_transaction=60),
            "oldestTransaction: the transaction of process 7 has been open for 61 s, 60 s are allowed",
        ),
    ],
)
def test_each_gate_says_what_it_waits_for(limits: GateLimits, words: str) -> None:
    reading = Reading(
        Mark(0, 5 * MIB),
        (Replica("east", MIB), Replica("west", 5 * MIB)),
        (Slot("cdc", 2048, active=False), Slot("other", 1024, active=True)),
        OpenTransaction("process 7", 61.0),
    )

    assert [str(gate) for gate in closed_gates(limits, reading, ())] == [words]
