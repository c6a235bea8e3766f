"""Everything that preflight's decision needs to know, gathered before it is made. Frozen; no I/O, no clock.

How to fill it: first everything but `analyses` and `backup.problem`; ask `drafting.draft` for the plan; then look at
the scripts of exactly that plan (ups from the directory, downs from the history) and `replace` both fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dbmigrations.api.step import DataLoss, RequestedPolicy, Requester
from dbmigrations.api.words import BackupWhen, Direction, Trigger
from dbmigrations.postgres.catalog.drift import Drift
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.operations import Work
from dbmigrations.release.history import DatabaseHistory
from dbmigrations.release.migration import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dbmigrations.postgres.predecessors.telling import Predecessor
    from dbmigrations.postgres.sql.operations import LockMode
    from dbmigrations.release.directory import ReleaseDirectory


MigrationRef = tuple[Kind, str, Direction]
"""Which script of which migration."""


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """The owner as the database has it."""

    owner: str
    """`<cluster>/<namespace>/<name>`."""
    uid: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The newest run row of this requester's uid and generation."""

    run: str
    trigger: Trigger
    outcome: str
    """Running, Succeeded, Failed, Cancelled or Superseded."""
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class PrismaRow:
    """A row of `_prisma_migrations`."""

    name: str
    checksum: str
    """Raw sha256, hex, as Prisma wrote it."""
    finished: bool
    rolled_back: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """A statement, or a part of it, that preflight classified."""

    operation_class: OperationClass
    line: int
    """In the script, from 1; 0: not known."""
    text: str
    """For people: what it does to what, such as `DROP COLUMN orders.note`. No literals, no secrets."""
    column: int = 0
    statement: int = 0
    """Which of the script's statements, from 1; 0: not known."""
    why: str = ""
    """Why it is of this class, in a sentence."""
    safer: str = ""
    """How to write it with less risk; empty: nothing better is known."""
    lock: LockMode | None = None
    """The strongest lock that it takes on what exists; None: none."""
    work: Work = Work.NONE
    """What becomes of the rows while the lock is held."""
    relation: str = ""
    """What the lock is on, where that is known."""
    size: int | None = None
    """Bytes of that relation now, with its indexes, TOAST and partitions; None: not known, or it is not there."""
    declared: str = ""
    """Why the author says that it is of this class, where it cannot be read; empty: it was read."""
    exception: str = ""
    """Why the author excepts it from policy.operations; empty: he does not."""
    loses_data: bool = False
    """Whether its statement loses rows or values, or may: no down brings them back."""


@dataclass(frozen=True, slots=True)
class HalfDone:
    """How far a script came that is taken up where it stopped."""

    ran: tuple[int, ...]
    """The statements that ran, from 1."""
    statements: int
    """How many the script has."""
    next: int
    """The statement with which it goes on, from 1; 0: none is left."""
    line: int
    """Of that one; 0: none is left."""
    begun: bool
    """That one was sent before, and nobody wrote that it took effect: the database is asked."""
    edited: tuple[str, ...] = ()
    """For people, `file: statement 1`: those that ran and read otherwise now."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one script does, and what it would lose in this database."""

    operations: tuple[Operation, ...] = ()
    """Without those of statements that ran before."""
    loss: DataLoss = field(default_factory=DataLoss)
    losses: tuple[str, ...] = ()
    """For people, one line each: `12 rows of projects`, `UPDATE of accounts (unknown)`."""
    path: str = ""
    """Of the script, relative to the release directory; empty: not known."""
    backfill: str = ""
    """For people: the table that it walks, in which order, about how many rows; empty: it is no backfill."""
    half: HalfDone | None = None
    """None: it runs from its beginning."""


UNKNOWN_ANALYSIS = Analysis(
    operations=(Operation(OperationClass.UNKNOWN, 0, "not analysed"),),
    loss=DataLoss(unknown=True),
    losses=("not analysed (unknown)",),
)
"""What a script counts as that nobody looked at."""


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """The backup that was asked for, and whether it can be taken."""

    when: BackupWhen = BackupWhen.ALWAYS
    problem: str = ""
    """Why it cannot be taken, with the remedy; empty: it can."""


@dataclass(frozen=True, slots=True)
class SchemaFacts:
    """The application's schema, where the plan makes something in it that cannot be made."""

    name: str
    exists: bool
    role: str
    """Whom migrations run as."""
    made_at: str
    """The first statement that would fail: `migrations/sql/20260123_1200_name.sql:3:1`."""


@dataclass(frozen=True, slots=True)
class PreflightFacts:
    """One database, one release directory, one request."""

    requester: Requester
    version: str
    """spec.version."""
    directory: ReleaseDirectory
    history: DatabaseHistory = field(default_factory=DatabaseHistory)
    database_is_empty: bool = True
    """No relation, routine or type outside system, extension and our schemas."""
    owner: OwnerRow | None = None
    trigger: Trigger = Trigger.SPEC
    undo_run: str = ""
    """With trigger OnFailureRollback."""
    last_run: str = ""
    """request.last_run."""
    last_run_known: bool = True
    """Whether the database knows request.last_run as Succeeded; True where the request names none."""
    previous: RunRecord | None = None
    """The newest run row of this uid and generation other than this very run; None for laptops."""
    prisma: tuple[PrismaRow, ...] = ()
    predecessors: tuple[Predecessor, ...] = ()
    """Other tools that were here; looked for only where the database is not empty and has no history."""
    baseline: str = ""
    """spec.baseline.version."""
    policy: RequestedPolicy = field(default_factory=RequestedPolicy)
    approved_plan: str = ""
    backup: BackupFacts = field(default_factory=BackupFacts)
    unusable_schema: SchemaFacts | None = None
    """None: it is there and may be added to, or the plan itself may see to that, or makes nothing in it."""
    analyses: Mapping[MigrationRef, Analysis] = field(default_factory=dict)
    drift: Drift = field(default_factory=Drift)
    """What somebody changed; looked for only where there is something to do."""
    force_owned: bool = False
    """A laptop that was told to change an owned database, or that only wants to see the plan."""
    down_is_asked: bool = False
    """A person typed `rollback`: lifts VersionAhead, nothing else."""

    def taken_up_by(self, survey: PreflightFacts) -> PreflightFacts:
        """A later survey, with what the scripts of the plan asked for here."""
        return replace(
            survey,
            backup=self.backup,
            unusable_schema=self.unusable_schema,
            analyses=self.analyses,
            drift=self.drift,
        )

    @property
    def is_laptop(self) -> bool:
        """No resource stands behind it."""
        return not self.requester.uid

    def analysis(self, kind: Kind, name: str, direction: Direction) -> Analysis:
        """What is known of a script; everything unknown where nobody looked."""
        return self.analyses.get((kind, name, direction), UNKNOWN_ANALYSIS)
