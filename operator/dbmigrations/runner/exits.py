"""What the exit code of `dbmigrate` says. Scripts and CI may rely on these numbers."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, assert_never

from dbmigrations.api.reasons import Failure, Refusal, Waiting
from dbmigrations.api.words import Outcome

if TYPE_CHECKING:
    from dbmigrations.api.step import StepResult


class Exit(IntEnum):
    """One number for one meaning."""

    OK = 0  # it is done, or there was nothing to do
    FINDINGS = 1  # a check looked and found something: validate, check, rehearse, …
    USAGE = 2  # the command line is wrong: nothing was looked at
    REFUSED = 10  # nothing was changed; a person decides first
    FAILED = 20  # it was tried and failed; it will not go away by itself
    UNAVAILABLE = 30  # waits for something: no database, no release directory, a lock; try again later
    BUG = 70  # an error of this program
    UNWRITTEN = 74  # the answer could not be written: a full disk
    INTERRUPTED = 130  # Ctrl-C: nothing is half-done
    TERMINATED = 143  # SIGTERM: nothing is half-done


MEANINGS: dict[Exit, str] = {
    Exit.OK: "Done, or there was nothing to do.",
    Exit.FINDINGS: "A check has findings (`validate`, `check`, `rehearse`, `version --check`).",
    Exit.USAGE: "The command line is wrong.",
    Exit.REFUSED: "Refused before anything was changed: a person decides first. The message says how.",
    Exit.FAILED: "Failed, and it will not go away by itself. The message names file, line and SQLSTATE.",
    Exit.UNAVAILABLE: "Something is not there (the database, its lock, the release directory): try again later.",
    Exit.BUG: "A bug of this program. The log holds the trace.",
    Exit.UNWRITTEN: "All was done, or looked at, but the answer could not be written: standard output takes no more.",
    Exit.INTERRUPTED: "Stopped by Ctrl-C (SIGINT). The last lines say in which state: run the command again to go on.",
    Exit.TERMINATED: "Stopped by SIGTERM, otherwise the same.",
}
"""One sentence each, for the reference."""


def of_signal(name: str) -> Exit:
    """The exit code of a command that a signal stopped: 128 and its number, as shells have it."""
    return Exit.TERMINATED if name == "SIGTERM" else Exit.INTERRUPTED


def of_result(result: StepResult) -> Exit:
    """The exit code that goes with a step's result."""
    return of_outcome(result.outcome, result.reason)


def of_outcome(outcome: Outcome, reason: Refusal | Failure | Waiting | None) -> Exit:
    """The exit code that goes with an outcome and its reason."""
    match outcome:
        case Outcome.SUCCEEDED:
            return Exit.OK
        case Outcome.REFUSED:
            return Exit.REFUSED
        case Outcome.WAITING:
            return Exit.UNAVAILABLE
        case Outcome.FAILED:
            return Exit.BUG if reason is Failure.INTERNAL else Exit.FAILED
        case _:
            assert_never(outcome)
