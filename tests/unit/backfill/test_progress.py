"""How far a backfill is."""

from dbmigrations.postgres.backfill.progress import Progress


def test_the_rate_is_that_of_this_attempt_and_of_late() -> None:
    progress = Progress(began=100.0, before=5000, estimate=10_000)
    assert progress.at(100.0, 5000).rate == 0
    assert progress.at(101.0, 6000).rate == 1000
    for second in range(2, 60):
        standing = progress.at(100.0 + second, 6000 + second)
    assert 1 <= standing.rate <= 1.1
    assert standing.seconds_left is not None
    assert 3500 <= standing.seconds_left <= 4000


def test_an_estimate_that_was_too_small_is_not_all_of_it() -> None:
    progress = Progress(began=0.0, estimate=10)
    assert progress.at(1.0, 1000).fraction == 0.999
    assert progress.at(2.0, 1100, done=True).fraction == 1.0


def test_nobody_knows_how_long_a_table_takes_that_nobody_may_count() -> None:
    standing = Progress(began=0.0).at(1.0, 10)
    assert (standing.fraction, standing.seconds_left) == (None, None)


def test_an_empty_estimate_divides_nothing() -> None:
    assert Progress(began=0.0, estimate=0).at(0.0, 0).fraction == 0


def test_a_log_has_a_line_each_ten_seconds_and_the_last_one() -> None:
    progress = Progress(began=0.0)
    due = [second for second in range(36) if progress.is_due(float(second))]
    assert due == [10, 20, 30]
    assert progress.is_due(35.5, done=True)
