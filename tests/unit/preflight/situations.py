"""Facts for tests of the decision: a resource, its database, its directory, in few words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dbmigrations.api.step import DataLoss, Direction, Requester
from dbmigrations.release.history import PartialMigration
from dbmigrations.release.migration import Kind
from dbmigrations.runner.preflight.decision import Planned, Refused, decide
from dbmigrations.runner.preflight.drafting import draft
from dbmigrations.runner.preflight.facts import Analysis, MigrationRef, Operation, OwnerRow, PreflightFacts, PrismaRow
from tests.unit.release.building import UID, Rel, SimulatedDatabase, directory

if TYPE_CHECKING:
    from dbmigrations.postgres.sql.classes import OperationClass
    from dbmigrations.release.directory import ReleaseDirectory

SHOP = directory(Rel("1.0.0", "schema:a", "sql:b"), Rel("1.1.0", "schema:c", "sql:d", "data:e"))
OTHER = OwnerRow("west/prod/shop", "uid-2")
GROWN = directory(Rel("1.0.0", "schema:a", "sql:b", "sql:x"))
LATE = directory(Rel("1.0.0", "schema:a", "sql:b"), Rel("1.0.1", "sql:x"), Rel("1.1.0", "schema:c", "sql:d", "data:e"))
ME = Requester(cluster="east", namespace="prod", name="shop", uid=UID, generation=3)
LAPTOP = Requester(cluster="", namespace="", name="", uid="", generation=0)
HARMLESS = Analysis()


class Analyses(Mapping[MigrationRef, Analysis]):
    """What the scripts do: harmless, but for those that are named, `up:d` or `down:d`."""

    def __init__(self, named: dict[str, Analysis] | None = None) -> None:
        self._named = named or {}

    def __getitem__(self, ref: MigrationRef) -> Analysis:
        _, name, direction = ref
        return self._named.get(f"{direction.value.lower()}:{name}", HARMLESS)

    def __iter__(self) -> Iterator[MigrationRef]:
        return iter(())

    def __len__(self) -> int:
        return len(self._named)


def does(operation: OperationClass, text: str = "does it") -> Analysis:
    return Analysis(operations=(Operation(operation, 4, text),))


def loses(rows: int = 0, values: int = 0, *, unknown: bool = False, estimated: bool = False) -> Analysis:
    return replace(HARMLESS, loss=DataLoss(rows=rows, values=values, unknown=unknown, estimated=estimated))


def facts_of(
    source: ReleaseDirectory,
    database: SimulatedDatabase,
    version: str,
    **changes: Any,  # noqa: ANN401 - any field of the facts
) -> PreflightFacts:
    """What preflight knows of a database that is empty but for what was migrated, asked for a version."""
    facts = PreflightFacts(
        requester=ME,
        version=version,
        directory=source,
        history=database.history(changes.get("approved_plan", "")),
        database_is_empty=not database.rows,
        analyses=Analyses(),
    )
    return replace(facts, **changes)


def at(version: str, source: ReleaseDirectory = SHOP, uid: str = UID) -> SimulatedDatabase:
    """A database that a resource migrated to a version, every step of it."""
    database = SimulatedDatabase()
    requester = ME.model_copy(update={"uid": uid})
    run_all(database, facts_of(source, database, version, requester=requester), uid=uid)
    return database


def run_all(database: SimulatedDatabase, facts: PreflightFacts, *, run: str = "run-1", uid: str = UID) -> Planned:
    """Decide, and do every step of what was planned."""
    decision = decide(facts)
    assert isinstance(decision, Planned), decision
    for step in decision.steps:
        database.step(decision.plan, step, run=run, uid=uid, approval=decision.approval)
    return decision


def refused(facts: PreflightFacts) -> Refused:
    """The refusal that these facts lead to."""
    decision = decide(facts)
    assert isinstance(decision, Refused), decision
    return decision


def planned(facts: PreflightFacts) -> Planned:
    """The plan that these facts lead to."""
    decision = decide(facts)
    assert isinstance(decision, Planned), decision
    return decision


def approving(facts: PreflightFacts) -> PreflightFacts:
    """The same facts with the approval of exactly their plan."""
    plan = draft(facts)
    assert plan is not None
    return replace(facts, approved_plan=plan.hash)


def moves(decision: Planned) -> str:
    """The steps in short: `B`, `V1.0.0`, `SQL(ab)`; a down in small letters."""
    words = []
    for step in decision.steps[1:]:
        members = [decision.plan.migrations[i] for i in step.migrations] if step.name.value != "Baseline" else []
        names = "".join(member.name for member in members)
        word = step.name.value
        if members and members[0].direction is Direction.DOWN:
            word = word.lower()
        words.append(f"{word}({names})" if names else f"{word}{step.release}")
    return " ".join(words)


def prisma(name: str, *, finished: bool = True, rolled_back: bool = False, of: ReleaseDirectory = SHOP) -> PrismaRow:
    known = of.migration(Kind.SCHEMA, name)
    return PrismaRow(name, known.up.raw_checksum if known else "0" * 64, finished, rolled_back)


def half(direction: Direction = Direction.UP, *, safe: bool = False, name: str = "d") -> PartialMigration:
    return PartialMigration(Kind.SQL, name, "1.1.0", direction, "u", "d" if safe else "", safe, 0, ME.uid, "run-9")


def baselining(*rows: PrismaRow, version: str = "1.0.0", baseline: str = "1.0.0") -> PreflightFacts:
    return facts_of(SHOP, SimulatedDatabase(), version, baseline=baseline, database_is_empty=False, prisma=tuple(rows))
