"""What a body in PL/pgSQL does, as steps."""

from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True, slots=True)
class Run:
    """SQL that runs when control reaches it.

    Attributes:
        values: of the variables in it, as far as they are known, as texts.
    """

    sql: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Execute:
    """EXECUTE of what an expression evaluates to.

    Attributes:
        values: of the variables in it, as far as they are known, as texts.
    """

    expression: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """At most one of these; or the beginning of the first, taken back, and then another (EXCEPTION)."""

    blocks: "tuple[tuple[Step, ...], ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """Not at all, once, or many times."""

    block: "tuple[Step, ...]"


@dataclass(frozen=True, slots=True)
class ForEach:
    """Once for each of some values, which one expression (an array) or two (the bounds) tell.

    Stands only between the parser and `with_texts()`, which puts the values in, or Repeat where they are not known.
    """

    variable: str
    sources: tuple[str, ...]
    block: "tuple[Step, ...]"


@dataclass(frozen=True, slots=True)
class Leave:
    """RETURN, EXIT, CONTINUE: what follows may not be reached."""


Step = Run | Execute | Either | ForEach | Repeat | Leave
Steps = tuple[Step, ...]


def levels_of(steps: Steps) -> int:
    """How deep the deepest of the steps lies within others."""
    level = 0
    pending = list(steps)
    while pending:
        level += 1
        blocks: list[Steps] = []
        for step in pending:
            match step:
                case Either():
                    blocks += step.blocks
                case ForEach() | Repeat():
                    blocks.append(step.block)
                case _:
                    pass
        pending = list(chain.from_iterable(blocks))
    return level


class UnreadError(Exception):
    """The body cannot be read; the message says why."""
