"""Documents about what a database says of itself, and about what is recorded in it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from dbmigrations.api.step import BackupReport
from dbmigrations.runner.documents.parts import Class, Direction, Document, Kind, Migration, Part
from dbmigrations.runner.documents.plans import Plan


class Checked(Part):
    """One thing that is not as it should be."""

    what: str = Field(
        description="edited, missing, moved, inserted, late, reordered, other down, half-done, drift, or tampered."
    )
    subject: str = Field(description="What --accept takes, where it can be accepted.")
    where: str = Field(description="`file:line`; empty: it is not in the directory.")
    version: str
    message: str
    remedy: str
    stands_in_the_way: bool


class Drift(Part):
    """Whether the database was changed by others."""

    since: Any = Field(description="What it is compared with.")
    unknown: str | None = Field(description="Why nothing can be said; null: it can.")


class Check(Document):
    """`check`."""

    command: Literal["check"]
    plan: Plan
    findings: list[Checked]
    drift: Drift


class ReplaceDown(Document):
    """`history replace-down`."""

    command: Literal["history replace-down"]
    kind: Kind
    name: str
    checksum: str
    reason: str


class Finding(Part):
    """An assertion that does not hold."""

    where: str = Field(description="`file:line:column`, or the name of an object.")
    message: str


class Verify(Document):
    """`verify`."""

    command: Literal["verify"]
    release: str
    holds: bool
    files: list[str]
    findings: list[Finding]


class HalfDone(Migration):
    """A migration of which a part ran."""

    release: str
    direction: Direction
    ran: list[int] = Field(description="The statements of its script that ran, from 1.")


class Version(Document):
    """`version`."""

    command: Literal["version"]
    database: str = Field(description="Empty: none; a trailing `*`: changed since its last passed verify.")
    expected: str
    agrees: bool
    applied: int
    half_done: list[HalfDone] = Field(description="Migrations of which a part ran: a run takes them up there.")
    owner: str
    postgresql: str
    dbmigrate: str


class VersionSet(Document):
    """`version set`."""

    command: Literal["version set"]
    version: str
    baselined: list[Migration]
    undone: list[Migration]
    drift: list[str]
    recorded: bool


class RecordedException(Part):
    """A reviewed exception, as its author wrote it before a statement."""

    line: int
    column: int
    directive: Literal["allow", "class"] = Field(description="Excepted from the policy, or declared to be of a class.")
    classes: list[Class]
    reason: str


class HistoryRow(Migration):
    """A row of the history."""

    id: int
    release: str
    description: str
    direction: Direction
    outcome: Literal["Applied", "Undone", "Failed", "Baselined", "Accepted", "DownReplaced"]
    checksum: str
    down_checksum: str
    run: str
    owner: str
    uid: str
    database_user: str
    requested_by: str
    git_revision: str
    approved_plan: str
    runner_version: str
    image_digest: str
    applied_at: datetime
    duration: float = Field(description="Seconds.")
    error: str | None
    sqlstate: str | None
    exceptions: list[RecordedException] = Field(description="What its script declared or excepted from the policy.")
    reason: str = Field(
        description="Why it was recorded (`version set`, `check --accept`, `history replace-down`); empty: it was run."
    )


class AcceptedRows(Part):
    """Somebody said that rows of the history, which were changed by hand, are right as they are."""

    up_to: int = Field(description="The id of the newest of them.")
    accepted_by: str
    reason: str
    accepted_at: datetime


class AcceptedDrift(Part):
    """Somebody said that what the database had become is right."""

    version: str = Field(description="The database's version then; empty: none was verified.")
    taken_by: str
    reason: str
    taken_at: datetime


class History(Document):
    """`history`."""

    command: Literal["history"]
    rows: list[HistoryRow]
    accepted_drift: list[AcceptedDrift] = Field(description="Newest first.")
    accepted_rows: list[AcceptedRows] = Field(description="Newest first.")


class Backup(Document):
    """`backup`."""

    command: Literal["backup"]
    backup: BackupReport


class Owner(Document):
    """`owner show` and `owner take`; an empty `owner`: nobody."""

    command: Literal["owner show", "owner take"]
    owner: str
    uid: str
    taken_by: str
    reason: str
    taken_at: datetime | None
