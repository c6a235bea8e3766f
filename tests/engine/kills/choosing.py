"""Which queries are struck by what: a deterministic sample, or all of them. Pure."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from tests.engine.kills.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

_GOLDEN = 0.6180339887498949
_KILLS = (Fault.KILLED_BEFORE, Fault.KILLED_DURING, Fault.KILLED_AFTER)
_QUIET = ("select", "set ", "reset", ";")
"""What changes nothing: less is to be learnt there."""


def share(number: int) -> float:
    """From 0 up to, without, 1: evenly spread whichever numbers in a row are asked for."""
    return (number + 1) * _GOLDEN % 1


def sample(queries: Sequence[str], count: int, faults: Sequence[Fault], *, start: int = 0) -> list[tuple[Fault, int]]:
    """So many strikes, faults in turn, at places spread over the queries that change something."""
    loud = [n for n, query in enumerate(queries, start=1) if _commits(query) or not _is_quiet(query)]
    chosen = []
    for number, fault in zip(range(start, start + count), cycle(faults), strict=False):
        chosen.append((fault, loud[int(share(number) * len(loud))]))
    return chosen


def every(queries: Sequence[str], faults: Sequence[Fault], *, others_each: int) -> list[tuple[Fault, int]]:
    """A SIGKILL at every query, one more after each COMMIT, and each other fault at every so manieth query."""
    chosen = [(_KILLS[n % len(_KILLS)], n) for n in range(1, len(queries) + 1)]
    commits = [n for n, query in enumerate(queries, start=1) if _commits(query)]
    chosen += [(Fault.KILLED_AFTER, n) for n in commits if (Fault.KILLED_AFTER, n) not in chosen]
    chosen += [(Fault.SWALLOWED, n) for n in commits]
    for offset, fault in enumerate(fault for fault in faults if fault not in _KILLS):
        chosen += [(fault, n) for n in range(1 + offset, len(queries) + 1, others_each)]
    return chosen


def _is_quiet(query: str) -> bool:
    return query.lstrip().lower().startswith(_QUIET)


def _commits(query: str) -> bool:
    """Whether it ends with one, be it alone or the last of several in one message."""
    return query.strip("\0 ;").upper().endswith("COMMIT")
