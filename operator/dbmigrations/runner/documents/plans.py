"""Documents about a plan: made, refused, run, or compared between two versions."""

from typing import Literal

from pydantic import Field

from dbmigrations.api.step import BackupReport, PlanSummary
from dbmigrations.runner.documents.parts import Class, Direction, Document, Migration, Part


class Operation(Part):
    """One thing that a statement of a migration does."""

    class_: Class = Field(alias="class", description="What it does to what exists.")
    line: int = Field(description="Of the statement in its script, from 1; 0: not known.")
    column: int = Field(description="Of the statement, from 1; 0: not known.")
    statement: int = Field(description="Which statement of the script, from 1; 0: not known.")
    what: str = Field(description="For people, without literals: `drop column orders.note`.")
    why: str = Field(description="Why it is of this class.")
    safer: str = Field(description="How to write it with less risk; empty: nothing better is known.")
    declared: str = Field(description="The reason of the author who declared the class; empty: it was read.")
    rows: Literal["none", "read", "emptied", "indexed", "rewritten"] = Field(
        description="What becomes of the rows of the relation while the lock is held."
    )
    lock: str | None = Field(description="The strongest lock on what exists: `ACCESS EXCLUSIVE`; null: none.")
    relation: str | None = Field(description="What the lock is on; null: not known.")
    bytes: int | None = Field(description="Of that relation now, with indexes and TOAST; null: not known.")
    undo: Literal["Down", "WithoutData", "None"] | None = Field(
        description="What undoes it: its down; its down, but not the data; nothing. null: it is itself an undoing."
    )


class HalfDone(Part):
    """How far a migration came that is taken up where it stopped."""

    ran: list[int] = Field(description="The statements of its script that ran, from 1: `operations` has the others.")
    statements: int = Field(description="How many it has.")
    next: int | None = Field(description="The statement with which it goes on, from 1; null: none is left.")
    line: int | None = Field(description="Of that one; null: none is left.")
    begun: bool = Field(description="Whether that one was sent before, and nobody knows yet whether it took effect.")


class PlannedMigration(Migration):
    """A migration that a plan applies or undoes."""

    release: str
    direction: Direction
    undo: Literal["Down", "None"] | None = Field(description="What undoes an up; null: it is itself an undoing.")
    path: str = Field(description="Of its script in the release directory; empty: not known.")
    operations: list[Operation]
    half_done: HalfDone | None = Field(description="null: it runs from its beginning.")
    losses: list[str] = Field(description="For people, one line each.")
    backfill: str = Field(description="Which table a backfill walks, in which order, about how many rows; empty: none.")


class Refused(Part):
    """Why preflight would refuse a plan."""

    reason: str
    message: str


class Predecessor(Part):
    """A tool that migrated the database before, as its own table says."""

    tool: Literal["Prisma", "Flyway", "dbmate", "golang-migrate", "Rails", "goose"]
    table: str
    migrations: int | None = Field(description="How many it records; null: only the newest, or it cannot be read.")
    newest: str = Field(description="The newest version that it records; empty: none.")
    agrees_with: str = Field(description="The release that its record is of; empty: none, or it cannot be told.")


class Plan(Part):
    """A plan, whether it may run or not."""

    from_: str = Field(alias="from", description="The database's version; empty: none; `*`: changed since verified.")
    to: str
    hash: str | None = Field(description="What `--approve` approves; null: no plan can be formed.")
    summary: PlanSummary | None
    migrations: list[PlannedMigration]
    baselined: list[Migration] = Field(description="What would be recorded as applied before, and not run.")
    predecessors: list[Predecessor] = Field(
        description="Whose tables are there, where a database without a history of ours is adopted."
    )
    steps: list[str] = Field(description="The steps after preflight, in order.")
    notes: list[str]
    refused: Refused | None


class Step(Part):
    """A step of a run, as it ended."""

    name: str
    release: str
    outcome: Literal["Succeeded", "Refused", "Failed", "Waiting"]
    reason: str | None
    message: str
    applied: int
    backup: BackupReport | None


class Run(Document):
    """`migrate`, `rollback`, `baseline`: what was run; without `run` and `steps` it was refused, or a dry run.

    With no steps there was nothing to do.
    """

    command: Literal["migrate", "rollback", "baseline"]
    exit: int
    version: str | None = Field(description="The database's version afterwards; null: it could not be read.")
    plan: Plan
    run: str | None = Field(default=None, description="The id of the run.")
    steps: list[Step] | None = None
    dry_run: Literal[True] | None = None


class PlanDocument(Document):
    """`plan`."""

    command: Literal["plan"]
    plan: Plan


class DiffRelease(Part):
    """A release between two versions."""

    version: str
    description: str
    baseline: bool
    breaking: str | None
    compatibility: dict[str, str]
    migrations: list[Migration]


class VersionDiff(Document):
    """`version diff`."""

    command: Literal["version diff"]
    releases: list[DiffRelease]
    plan: Plan
