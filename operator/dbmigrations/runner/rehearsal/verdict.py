"""What a rehearsal says of one migration. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from dbmigrations.postgres.catalog.difference import Change, compare, moved_columns
from dbmigrations.postgres.catalog.layout import is_of_layout
from dbmigrations.postgres.catalog.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.postgres.catalog.difference import Difference
    from dbmigrations.postgres.catalog.snapshot import Snapshot
    from dbmigrations.release.migration import Migration


class Finding(StrEnum):
    """How it went."""

    INVERSE = "inverse"  # down brought back what was there, up made the same again
    NO_DOWN = "no down"
    NOT_INVERSE = "not an inverse"  # the down runs, and leaves something else
    NOT_REPEATABLE = "not repeatable"  # up, after its down, fails or makes something else
    DOWN_FAILED = "down failed"
    UP_FAILED = "up failed"


GOOD = frozenset({Finding.INVERSE, Finding.NO_DOWN})
"""Those that are no fault."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One migration's rehearsal."""

    migration: Migration
    finding: Finding
    details: tuple[str, ...] = ()
    """What is not as it was, object by object, or why a script failed."""
    moved: tuple[str, ...] = ()
    """Tables whose columns stand in another order after the down: no fault, for a column made again stands last."""
    laid_out: tuple[str, ...] = ()
    """Routines whose text differs in white space and comments after the down: no fault, for they do the same."""

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.finding in GOOD

    @property
    def path(self) -> str:
        """The script that is at fault, or the up."""
        down = self.migration.down
        at_fault = self.finding in {Finding.NOT_INVERSE, Finding.DOWN_FAILED, Finding.NOT_REPEATABLE}
        return down.path if at_fault and down else self.migration.up.path


def after_down(migration: Migration, before: Snapshot, after: Snapshot) -> Verdict:
    """What a down that ran through left behind, did not bring back, or brought back otherwise."""
    every = compare(before, after)
    differences = [each for each in every if not is_of_layout(each)]
    finding = Finding.NOT_INVERSE if differences else Finding.INVERSE
    laid_out = tuple(f"{each.subject.kind} {each.subject.name}" for each in every if is_of_layout(each))
    return Verdict(migration, finding, tuple(map(_told, differences)), moved_columns(before, after), laid_out)


def after_up_again(verdict: Verdict, first: Snapshot, second: Snapshot) -> Verdict:
    """The verdict, worse where the second up made something else than the first."""
    differences = [each for each in compare(first, second) if not is_of_layout(each)]
    if not differences or not verdict.is_good:
        return verdict
    details = tuple(f"after the second up: {sentence(each)}" for each in differences)
    return replace(verdict, finding=Finding.NOT_REPEATABLE, details=details)


def are_alike(one: Snapshot, other: Snapshot) -> bool:
    """But for the layout of routines."""
    return all(is_of_layout(each) for each in compare(one, other))


def rate(verdicts: Sequence[Verdict]) -> float:
    """How many of the downs that ran through are no inverse; 0 where there is none."""
    ran = [each for each in verdicts if each.finding in {Finding.INVERSE, Finding.NOT_INVERSE, Finding.NOT_REPEATABLE}]
    return sum(each.finding is Finding.NOT_INVERSE for each in ran) / len(ran) if ran else 0.0


def _told(difference: Difference) -> str:
    subject = f"{difference.subject.kind} {difference.subject.name}"
    match difference.change:
        case Change.ADDED:
            return f"{subject} is left behind"
        case Change.REMOVED:
            return f"{subject} is not brought back"
        case Change.CHANGED:
            return f"{sentence(difference)} (before the up → after the down)"
