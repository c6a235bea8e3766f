"""Preflight without its consequences: what a run would do, or why it would be refused. Nothing is written."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.runner.gather import gather
from dbmigrations.runner.preflight.adoption import found
from dbmigrations.runner.preflight.case import Refused
from dbmigrations.runner.preflight.decision import Decision, Planned, decide
from dbmigrations.runner.report.plan_text import lock_words, plan_lines, step_lines
from dbmigrations.runner.report.words import step_title
from dbmigrations.runner.steps.session import open_work

if TYPE_CHECKING:
    from dbmigrations.api.step import PlanSummary, StepRequest
    from dbmigrations.release.directory import ReleaseDirectory
    from dbmigrations.release.plan import Plan, PlannedMigration
    from dbmigrations.release.steps import Steps
    from dbmigrations.runner.context import StepContext
    from dbmigrations.runner.preflight.facts import HalfDone, Operation, PreflightFacts


@dataclass(frozen=True)
class Look:
    """What preflight would see and say."""

    facts: PreflightFacts
    decision: Decision

    @property
    def refusal(self) -> Refused | None:
        """Why it would be refused; None: it would not."""
        return self.decision if isinstance(self.decision, Refused) else None

    @property
    def plan(self) -> Plan | None:
        """The plan, also where it would be refused; None where none can be formed."""
        return self.decision.plan if isinstance(self.decision, Planned | Refused) else None

    @property
    def summary(self) -> PlanSummary | None:
        """The plan in figures."""
        return self.decision.summary if isinstance(self.decision, Planned | Refused) else None

    @property
    def nothing_to_do(self) -> bool:
        """Whether the database is verified where it should be."""
        return isinstance(self.decision, Planned) and self.decision.next is None

    @property
    def steps(self) -> Steps:
        """The steps of the run; none where it would be refused."""
        return self.decision.steps if isinstance(self.decision, Planned) else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the plan should know."""
        return self.decision.notes if isinstance(self.decision, Planned) else ()

    @property
    def current_version(self) -> str:
        """The database's version."""
        return self.facts.history.current_version

    def lines(self) -> tuple[str, ...]:
        """The plan as a person reads it; empty where there is none."""
        if self.plan is None or self.summary is None:
            return ()
        text = plan_lines(
            self.plan, self.summary, self.facts.analyses, current=self.current_version, target=self.facts.version
        )
        return (*text, *(step_lines(self.steps) if self.steps else ()), *(f"note: {note}" for note in self.notes))

    def document(self) -> dict[str, object]:
        """The plan as JSON: the same whether it comes from a database or from the directory alone."""
        plan, summary = self.plan, self.summary
        return {
            "from": self.current_version,
            "to": self.facts.version,
            "hash": plan.hash if plan else None,
            "summary": summary.to_wire() if summary else None,
            "migrations": [
                {
                    "release": m.release,
                    "kind": m.kind.value,
                    "name": m.name,
                    "direction": m.direction.value,
                    "undo": _way_back(m),
                    "path": self.facts.analysis(m.kind, m.name, m.direction).path,
                    "operations": [
                        _operation(m, each) for each in self.facts.analysis(m.kind, m.name, m.direction).operations
                    ],
                    "backfill": self.facts.analysis(m.kind, m.name, m.direction).backfill,
                    "half_done": _half_done(self.facts.analysis(m.kind, m.name, m.direction).half),
                    "losses": list(self.facts.analysis(m.kind, m.name, m.direction).losses),
                }
                for m in (plan.migrations if plan else ())
            ],
            "baselined": [{"kind": kind.value, "name": name} for kind, name, _ in (plan.baselined if plan else ())],
            "predecessors": [asdict(each) for each in found(self.facts)],
            "steps": [step_title(step.ref) for step in self.steps[1:]],
            "notes": list(self.notes),
            "refused": (
                {"reason": self.refusal.reason.value, "message": self.refusal.message} if self.refusal else None
            ),
        }


def _half_done(half: HalfDone | None) -> dict[str, object] | None:
    if half is None:
        return None
    return {
        "ran": list(half.ran),
        "statements": half.statements,
        "next": half.next or None,
        "line": half.line or None,
        "begun": half.begun,
    }


def _operation(migration: PlannedMigration, operation: Operation) -> dict[str, object]:
    return {
        "class": operation.operation_class,
        "line": operation.line,
        "column": operation.column,
        "statement": operation.statement,
        "what": operation.text,
        "why": operation.why,
        "safer": operation.safer,
        "declared": operation.declared,
        "rows": operation.work.name.lower(),
        "lock": lock_words(operation.lock) if operation.lock else None,
        "relation": operation.relation or None,
        "bytes": operation.size,
        "undo": "WithoutData" if operation.loses_data and migration.down else _way_back(migration),
    }


def _way_back(migration: PlannedMigration) -> str | None:
    """What undoes an up: `Down`, or `None`; of a down nothing is said."""
    if migration.direction is Direction.DOWN:
        return None
    return "Down" if migration.down else "None"


def look(request: StepRequest, context: StepContext, directory: ReleaseDirectory) -> Look:
    """Look at a database. Takes no lock: a migration under way shows as it is at this moment.

    Raises:
        EngineError: the database cannot be asked.
        ReleaseInvalidError: a script of the plan that cannot be run as it is written.
    """
    with open_work(request, context, row_security=False) as work:
        facts = gather(work, directory)
    return Look(facts, decide(facts))
