"""Preflight's decision: every refusal in its order, else the plan with its steps. Pure."""

from dataclasses import dataclass

from dbmigrations.api.reasons import Failure, Refusal, Waiting
from dbmigrations.api.step import PlanSummary, StepRef
from dbmigrations.release.plan import Plan
from dbmigrations.release.steps import Steps
from dbmigrations.runner.preflight.facts import PreflightFacts


@dataclass(frozen=True, slots=True)
class Refused:
    """A person is needed before anything changes. Nothing is written to the database (outcome Refused)."""

    reason: Refusal
    message: str
    """What, where (file, migration), and the exact annotation, field or command that helps."""
    plan: Plan | None = None
    """What would have been done, where it could be formed."""
    summary: PlanSummary | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """An earlier run of the same uid and generation ended badly and nobody asked for a retry (outcome Failed)."""

    reason: Failure | Refusal | Waiting
    message: str
    run: str


@dataclass(frozen=True, slots=True)
class CancelReported:
    """After a cancel: mark this uid's Running rows Cancelled, report the version, no next step (outcome Succeeded)."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The run may start. Create our tables, claim the database, write the run row, start `next` (outcome Succeeded)."""

    plan: Plan
    steps: Steps
    summary: PlanSummary
    next: StepRef | None
    """None: there is nothing to do, the database is verified at spec.version."""
    approval: str
    """What history rows of this run carry as approved plan: request.approvedPlan where it covers this plan, else ""."""
    takes_backup: bool
    notes: tuple[str, ...] = ()
    """For the log: what a reader of the plan should know (late migrations, differing stored downs, …)."""


Decision = Refused | Reported | CancelReported | Planned


def decide(facts: PreflightFacts) -> Decision:
    """The first refusal that matches, in the order of `Refusal`; else the plan."""
    raise NotImplementedError
