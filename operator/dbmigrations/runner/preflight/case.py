"""What the refusals look at: the facts and what follows from them, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dbmigrations.api.step import DataLoss, PlanSummary
from dbmigrations.api.words import BackupWhen, Direction, Trigger
from dbmigrations.release.history import AppliedOutcome
from dbmigrations.release.plan import Plan, PlannedMigration, plan_hash
from dbmigrations.runner.preflight.drafting import Draft, make_draft

if TYPE_CHECKING:
    from dbmigrations.api.reasons import Refusal
    from dbmigrations.runner.preflight.facts import Analysis, PreflightFacts

RELEASES_SHOWN = 20
"""Releases that a summary names; the count tells the rest."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A person is needed before anything changes. Nothing is written to the database (outcome Refused).

    The result leaves `last_run` unread, so that the status goes on remembering what the database should know.
    """

    reason: Refusal
    message: str
    """What, where (file, migration), and the exact annotation, field or command that helps."""
    plan: Plan | None = None
    """What would have been done, where it could be formed."""
    summary: PlanSummary | None = None


@dataclass(frozen=True)
class Case:
    """One decision to make."""

    facts: PreflightFacts

    @cached_property
    def draft(self) -> Draft | None:
        """The plan that would be, with its sets; None where none can be formed."""
        return make_draft(self.facts)

    @property
    def plan(self) -> Plan | None:
        """The plan that would be."""
        return self.draft.plan if self.draft else None

    @property
    def undoes(self) -> bool:
        """Whether this is the rollback of a failed run: the directory's state is then no matter."""
        return self.facts.trigger is Trigger.ON_FAILURE_ROLLBACK

    @cached_property
    def is_approved(self) -> bool:
        """Whether the request's approvedPlan is exactly this plan, or one of which this is the rest."""
        approved = self.facts.approved_plan
        return self.plan is not None and bool(approved) and (approved == self.plan.hash or _is_rest(self, self.plan))

    @cached_property
    def loss(self) -> DataLoss:
        """What the whole plan loses."""
        losses = [self.analysis(m).loss for m in self.plan.migrations] if self.plan else []
        return DataLoss(
            rows=sum(loss.rows for loss in losses),
            values=sum(loss.values for loss in losses),
            unknown=any(loss.unknown for loss in losses),
            estimated=any(loss.estimated for loss in losses),
        )

    @property
    def takes_backup(self) -> bool:
        """Whether the run will take a backup before it changes anything."""
        if self.plan is None or not self.plan.migrations:
            return False
        match self.facts.backup.when:
            case BackupWhen.ALWAYS:
                return True
            case BackupWhen.DATA_LOSS:
                return self.loss.any
            case BackupWhen.NEVER:
                return False

    def analysis(self, migration: PlannedMigration) -> Analysis:
        """What the script of a planned migration does."""
        return self.facts.analysis(migration.kind, migration.name, migration.direction)

    @cached_property
    def summary(self) -> PlanSummary | None:
        """What the status shows of the plan."""
        plan = self.plan
        if plan is None:
            return None
        operations: dict[str, int] = {}
        for migration in plan.migrations:
            for operation in self.analysis(migration).operations:
                word = operation.operation_class.value
                operations[word] = operations.get(word, 0) + 1
        return PlanSummary(
            hash=plan.hash,
            direction=plan.direction,
            releases=plan.releases[:RELEASES_SHOWN],
            release_count=len(plan.releases),
            migrations=len(plan.migrations),
            operations=dict(sorted(operations.items())),
            data_loss=self.loss,
        )

    def refuse(self, reason: Refusal, message: str) -> Refused:
        """A refusal of this case."""
        return Refused(reason, message, self.plan, self.summary)


def _is_rest(case: Case, plan: Plan) -> bool:
    """Whether the approved plan is what was done under it, followed by this plan.

    Not believed but computed: what was done is taken back in thought, and the whole must have the approved hash.
    """
    history = case.facts.history
    baselined = {row.key for row in history.applied if row.outcome is AppliedOutcome.BASELINED}
    done = [change for change in history.approved_changes if change.key not in baselined]
    base = set(plan.base)
    for change in reversed(done):
        entry = (change.kind, change.name, change.up_checksum)
        if change.direction is Direction.DOWN:
            base.add(entry)
        elif entry in base:
            base.remove(entry)
        else:
            return False
    begun = tuple(
        PlannedMigration(c.release, c.kind, c.name, c.direction, c.nth, c.up_checksum, c.down_checksum) for c in done
    )
    return bool(done) and plan_hash(tuple(base), begun + plan.migrations) == case.facts.approved_plan
