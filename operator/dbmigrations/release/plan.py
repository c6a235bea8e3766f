"""A plan: what is applied now, what will be undone and applied, in order, and the hash that an approval names.

The hash is sha256 over canonical JSON of {format, base, plan}. No times, run ids, sizes, spec or chain are in it, so
that `dbmigrate plan --offline` in a pull request gives the hash that preflight will give.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction, PlanDirection
from dbmigrations.release.kind import Key, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = 1
"""The version of what the hash is made of."""

BaseEntry = tuple[Kind, str, str]
"""Kind, name and up checksum of an applied migration."""


@dataclass(frozen=True, slots=True)
class PlannedMigration:
    """One migration that the plan applies or undoes."""

    release: str
    kind: Kind
    name: str
    direction: Direction
    nth: int
    """How often it will have been applied: with this time (up), or as a whole until now (down)."""
    up: str
    """Canonical checksum: from the directory for ups, from the history for downs."""
    down: str
    """Canonical checksum; empty: there is none."""

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name


@dataclass(frozen=True)
class Plan:
    """What a run will do. Downs stand before ups."""

    base: tuple[BaseEntry, ...]
    """Everything applied before the first step, sorted; migrations that the Baseline step records are included."""
    migrations: tuple[PlannedMigration, ...]
    baselined: tuple[BaseEntry, ...] = ()
    """The part of the base that the Baseline step records, in ledger order. Not in the hash: the base holds it."""

    @cached_property
    def hash(self) -> str:
        """`sha256:` and 64 hex digits."""
        return plan_hash(self.base, self.migrations)

    @property
    def direction(self) -> PlanDirection:
        """Which way it goes."""
        match {migration.direction for migration in self.migrations}:
            case directions if len(directions) > 1:
                return PlanDirection.MIXED
            case directions if Direction.UP in directions:
                return PlanDirection.UP
            case directions if Direction.DOWN in directions:
                return PlanDirection.DOWN
            case _:
                return PlanDirection.NONE

    @property
    def ups(self) -> tuple[PlannedMigration, ...]:
        """What it applies, in order."""
        return tuple(m for m in self.migrations if m.direction is Direction.UP)

    @property
    def downs(self) -> tuple[PlannedMigration, ...]:
        """What it undoes, in order."""
        return tuple(m for m in self.migrations if m.direction is Direction.DOWN)

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that it touches, each once, in the order in which they are reached."""
        return tuple(dict.fromkeys(migration.release for migration in self.migrations))


def plan_hash(base: Sequence[BaseEntry], migrations: Sequence[PlannedMigration]) -> str:
    """The hash of a plan; `base` may come in any order."""
    document = {
        "format": FORMAT,
        "base": sorted([kind.value, name, checksum] for kind, name, checksum in base),
        "plan": [[m.release, m.kind.value, m.name, m.direction.value, m.nth, m.up, m.down] for m in migrations],
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{sha256(text.encode()).hexdigest()}"
