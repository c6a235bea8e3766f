"""How fast a backfill may go."""

import pytest

from dbmigrations.postgres.backfill.pace import DEFAULT_TARGET, Pace, batch_timeout


def test_what_was_asked_for_counts_before_what_the_script_says() -> None:
    assert Pace(target=0.5).target_of(0.2) == 0.5
    assert Pace().target_of(0.2) == 0.2
    assert Pace().target_of(None) == DEFAULT_TARGET


def test_a_rate_bounds_the_batch_and_the_rest_after_it() -> None:
    pace = Pace(max_rate=1000)
    assert pace.largest(100_000, 0.1) == 100
    assert pace.pause(100, 0.02) == pytest.approx(0.08)
    assert pace.pause(100, 0.2) == 0


def test_the_slowest_rate_still_moves() -> None:
    assert Pace(max_rate=0.5).largest(100_000, 0.1) == 1
    assert Pace(max_rate=0.5).pause(1, 0.0) == 2.0


def test_without_a_rate_nothing_rests() -> None:
    assert Pace().largest(100_000, 0.1) == 100_000
    assert Pace().pause(100_000, 0.0) == 0


def test_a_batch_is_cancelled_by_the_script_s_timeout_or_one_that_follows_from_its_target() -> None:
    assert batch_timeout(0.1, None, lock=1, session=0) == 5
    assert batch_timeout(2.0, None, lock=1, session=0) == 40
    assert batch_timeout(0.1, 0.3, lock=1, session=0) == 0.3
    assert batch_timeout(0.1, None, lock=30, session=0) == 60
    assert batch_timeout(0.1, 60, lock=1, session=10) == 10
