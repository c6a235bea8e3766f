"""Signals: heard once, deferred where work is dear to repeat, and silent afterwards."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from dbmigrations.runner.interruption import Interrupted, Interruption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHORT, LONG = 0.02, 60.0
"""Seconds."""


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def interrupted(body: Callable[[Interruption], None], error: type[BaseException] = Interrupted) -> Interruption:
    interruption = Interruption(patience=SHORT)
    with interruption.heard(), pytest.raises(error):
        body(interruption)
    return interruption


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_interrupts_and_is_named(number: signal.Signals) -> None:
    interruption = Interruption()
    with interruption.heard(), pytest.raises(Interrupted) as caught:
        send(number)
    assert caught.value.signal_name == number.name
    assert interruption.asked


def test_a_second_signal_does_not_disturb_the_clean_up() -> None:
    cleaned = []

    def work(_: Interruption) -> None:
        try:
            send(signal.SIGTERM)
        finally:
            send(signal.SIGTERM)
            cleaned.append(True)

    interrupted(work)
    assert cleaned == [True]


def test_within_a_deferral_a_signal_waits_for_its_end() -> None:
    done = []

    def work(interruption: Interruption) -> None:
        with interruption.deferred():
            send(signal.SIGTERM)
            done.append("the whole")
        done.append("never")

    interrupted(work)
    assert done == ["the whole"]


def test_an_error_within_a_deferral_is_not_hidden_by_the_signal() -> None:
    def work(interruption: Interruption) -> None:
        with interruption.deferred():
            send(signal.SIGTERM)
            raise LookupError

    assert interrupted(work, LookupError).asked


def test_nested_deferrals_wait_for_the_outermost() -> None:
    done = []

    def work(interruption: Interruption) -> None:
        with interruption.deferred():
            with interruption.deferred():
                send(signal.SIGTERM)
            done.append("the outer one")

    interrupted(work)
    assert done == ["the outer one"]


def fail() -> None:
    raise LookupError


def test_an_interruption_that_was_lost_on_its_way_is_raised_again() -> None:
    def work(_: Interruption) -> None:
        with suppress(Interrupted):
            send(signal.SIGTERM)
        time.sleep(LONG)

    assert interrupted(work).signal_name == "SIGTERM"


def test_an_interruption_that_an_error_of_the_clean_up_replaced_is_raised_again() -> None:
    def work(_: Interruption) -> None:
        with suppress(LookupError):
            try:
                send(signal.SIGTERM)
            finally:
                fail()
        time.sleep(LONG)

    interrupted(work)


def test_a_clean_up_that_takes_its_time_is_not_disturbed() -> None:
    cleaned = []

    @contextmanager
    def around() -> Iterator[None]:
        try:
            yield
        finally:
            time.sleep(4 * SHORT)
            try:
                fail()
            except LookupError:
                time.sleep(4 * SHORT)
            cleaned.append(True)

    interruption = Interruption(patience=SHORT)
    with interruption.heard(), pytest.raises(Interrupted), around():
        send(signal.SIGTERM)
    assert cleaned == [True]


def test_an_interruption_that_was_answered_is_not_raised_again() -> None:
    interruption = Interruption(patience=SHORT)
    with interruption.heard():
        try:
            send(signal.SIGTERM)
        except Interrupted:
            interruption.answer()
        time.sleep(4 * SHORT)
    assert interruption.asked


def test_a_deferral_is_not_disturbed_by_being_asked_again() -> None:
    done = []

    def work(interruption: Interruption) -> None:
        with interruption.deferred():
            send(signal.SIGTERM)
            time.sleep(4 * SHORT)
            done.append("the whole")

    interrupted(work)
    assert done == ["the whole"]


def test_nobody_is_reminded_afterwards() -> None:
    handler, timer = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    interrupted(lambda _: send(signal.SIGTERM))
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == pytest.approx(timer, abs=LONG)


def test_while_ignored_a_signal_is_too_late() -> None:
    interruption = Interruption()
    with interruption.heard(), interruption.ignored():
        send(signal.SIGTERM)
    assert interruption.asked


def test_afterwards_signals_are_as_they_were() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption().heard():
        pass
    assert signal.getsignal(signal.SIGTERM) is before
