"""onFailure: Rollback undoes after a failure of the migrations themselves, and after nothing else."""

import pytest

from dbmigrations.api.reasons import Failure
from dbmigrations.api.step import Outcome
from tests.unit.controller.cluster_model import Cluster, default_spec
from tests.unit.controller.test_approval_and_failure import ROLLBACK
from tests.unit.controller.test_spec_changes import in_step

OF_THE_MIGRATIONS = {Failure.MIGRATION_FAILED, Failure.VERIFY_FAILED, Failure.STEP_TIMED_OUT}


def failed(reason: Failure) -> Cluster:
    """A run to 1.1.0 whose SQL step failed so, after its schema step had applied a migration."""
    cluster = Cluster(spec=default_spec("1.0.0", policy=ROLLBACK))
    cluster.settle()
    cluster.change(version="1.1.0")
    in_step(cluster, "sql")
    said = cluster.database.answer(cluster.job.request, Outcome.FAILED, reason=reason, message="a.sql:3:1")
    cluster.database.broken = {"projects_rls"}
    cluster.finish(cluster.job, said)
    cluster.reconcile()
    return cluster


@pytest.mark.parametrize("reason", sorted(OF_THE_MIGRATIONS))
def test_a_failure_of_the_migrations_is_undone(reason: Failure) -> None:
    assert failed(reason).run["trigger"] == "OnFailureRollback"


@pytest.mark.parametrize("reason", sorted(set(Failure) - OF_THE_MIGRATIONS))
def test_where_it_is_not_known_what_happened_nothing_is_undone_unasked(reason: Failure) -> None:
    cluster = failed(reason)

    cluster.settle()

    assert cluster.run["trigger"] == "Spec"
    assert cluster.condition("Stalled") == ("True", reason)
