"""Refusals about what may happen without being asked, and what must be safe before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Refusal
from dbmigrations.api.words import ApprovalMode, ExceptionsPolicy, RollbackPolicy
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.runner.preflight import wording
from dbmigrations.runner.preflight.judgement import Judged, Standing, judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.api.step import DataLoss
    from dbmigrations.release.plan import Plan
    from dbmigrations.runner.preflight.case import Case, Refused


def schema_unusable(case: Case) -> Refused | None:
    """The plan makes something in the application's schema, which is not there or not open to the role."""
    facts = case.facts
    schema = facts.unusable_schema
    if case.plan is None or schema is None:
        return None
    field = wording.setting(facts, "spec.database.schema", "--schema")
    name, role = wording.quoted(schema.name), wording.quoted(schema.role)
    if schema.exists:
        what = (
            f"role {schema.role} may not make anything in schema {schema.name} ({field}), and {schema.made_at} does: "
            f"as the schema's owner run GRANT USAGE, CREATE ON SCHEMA {name} TO {role};"
        )
    else:
        what = (
            f"schema {schema.name} ({field}) does not exist, and {schema.made_at} makes something in it: mend the "
            f"name, run CREATE SCHEMA {name} AUTHORIZATION {role}; or let a migration say CREATE SCHEMA before it,"
        )
    return case.refuse(Refusal.SCHEMA_UNUSABLE, f"{what} then {wording.look_again(facts)}")


def backup_impossible(case: Case) -> Refused | None:
    """The run is to take a backup, and cannot."""
    facts = case.facts
    if not case.takes_backup or not facts.backup.problem:
        return None
    return case.refuse(
        Refusal.BACKUP_IMPOSSIBLE,
        f"no backup can be taken, so nothing is changed: {facts.backup.problem}. Then {wording.look_again(facts)}",
    )


def policy_violation(case: Case) -> Refused | None:
    """An up does what policy.operations forbids."""
    facts = case.facts
    if case.plan is None or case.is_approved:
        return None
    forbidden = [each for each in judged(case, case.plan) if each.standing is Standing.FORBIDDEN]
    if not forbidden:
        return None
    sentences = wording.listed((each.sentence for each in forbidden), between="; ")
    return case.refuse(
        Refusal.POLICY_VIOLATION,
        f"{wording.policy(facts, 'operations')} is {facts.policy.operations}: {sentences}. To let exactly this plan "
        f"run, {wording.approve(facts, case.plan.hash)}; or change the migration{_directive(case, forbidden)}, or "
        "widen the policy",
    )


def _directive(case: Case, forbidden: list[Judged]) -> str:
    """The directive that would help, where the policy lets it count."""
    policy = case.facts.policy.exceptions
    if policy is ExceptionsPolicy.IGNORE:
        return ""
    unknown = any(each.operation.operation_class is OperationClass.UNKNOWN for each in forbidden)
    if unknown:
        return ", say what it is with `-- migrate: class=… reason=…`"
    if policy is ExceptionsPolicy.HONOUR:
        return ", except it with `-- migrate: allow=… reason=…`"
    return ""


def awaiting_approval(case: Case) -> Refused | None:
    """Somebody must have read this plan before it runs."""
    facts = case.facts
    if case.plan is None or case.is_approved:
        return None
    reasons = list(_reasons_to_ask(case, case.plan))
    if not reasons:
        return None
    stale = " (the approved plan is another one)" if facts.approved_plan else ""
    where = "it" if facts.is_laptop else "it in the log of preflight"
    return case.refuse(
        Refusal.AWAITING_APPROVAL,
        f"the plan waits for approval{stale}: {'; '.join(reasons)}. Read {where}, then "
        f"{wording.approve(facts, case.plan.hash)}",
    )


def _reasons_to_ask(case: Case, plan: Plan) -> Iterator[str]:
    facts, policy = case.facts, case.facts.policy
    if not plan.migrations:
        return
    if policy.approval is ApprovalMode.ALWAYS:
        yield f"{wording.policy(facts, 'approval')} is Always"
    asked = [each.sentence for each in judged(case, plan) if each.standing is Standing.ASKED]
    if asked:
        yield f"{wording.policy(facts, 'exceptions')} is {policy.exceptions}: {wording.listed(asked, between='; ')}"
    if plan.downs and policy.rollback is RollbackPolicy.REQUIRE_APPROVAL:
        undone = wording.counted(len(plan.downs), "migration")
        yield f"{wording.policy(facts, 'rollback')} is RequireApproval and {undone} would be undone"
    if case.loss.any and policy.approval is ApprovalMode.DATA_LOSS:
        yield f"{wording.policy(facts, 'approval')} is DataLoss and it loses {_lost(case.loss)}"
    if case.loss.any and not case.takes_backup:
        yield f"it loses {_lost(case.loss)} and no backup is taken"


def _lost(loss: DataLoss) -> str:
    about = "about " if loss.estimated else ""
    parts = []
    if loss.rows:
        parts.append(f"{about}{wording.counted(loss.rows, 'row')}")
    if loss.values:
        parts.append(f"{about}{wording.counted(loss.values, 'value')}")
    if loss.unknown:
        parts.append("data that nobody can count")
    return " and ".join(parts)
