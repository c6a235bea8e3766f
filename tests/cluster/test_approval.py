"""A plan waits for its approval: the hash in the status, put into the spec by a reviewed commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster.releases import ONE, TWO
from tests.cluster.scenario import condition

if TYPE_CHECKING:
    from tests.cluster.scenario import Json, Scenario

ALWAYS = {"approval": "Always"}


def awaiting(scenario: Scenario) -> Json:
    """Wait until the run has stopped for approval."""
    return scenario.await_(
        "awaiting approval", lambda o: condition(o, "Reconciling").get("reason") == "AwaitingApproval"
    )


def test_a_run_stops_for_approval_and_goes_on_when_exactly_this_plan_is_approved(scenario: Scenario) -> None:
    scenario.create("1.0.0", ONE, policy=ALWAYS)
    waiting = awaiting(scenario)
    assert condition(waiting, "Ready")["status"] == "Unknown"
    assert waiting["status"]["phase"] == "AwaitingApproval"
    assert scenario.database.value("SELECT to_regclass('account') IS NULL")

    scenario.change(approvedPlan=waiting["status"]["plan"]["hash"])

    scenario.ready("1.0.0")


def test_a_stale_approval_approves_nothing_else(scenario: Scenario) -> None:
    scenario.create("1.0.0", TWO, policy=ALWAYS)
    first = awaiting(scenario)["status"]["plan"]["hash"]
    scenario.change(approvedPlan=first)
    scenario.ready("1.0.0")

    scenario.change(version="1.1.0")
    second = awaiting(scenario)["status"]["plan"]["hash"]

    assert second != first
    assert scenario.database.value("SELECT to_regclass('project') IS NULL")


def test_a_rollback_that_requires_approval_waits_and_a_denied_one_is_refused(scenario: Scenario) -> None:
    scenario.create("1.1.0", TWO, policy={"rollback": "Deny"})
    scenario.ready("1.1.0")
    scenario.change(version="1.0.0")
    scenario.stalled("RollbackDenied")

    scenario.change(policy={"rollback": "RequireApproval"})
    waiting = awaiting(scenario)

    assert scenario.database.value("SELECT to_regclass('project') IS NOT NULL")
    scenario.change(approvedPlan=waiting["status"]["plan"]["hash"])
    scenario.ready("1.0.0")


def test_a_destructive_plan_is_refused_by_policy_and_an_approval_lifts_it(scenario: Scenario) -> None:
    directory = (
        ONE.release("2.0.0")
        .sql("20260401_0900_drop", "DROP TABLE account;\n", INIT)
        .says("2.0.0", 'breaking: "accounts are gone"')
    )
    scenario.create("1.0.0", directory)
    scenario.ready("1.0.0")

    scenario.change(version="2.0.0")
    stalled = scenario.stalled("PolicyViolation")

    assert "20260401_0900_drop.sql:1" in stalled["status"]["message"]
    scenario.change(approvedPlan=stalled["status"]["plan"]["hash"])
    scenario.ready("2.0.0")
    assert scenario.database.value("SELECT to_regclass('account') IS NULL")


INIT = (
    "CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL);\nCREATE INDEX account_name ON account (name);\n"
)
