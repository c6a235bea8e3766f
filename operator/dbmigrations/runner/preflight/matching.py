"""Which of the ledger's migrations a tool's versions are: by the file's name where that is recorded, else by number.

A number is what a name begins with: `20260101000000_init` and `00003_init` in full; `20260101_0900_name` to the minute,
for that is all that it says. A version of a tool is taken for one migration, and a migration for one version. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbmigrations.postgres.predecessors.telling import version_key
from dbmigrations.release.migration import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dbmigrations.postgres.predecessors.telling import Recorded
    from dbmigrations.release.migration import Key, Migration

_SECOND, _MINUTE, _DAY = 14, 12, 8
"""Digits of a moment that is written so far."""


@dataclass(frozen=True)
class Matched:
    """What was found for each other."""

    known: dict[Key, Recorded]
    unknown: tuple[Recorded, ...]
    """Versions of the tool that no line of the ledger has."""


def match(migrations: Sequence[Migration], recorded: Sequence[Recorded]) -> Matched:
    """Find each version's migration among those of a whole ledger."""
    by_name = {_bare(migration.name): migration for migration in migrations}
    by_number: dict[tuple[bool, int], list[Migration]] = defaultdict(list)
    for migration in migrations:
        by_number[migration.kind is Kind.SCHEMA, leading_number(migration)].append(migration)
    known: dict[Key, Recorded] = {}
    unknown: list[Recorded] = []
    for each in sorted(recorded, key=lambda one: _bare_script(one.script) not in by_name):
        named = by_name.get(_bare_script(each.script)) if each.script else None
        candidates = [named] if named else [m for place in _places(each.version) for m in by_number.get(place, ())]
        found = next((migration for migration in candidates if migration.key not in known), None)
        if found is None:
            unknown.append(each)
        else:
            known[found.key] = each
    return Matched(known, tuple(unknown))


def leading_number(migration: Migration) -> int:
    """What its name begins with, as one number; the hour and minute of a dated name belong to it."""
    first, _, rest = migration.name.partition("_")
    return _number(first if migration.kind is Kind.SCHEMA else first + rest.partition("_")[0])


def moment(number: int) -> int:
    """A number to be compared with others: a date, or a date and a minute, becomes the second that it begins with."""
    digits = len(str(number))
    return number * 10 ** (_SECOND - digits) if digits in {_DAY, _MINUTE} else number


def is_moment(number: int) -> bool:
    """Whether it is the kind of number that begins with a date, and does not just count."""
    return len(str(moment(number))) == _SECOND


def number_of(version: str) -> int | None:
    """A tool's version as one number; None: it is none. `20260101.0900` is one, `1.1` is two."""
    key = version_key(version)
    if not key:
        return None
    if len(key) == 1:
        return key[0]
    joined = re.sub(r"[._-]", "", version)
    first = re.split(r"[._-]", version)[0]
    return int(joined) if len(first) == _DAY and len(joined) in {_MINUTE, _SECOND} else None


def _places(version: str) -> Iterator[tuple[bool, int]]:
    """Where a version's migration may stand: the exact number first."""
    number = number_of(version)
    if number is None:
        return
    yield True, number
    match len(str(number)):
        case 14:
            yield False, number // 100
        case 12:
            yield False, number
            yield True, number * 100
        case 8:
            yield False, number * 10_000
            yield True, number * 1_000_000
        case _:
            return


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _bare(name: str) -> str:
    return re.sub(r"_+", "_", name.lower()).lstrip("0")


def _bare_script(script: str) -> str:
    """`V1_1__more.sql`, as Flyway names files, in the manner of the ledger's names."""
    stem = re.sub(r"\.[A-Za-z]+\Z", "", script.replace("\\", "/").rpartition("/")[2])
    return _bare(re.sub(r"[.\s]", "_", stem[1:] if stem[:1] in {"V", "v"} else stem))
