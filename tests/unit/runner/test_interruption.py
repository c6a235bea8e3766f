"""Signals: heard once, deferred where work is dear to repeat, and silent afterwards."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from dbmigrations.runner.interruption import Interrupted, Interruption

if TYPE_CHECKING:
    from collections.abc import Callable


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def interrupted(body: Callable[[Interruption], None], error: type[BaseException] = Interrupted) -> Interruption:
    interruption = Interruption()
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
