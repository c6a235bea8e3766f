"""The sequence of steps of a plan: what the run row stores and every result's `next` is taken from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from dbmigrations.api.step import StepRef
from dbmigrations.api.words import PlanDirection, StepName
from dbmigrations.release.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.history import DatabaseHistory
    from dbmigrations.release.migration import Key
    from dbmigrations.release.plan import Plan, PlannedMigration


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step. Preflight is the one with ordinal 0; the position in the sequence equals the ordinal."""

    ordinal: int
    name: StepName
    release: str = ""
    migrations: tuple[int, ...] = ()
    """Indexes into the plan's migrations, consecutive; of Baseline: into the plan's `baselined`."""

    @property
    def ref(self) -> StepRef:
        """As the request and the result name it."""
        return StepRef(name=self.name, release=self.release, ordinal=self.ordinal)


Steps = tuple[PlannedStep, ...]


def next_ref(steps: Steps, ordinal: int) -> StepRef | None:
    """The step after one; None: the run is over."""
    return steps[ordinal + 1].ref if ordinal + 1 < len(steps) else None


@dataclass(frozen=True, slots=True)
class Journey:
    """What the steps depend on beside the plan."""

    directory: ReleaseDirectory
    history: DatabaseHistory
    target: Version | None
    """None: a run is undone; the release arrived at follows from what is left."""
    baseline: str = ""
    """The release that the Baseline step records; empty: there is no such step."""
    takes_backup: bool = True
    verifies_anyway: bool = False
    """A plan without migrations still verifies the target."""


def sequence(plan: Plan, journey: Journey) -> Steps:
    """All steps of a run, Preflight included."""
    steps = [_Step(StepName.PREFLIGHT), *_opening(plan, journey), *_work(plan, journey)]
    return tuple(PlannedStep(i, step.name, step.release, step.migrations) for i, step in enumerate(steps))


@dataclass(frozen=True, slots=True)
class _Step:
    name: StepName
    release: str = ""
    migrations: tuple[int, ...] = ()


def _opening(plan: Plan, journey: Journey) -> Iterator[_Step]:
    """Where the database stands, recorded and verified before anything moves."""
    if journey.baseline:
        yield _Step(StepName.BASELINE, journey.baseline, tuple(range(len(plan.baselined))))
        yield _Step(StepName.VERIFY, journey.baseline)
    elif plan.direction is PlanDirection.UP:
        release = _standing(journey.directory, {(kind, name) for kind, name, _ in plan.base})
        if release is not None and not _is_verified(release, journey.history):
            yield _Step(StepName.VERIFY, release.text)


def _work(plan: Plan, journey: Journey) -> Iterator[_Step]:
    if not plan.migrations:
        if journey.verifies_anyway and journey.target and journey.target.text != journey.baseline:
            yield _Step(StepName.VERIFY, journey.target.text)
        return
    if journey.takes_backup:
        yield _Step(StepName.BACKUP)
    split = len(plan.downs)
    applied = {(kind, name) for kind, name, _ in plan.base}
    yield from _groups(plan.downs, 0)
    applied -= {migration.key for migration in plan.downs}
    if plan.downs:
        arrived = _arrival(plan, journey, applied)
        if arrived is not None:
            yield _Step(StepName.VERIFY, arrived.text)
    if plan.ups and journey.target is not None:
        yield from _upwards(plan.ups, split, journey, applied, journey.target)


def _arrival(plan: Plan, journey: Journey, left: set[Key]) -> Version | None:
    """The release that the downs arrive at; None: they end between two releases."""
    if journey.target is not None and not plan.ups:
        return journey.target
    standing = _standing(journey.directory, left)
    if standing is None or journey.target is not None:
        return standing
    # Undoing a run ends where it began, which may be a release above `standing` that has no migrations.
    whole = {
        release.version.text
        for release in journey.directory.releases
        if release.version >= standing and all(m.key in left for m in journey.directory.up_to(release.version))
    }
    began = next((row.version for row in reversed(journey.history.verified) if row.version in whole), None)
    return standing if began is None else Version.parse(began)


def _upwards(
    ups: Sequence[PlannedMigration], offset: int, journey: Journey, applied: set[Key], target: Version
) -> Iterator[_Step]:
    """Release by release; each is verified as soon as nothing of a later one stands without its fellows."""
    newest = journey.history.newest_verified
    passed = [Version.parse(newest.version)] if newest else []
    passed += [Version.parse(journey.baseline)] if journey.baseline else []
    start = max(passed, default=None)
    verified: Version | None = None
    done = 0
    grouped = {version: list(members) for version, members in groupby(ups, key=lambda m: m.release)}
    for release in journey.directory.releases:
        if release.version > target:
            break
        of_release = grouped.get(release.version.text, [])
        yield from _groups(of_release, offset + done)
        done += len(of_release)
        applied |= {m.key for m in of_release}
        only_asserts = not release.migrations and bool(release.assertions)
        if not of_release and not (only_asserts and (start is None or release.version > start)):
            continue
        standing = _standing(journey.directory, applied)
        if standing is None and applied:
            continue  # something of a later release is applied already: verified when that one is whole again
        reached = release.version if standing is None else max(standing, release.version)
        yield _Step(StepName.VERIFY, reached.text)
        verified = reached
    if verified != target:
        yield _Step(StepName.VERIFY, target.text)


def _groups(migrations: Sequence[PlannedMigration], offset: int) -> Iterator[_Step]:
    """Neighbours of one release and kind share a step."""
    numbered = enumerate(migrations, start=offset)
    for (release, kind), members in groupby(numbered, key=lambda pair: (pair[1].release, pair[1].kind)):
        yield _Step(kind.step, release, tuple(index for index, _ in members))


def _standing(directory: ReleaseDirectory, applied: set[Key]) -> Version | None:
    """The highest release of which something is applied, where it and all below it are whole; else None."""
    known = [position for key in applied if (position := directory.position(key)) is not None]
    if not known:
        return None
    highest = directory.migrations[max(known)].release
    return highest if len(known) == len(directory.up_to(highest)) else None


def _is_verified(release: Version, history: DatabaseHistory) -> bool:
    newest = history.newest_verified
    if newest is None or history.newest_change > newest.history_id:
        return False
    return Version.parse(newest.version) >= release
