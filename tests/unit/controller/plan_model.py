"""The releases of the model, and the runner's way of making a sequence of steps out of two sets of migrations."""

from collections.abc import Iterable
from dataclasses import dataclass

from dbmigrations.api.step import Direction, PlanDirection, StepName, StepRef

RELEASES = ("1.0.0", "1.1.0", "1.2.0")
KINDS = (StepName.SCHEMA, StepName.SQL, StepName.DATA)


@dataclass(frozen=True)
class Migration:
    release: str
    kind: StepName
    name: str
    lossy: bool = False


CATALOG = (
    Migration("1.0.0", StepName.SCHEMA, "init"),
    Migration("1.0.0", StepName.SQL, "row_level_security"),
    Migration("1.1.0", StepName.SCHEMA, "add_projects"),
    Migration("1.1.0", StepName.SCHEMA, "add_members"),
    Migration("1.1.0", StepName.SQL, "projects_rls"),
    Migration("1.1.0", StepName.DATA, "backfill_owner"),
    Migration("1.2.0", StepName.SCHEMA, "drop_column", lossy=True),
)


@dataclass(frozen=True)
class Work:
    """One step of a stored plan, and the migrations that it applies or undoes."""

    step: StepRef
    migrations: tuple[Migration, ...] = ()
    direction: Direction = Direction.UP


def sets(applied: list[Migration], version: str) -> tuple[list[Migration], list[Migration]]:
    """What is to be undone, newest first, and what is to be applied."""
    wanted = RELEASES[: RELEASES.index(version) + 1]
    downs = [one for one in reversed(applied) if one.release not in wanted]
    ups = [one for one in CATALOG if one.release in wanted and one not in applied]
    return downs, ups


def arrival(left: Iterable[Migration]) -> str:
    """The newest release of which something is left; empty: nothing is."""
    releases = {one.release for one in left}
    return next((release for release in reversed(RELEASES) if release in releases), "")


def sequence(
    downs: list[Migration], ups: list[Migration], *, backup: bool, arrival: str, verified: str
) -> tuple[Work, ...]:
    """Backup; downs by release and kind, mirrored; one Verify of the release arrived at; ups, each release verified."""
    stages: list[tuple[StepName, str, tuple[Migration, ...], Direction]] = []
    if backup and (downs or ups):
        stages.append((StepName.BACKUP, "", (), Direction.UP))
    for release in reversed(RELEASES):
        for kind in reversed(KINDS):
            group = _group(downs, release, kind)
            if group:
                stages.append((kind, release, group, Direction.DOWN))
    if arrival and not ups and (downs or verified != arrival):
        stages.append((StepName.VERIFY, arrival, (), Direction.UP))
    for release in RELEASES:
        groups = [(kind, group) for kind in KINDS if (group := _group(ups, release, kind))]
        stages += [(kind, release, group, Direction.UP) for kind, group in groups]
        if groups:
            stages.append((StepName.VERIFY, release, (), Direction.UP))
    return tuple(
        Work(StepRef(name=name, release=release, ordinal=place), group, way)
        for place, (name, release, group, way) in enumerate(stages, start=1)
    )


def direction(downs: list[Migration], ups: list[Migration]) -> PlanDirection:
    if downs:
        return PlanDirection.MIXED if ups else PlanDirection.DOWN
    return PlanDirection.UP if ups else PlanDirection.NONE


def loses(one: Migration, way: Direction) -> bool:
    """Dropping a column loses it; undoing what created something loses what is in it."""
    return one.lossy == (way is Direction.UP)


def _group(migrations: list[Migration], release: str, kind: StepName) -> tuple[Migration, ...]:
    return tuple(one for one in migrations if (one.release, one.kind) == (release, kind))
