"""A lost session costs a new one and a fresh look, within bounds."""

from __future__ import annotations

import pytest

from dbmigrations.postgres.errors import AuthenticationError, ConnectionLostError, LockHeldError, UnavailableError
from dbmigrations.runner.report.events import Event, Waited
from dbmigrations.runner.steps.losses import through_losses

LOST = ConnectionLostError("the connection to the database was lost")


class Attempts:
    """Fails with each error in turn, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_a_lost_session_and_a_server_that_starts_again_are_got_over() -> None:
    told: list[Event] = []
    attempts = Attempts(LOST, UnavailableError("it is starting up"), UnavailableError("it is starting up"))

    assert through_losses(attempts, seconds=30, report=told.append) == "done"

    assert attempts.count == 4
    assert [type(event) for event in told] == [Waited] * 3


def test_a_server_out_of_reach_from_the_beginning_is_for_the_next_attempt_of_the_step() -> None:
    with pytest.raises(UnavailableError):
        through_losses(Attempts(UnavailableError("x")), seconds=30, report=lambda _: None)


def test_a_session_that_is_lost_again_and_again_is_given_up() -> None:
    attempts = Attempts(*[LOST] * 9)
    with pytest.raises(ConnectionLostError):
        through_losses(attempts, seconds=30, report=lambda _: None)
    assert attempts.count == 4


def test_a_server_that_stays_out_of_reach_is_given_up() -> None:
    attempts = Attempts(LOST, *[UnavailableError("gone")] * 99)
    with pytest.raises(UnavailableError, match="gone"):
        through_losses(attempts, seconds=0.5, report=lambda _: None)
    assert attempts.count < 99


@pytest.mark.parametrize("error", [AuthenticationError("no"), LockHeldError("held")])
def test_what_a_new_connection_does_not_mend_is_not_tried_again(error: Exception) -> None:
    attempts = Attempts(LOST, error)
    with pytest.raises(type(error)):
        through_losses(attempts, seconds=30, report=lambda _: None)
    assert attempts.count == 2
