"""Running assertions, and the built-in ones: what preflight had not seen broken must not be broken now."""

from collections.abc import Sequence
from dataclasses import dataclass

from dbmigrations.postgres.assertions import AssertionScript
from dbmigrations.postgres.connection import Session


@dataclass(frozen=True)
class Finding:
    """An assertion that does not hold."""

    where: str
    """`file:line:column`, or the name of a built-in assertion."""
    message: str


def run_assertions(session: Session, scripts: Sequence[AssertionScript]) -> tuple[Finding, ...]:
    """Run every statement of every script in read-only transactions and tell which do not hold; empty: all hold.

    Raises:
        UnavailableError: the session was lost.
    """
    raise NotImplementedError


def broken_objects(session: Session) -> tuple[str, ...]:
    """INVALID indexes and NOT VALID constraints, by kind and qualified name, sorted. Preflight stores what it sees."""
    raise NotImplementedError


def newly_broken(session: Session, known: Sequence[str]) -> tuple[Finding, ...]:
    """The built-in assertions: what is broken now and was not known to be when the run began."""
    raise NotImplementedError
