"""The JSON document of each command, as models: what `--json` answers with.

docs/reference/json holds their schemas, generated from here; tests hold what the commands really say against them. The
commands themselves build plain dictionaries, so that none of them waits for models to be made.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from dbmigrations.api.step import BackupReport, PlanSummary

Kind = Literal["schema", "sql", "data"]
Direction = Literal["Up", "Down"]
Class = Literal["additive", "widening", "data", "restricting", "rewriting", "unknown", "destructive"]


class Part(BaseModel):
    """A part of a document. Fields are only ever added under the same format."""

    model_config = ConfigDict(extra="forbid")


class Document(Part):
    """What every document has."""

    format: Literal[1] = Field(description="The version of the documents' shape.")


class Error(Part):
    """Why a command did not do what it was asked for."""

    outcome: str = Field(description="Who acts next: Refused or Failed (a person), Waiting (try again later).")
    reason: str = Field(description="A word for programs, such as MigrationFailed or WaitingForDatabase.")
    message: str = Field(description="For people: what, where, and what helps.")
    exit: int = Field(description="The exit code.")


class ErrorDocument(Document):
    """The answer of any command that did not do what it was asked for."""

    error: Error


class Migration(Part):
    """A migration by its kind and name."""

    kind: Kind
    name: str


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


class PlannedMigration(Migration):
    """A migration that a plan applies or undoes."""

    release: str
    direction: Direction
    undo: Literal["Down", "None"] | None = Field(description="What undoes an up; null: it is itself an undoing.")
    path: str = Field(description="Of its script in the release directory; empty: not known.")
    operations: list[Operation]
    losses: list[str] = Field(description="For people, one line each.")
    backfill: str = Field(description="Which table a backfill walks, in which order, about how many rows; empty: none.")


class Refused(Part):
    """Why preflight would refuse a plan."""

    reason: str
    message: str


class Plan(Part):
    """A plan, whether it may run or not."""

    from_: str = Field(alias="from", description="The database's version; empty: none; `*`: changed since verified.")
    to: str
    hash: str | None = Field(description="What `--approve` approves; null: no plan can be formed.")
    summary: PlanSummary | None
    migrations: list[PlannedMigration]
    baselined: list[Migration] = Field(description="What would be recorded as applied before, and not run.")
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
    """`migrate`, `rollback`, `baseline`: what was run; without `run` and `steps` it was refused, or a dry run."""

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


class Checked(Part):
    """One thing that is not as it should be."""

    what: str = Field(description="edited, missing, moved, inserted, late, reordered, other down, drift, or tampered.")
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


class Problem(Part):
    """A finding of `validate`."""

    file: str
    message: str
    remedy: str
    line: int = Field(description="From 1; 0: the whole file.")
    column: int
    field: str
    severity: Literal["error", "warning"]


class Unreleased(Migration):
    """A migration that no release lists."""

    path: str


class Validate(Document):
    """`validate`."""

    command: Literal["validate"]
    valid: bool
    releases: list[str]
    migrations: int
    unreleased: list[Unreleased]
    problems: list[Problem]


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


class Version(Document):
    """`version`."""

    command: Literal["version"]
    database: str = Field(description="Empty: none; a trailing `*`: changed since its last passed verify.")
    expected: str
    agrees: bool
    applied: int
    owner: str
    postgresql: str
    dbmigrate: str


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


class VersionSet(Document):
    """`version set`."""

    command: Literal["version set"]
    version: str
    baselined: list[Migration]
    undone: list[Migration]
    recorded: bool


class HistoryRow(Migration):
    """A row of the history."""

    id: int
    release: str
    description: str
    direction: Direction
    outcome: Literal["Applied", "Undone", "Failed", "Baselined"]
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


class History(Document):
    """`history`."""

    command: Literal["history"]
    rows: list[HistoryRow]


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


class ReleaseCut(Document):
    """`release cut`."""

    command: Literal["release cut"]
    release: str
    file: str
    listed: list[str]
    written: bool


class New(Document):
    """`new`."""

    command: Literal["new"]
    kind: Literal["schema", "sql", "data", "verify"]
    name: str
    files: list[str]


class Init(Document):
    """`init`."""

    command: Literal["init"]
    files: list[str]


class Rehearsed(Migration):
    """A migration that was rehearsed."""

    release: str
    up: str
    down: str | None
    finding: str = Field(description="What came of it, in words.")
    details: list[str]
    moved: list[str] = Field(description="Tables whose columns stand in another order afterwards.")


class Rehearse(Document):
    """`rehearse`."""

    command: Literal["rehearse"]
    rehearsed: int
    findings: dict[str, int]
    not_inverse_rate: float
    migrations: list[Rehearsed]


class Docs(Document):
    """`docs`."""

    command: Literal["docs"]
    file: str
    agrees: bool = Field(description="Whether the page was what the ledger says.")
    written: bool


class Completion(Document):
    """`completion`."""

    command: Literal["completion"]
    shell: Literal["bash", "zsh", "fish"]
    script: str


DOCUMENTS: dict[str, type[Document]] = {
    "init": Init,
    "new": New,
    "validate": Validate,
    "plan": PlanDocument,
    "check": Check,
    "migrate": Run,
    "verify": Verify,
    "rollback": Run,
    "version": Version,
    "version diff": VersionDiff,
    "version set": VersionSet,
    "history": History,
    "history replace-down": ReplaceDown,
    "backup": Backup,
    "baseline": Run,
    "rehearse": Rehearse,
    "owner show": Owner,
    "owner take": Owner,
    "release cut": ReleaseCut,
    "docs": Docs,
    "completion": Completion,
}
"""The document of each command, by the command's words."""


def schema_of(command: str) -> dict[str, object]:
    """The JSON Schema of what a command answers with `--json`: its document, or the error that every command has.

    It lets fields be that it does not know: a newer program may add some.
    """
    answer: Any = DOCUMENTS[command] | ErrorDocument
    made: dict[str, Any] = _open(TypeAdapter(answer).json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"dbmigrate {command} --json", **made}


def _open(schema: Any) -> Any:  # noqa: ANN401 - JSON
    match schema:
        case dict():
            closed = schema.get("additionalProperties") is False
            return {key: _open(each) for key, each in schema.items() if not (closed and key == "additionalProperties")}
        case list():
            return [_open(each) for each in schema]
        case _:
            return schema


def schema_file(command: str) -> str:
    """The name of its file in docs/reference/json."""
    return f"{command.replace(' ', '-')}.schema.json"
