"""How large the next batch is."""

from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.postgres.backfill.steering import Steering


def run(steering: Steering, seconds_per_row: float, batches: int) -> Steering:
    for _ in range(batches):
        steering = steering.after(steering.size, steering.size * seconds_per_row)
    return steering


def test_batches_grow_or_shrink_until_they_take_the_target_time() -> None:
    small = Steering(size=10, target=0.1, largest=100_000)
    assert 900 <= run(small, 0.0001, 20).size <= 1001
    large = Steering(size=50_000, target=0.1, largest=100_000)
    assert 900 <= run(large, 0.0001, 20).size <= 1001


def test_a_single_slow_batch_does_not_throw_it_over() -> None:
    steady = run(Steering(size=1000, target=0.1, largest=100_000), 0.0001, 5)
    assert steady.after(1000, 0.4).size >= 250


def test_a_faster_table_is_met_by_twice_the_rows_at_most() -> None:
    assert Steering(size=100, target=1.0, largest=100_000).after(100, 0.000001).size == 201


def test_who_had_to_wait_halves_the_batch_and_it_grows_slowly_again() -> None:
    steering = Steering(size=1000, target=1.0, largest=100_000).after(1000, 0.01, waiters=1)
    assert steering.size == 500
    grown = steering.after(500, 0.005)
    assert 500 < grown.size <= 551
    assert run(steering, 0.00001, 40).size > 5000


def test_a_batch_that_was_not_full_says_nothing_of_the_next() -> None:
    steering = Steering(size=1000, target=0.1, largest=100_000)
    assert steering.after(3, 0.001).size == 1000


def test_splitting_ends_at_one_row() -> None:
    steering = Steering(size=5, target=0.1, largest=100_000)
    sizes = []
    for _ in range(4):
        steering = steering.smaller(steering.size)
        sizes.append(steering.size)
    assert sizes == [2, 1, 1, 1]


@given(
    st.integers(1, 100_000),
    st.lists(st.tuples(st.integers(0, 200_000), st.floats(0, 100), st.integers(0, 3)), max_size=30),
)
def test_the_size_stays_within_its_bounds_whatever_happens(largest: int, story: list[tuple[int, float, int]]) -> None:
    steering = Steering(size=1, target=0.1, largest=largest)
    for rows, seconds, waiters in story:
        steering = steering.after(rows, seconds, waiters=waiters)
        assert 1 <= steering.size <= largest
