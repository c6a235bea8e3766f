"""Release directories and databases for tests, made in memory and in few words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dbmigrations.api.step import Direction, StepName
from dbmigrations.release import checksum
from dbmigrations.release.directory import ReleaseDirectory
from dbmigrations.release.history import (
    AppliedMigration,
    AppliedOutcome,
    ApprovedChange,
    DatabaseHistory,
    PartialMigration,
    UndoneMigration,
    VerifiedVersion,
)
from dbmigrations.release.migration import Assertion, Kind, Migration, Release, Script
from dbmigrations.release.versions import Version

if TYPE_CHECKING:
    from dbmigrations.release.migration import Key
    from dbmigrations.release.plan import Plan, PlannedMigration
    from dbmigrations.release.steps import PlannedStep

UID = "uid-1"


def script(path: str, text: str) -> Script:
    raw = text.encode()
    return Script(path, text, checksum.canonical(raw), checksum.of_bytes(raw), checksum.line_end_variants(raw))


def key(word: str) -> Key:
    """`sql:b` is the SQL migration named b; so is plain `b`."""
    kind, _, name = word.rpartition(":")
    return Kind(kind or "sql"), name


@dataclass(frozen=True)
class Rel:
    """A release in few words: `Rel("1.0.0", "schema:a", "b!", "c~")`; `!` has no down, `~` is declared irreversible."""

    version: str
    words: tuple[str, ...]
    baseline: bool = False
    breaking: str | None = None
    verify: tuple[str, ...] = ()

    def __init__(
        self,
        version: str,
        *words: str,
        baseline: bool = False,
        breaking: str | None = None,
        verify: tuple[str, ...] = (),
    ) -> None:
        object.__setattr__(self, "version", version)
        object.__setattr__(self, "words", words)
        object.__setattr__(self, "baseline", baseline)
        object.__setattr__(self, "breaking", breaking)
        object.__setattr__(self, "verify", verify)


def directory(*releases: Rel, edited: tuple[str, ...] = (), other_downs: tuple[str, ...] = ()) -> ReleaseDirectory:
    """A release directory; `edited` names have another up than usual, `other_downs` another down."""
    line = 1
    built: list[Release] = []
    for release in releases:
        line += 1
        start, migrations = line, []
        for word in release.words:
            line += 1
            migrations.append(_migration(word, release.version, line, edited, other_downs))
        built.append(
            Release(
                version=Version.parse(release.version),
                description="",
                baseline=release.baseline,
                breaking=release.breaking,
                compatibility=(),
                migrations=tuple(migrations),
                assertions=tuple(
                    Assertion(name, Version.parse(release.version), script(f"{name}.sql", "select true"), "l", line)
                    for name in release.verify
                ),
                file="releases.yaml",
                line=start,
            )
        )
    return ReleaseDirectory(Path("/nowhere"), tuple(built))


def _migration(word: str, release: str, line: int, edited: tuple[str, ...], other_downs: tuple[str, ...]) -> Migration:
    kind, name = key(word.rstrip("!~"))
    up = f"SELECT 1; -- up {name}" + (" edited" if name in edited else "")
    down = f"SELECT 1; -- down {name}" + (" other" if name in other_downs else "")
    return Migration(
        kind=kind,
        name=name,
        release=Version.parse(release),
        up=script(f"{kind}/{name}.sql", up),
        down=None if word[-1] in "!~" else script(f"{kind}/{name}.down.sql", down),
        irreversible="it cannot be" if word.endswith("~") else None,
        file="releases.yaml",
        line=line,
    )


@dataclass(frozen=True)
class Row:
    """A history row that counts."""

    id: int
    direction: Direction
    outcome: str
    kind: Kind
    name: str
    release: str
    up: str
    down: str
    uid: str
    run: str
    approval: str

    @property
    def key(self) -> Key:
        return self.kind, self.name


@dataclass
class SimulatedDatabase:
    """A database that remembers what was done to it, as the real tables do."""

    rows: list[Row] = field(default_factory=list)
    verified: list[VerifiedVersion] = field(default_factory=list)
    partial: list[PartialMigration] = field(default_factory=list)

    def do(self, migration: PlannedMigration, *, run: str = "run-1", uid: str = UID, approval: str = "") -> None:
        """Apply or undo one migration."""
        m = migration
        outcome = "Applied" if m.direction is Direction.UP else "Undone"
        self.partial = [p for p in self.partial if p.key != m.key]
        self.rows.append(
            Row(self.newest + 1, m.direction, outcome, m.kind, m.name, m.release, m.up, m.down, uid, run, approval)
        )

    def baseline(self, plan: Plan, release: str, *, uid: str = UID, run: str = "run-1") -> None:
        """Record what was there."""
        for kind, name, up in plan.baselined:
            self.rows.append(Row(self.newest + 1, Direction.UP, "Baselined", kind, name, release, up, "", uid, run, ""))

    def verify(self, version: str, uid: str = UID) -> None:
        """A passed Verify."""
        self.verified.append(VerifiedVersion(version, uid, self.newest))

    def step(self, plan: Plan, step: PlannedStep, *, run: str = "run-1", uid: str = UID, approval: str = "") -> None:
        """Do one step of a plan as the runner does."""
        match step.name:
            case StepName.VERIFY:
                self.verify(step.release, uid)
            case StepName.SCHEMA | StepName.SQL | StepName.DATA:
                for index in step.migrations:
                    self.do(plan.migrations[index], run=run, uid=uid, approval=approval)
            case StepName.BASELINE:
                self.baseline(plan, step.release, uid=uid, run=run)
            case StepName.PREFLIGHT | StepName.BACKUP:
                pass

    @property
    def newest(self) -> int:
        return self.rows[-1].id if self.rows else 0

    @property
    def applied_keys(self) -> list[Key]:
        """What is applied, in the order of application."""
        return [row.key for row in self.history().applied]

    def history(self, approved_plan: str = "") -> DatabaseHistory:
        """The facts that the engine would read."""
        newest = {row.key: row for row in self.rows}
        current = sorted(newest.values(), key=lambda row: row.id)
        return DatabaseHistory(
            applied=tuple(self._applied(row) for row in current if row.outcome != "Undone"),
            undone=tuple(
                UndoneMigration(row.kind, row.name, self._times(row), row.id)
                for row in current
                if row.outcome == "Undone"
            ),
            partial=tuple(self.partial),
            verified=tuple(self.verified),
            newest_change=self.newest,
            approved_changes=tuple(
                self._approved(row) for row in self.rows if approved_plan and row.approval == approved_plan
            ),
        )

    def _applied(self, row: Row) -> AppliedMigration:
        return AppliedMigration(
            kind=row.kind,
            name=row.name,
            release=row.release,
            up_checksum=row.up,
            down_checksum=row.down,
            outcome=AppliedOutcome(row.outcome),
            uid=row.uid,
            run=row.run,
            times_applied=self._times(row),
            history_id=row.id,
            approved_plan=row.approval,
        )

    def _approved(self, row: Row) -> ApprovedChange:
        return ApprovedChange(
            direction=row.direction,
            kind=row.kind,
            name=row.name,
            release=row.release,
            up_checksum=row.up,
            down_checksum=row.down,
            nth=self._times(row),
            history_id=row.id,
        )

    def _times(self, upto: Row) -> int:
        return sum(row.key == upto.key and row.outcome != "Undone" and row.id <= upto.id for row in self.rows)
