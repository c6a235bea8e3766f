"""A plan made in a pull request, without a database, has the hash that preflight will find there."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from dbmigrations.api.spec import ApprovalMode
from dbmigrations.api.step import RequestedPolicy
from dbmigrations.runner.commands.offline import look_offline
from dbmigrations.runner.commands.options import Planning
from dbmigrations.runner.preflight.decision import Planned, Refused
from tests.unit.preflight.situations import SHOP, at, facts_of, planned, refused
from tests.unit.release.building import SimulatedDatabase

CAUTIOUS = RequestedPolicy(approval=ApprovalMode.ALWAYS)


def planning(policy: RequestedPolicy | None = None) -> Planning:
    """As the options would make it."""
    said = policy.model_dump() if policy else {}
    return Planning("", said, no_backup=False, backup_dir=Path("backups"), retain=5)


@pytest.mark.parametrize(
    ("start", "target"), [(None, "1.0.0"), (None, "1.1.0"), ("1.0.0", "1.1.0"), ("1.1.0", "1.0.0"), ("1.1.0", "1.1.0")]
)
def test_the_plan_of_a_pull_request_has_the_hash_of_the_plan_in_the_cluster(start: str | None, target: str) -> None:
    database = at(start) if start else SimulatedDatabase()
    offline = look_offline(SHOP, start, target, planning(), "public").decision
    online = planned(facts_of(SHOP, database, target))
    assert isinstance(offline, Planned)
    assert offline.plan == online.plan
    assert offline.plan.hash == online.plan.hash


def test_a_plan_that_will_wait_for_approval_tells_its_hash_in_the_pull_request() -> None:
    offline = look_offline(SHOP, "1.0.0", "1.1.0", planning(CAUTIOUS), "public").decision
    assert isinstance(offline, Refused)
    assert offline.plan is not None
    facts = facts_of(SHOP, at("1.0.0"), "1.1.0", policy=CAUTIOUS)
    assert refused(facts).plan == offline.plan
    assert planned(facts_of(SHOP, at("1.0.0"), "1.1.0", policy=CAUTIOUS, approved_plan=offline.plan.hash))


@pytest.mark.parametrize("start", ["9.0.0", "1.1.0-rc.1"])
def test_a_start_that_the_ledger_does_not_list_is_refused_with_the_versions_that_there_are(start: str) -> None:
    with pytest.raises(click.UsageError, match=f"lists no {start}: .*1.1.0"):
        look_offline(SHOP, start, "1.1.0", planning(), "public")
