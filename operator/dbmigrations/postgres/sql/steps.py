"""What a body in PL/pgSQL does, as steps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """SQL that runs when control reaches it."""

    sql: str


@dataclass(frozen=True, slots=True)
class Execute:
    """EXECUTE of what an expression evaluates to."""

    expression: str


@dataclass(frozen=True, slots=True)
class Either:
    """At most one of these; or the beginning of the first, taken back, and then another (EXCEPTION)."""

    blocks: "tuple[tuple[Step, ...], ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """Not at all, once, or many times."""

    block: "tuple[Step, ...]"


@dataclass(frozen=True, slots=True)
class Leave:
    """RETURN, EXIT, CONTINUE: what follows may not be reached."""


Step = Run | Execute | Either | Repeat | Leave
Steps = tuple[Step, ...]


class UnreadError(Exception):
    """The body cannot be read; the message says why."""
