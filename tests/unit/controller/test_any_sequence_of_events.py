"""Whatever people, Jobs, databases and crashes do, in whatever order: the invariants hold, and it ends well.

The model notes what must never happen (a migration applied twice, a step before its predecessor, loss without a backup)
and asserts what must be true of every single write and effect. Here: what must be true after each event, and that every
story ends in a stable state once the world is in order again.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dbmigrations.api.resource import CANCEL
from dbmigrations.controller.reading import read_spec
from dbmigrations.controller.snapshot import InvalidSpec, JobState
from tests.unit.controller.cluster_model import Cluster, Crash, default_spec
from tests.unit.controller.job_model import Job
from tests.unit.controller.plan_model import RELEASES

BACKUP = {"storage": {"persistentVolumeClaim": {"claimName": "backups"}}}
BREAKABLE = ["row_level_security", "add_members", "backfill_owner", "drop_column"]


class AnySequenceOfEvents(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster()

    # people

    @rule(version=st.sampled_from(RELEASES))
    def set_the_version(self, version: str) -> None:
        self.cluster.change(version=version)

    @rule(
        approval=st.sampled_from(["Never", "Always"]),
        on_failure=st.sampled_from(["Hold", "Rollback"]),
        rollback=st.sampled_from(["Automatic", "Deny"]),
    )
    def set_the_policy(self, approval: str, on_failure: str, rollback: str) -> None:
        self.cluster.change(policy={"approval": approval, "onFailure": on_failure, "rollback": rollback})

    @precondition(lambda self: self.cluster.status.get("plan"))
    @rule()
    def approve_the_plan_shown(self) -> None:
        self.cluster.change(approvedPlan=self.cluster.status["plan"]["hash"])

    @rule()
    def change_a_timeout(self) -> None:
        self.cluster.change(timeouts={"start": "1m" if self.cluster.generation % 2 else "2m"})

    @rule(valid=st.booleans())
    def make_the_spec_contradict_itself_or_not(self, *, valid: bool) -> None:
        self.cluster.change(steps={"backup": BACKUP if valid else {"when": "Always"}})

    @rule(suspend=st.booleans())
    def suspend_or_resume(self, *, suspend: bool) -> None:
        self.cluster.change(suspend=suspend)

    @precondition(lambda self: self.cluster.run)
    @rule()
    def cancel(self) -> None:
        self.cluster.cancel()

    @rule()
    def ask_to_look_again(self) -> None:
        self.cluster.ask_again()

    @precondition(lambda self: len(self.cluster.history) > 40)
    @rule(sure=st.integers(0, 9))
    def delete(self, sure: int) -> None:
        if sure == 0:
            self.cluster.delete()

    # the operator

    @rule(crash=st.sampled_from(list(Crash)))
    def one_pass(self, crash: Crash) -> None:
        self.cluster.reconcile(crash)

    @rule()
    def one_pass_with_a_conflict(self) -> None:
        self.cluster.reconcile(conflict=True)

    @rule(passes=st.integers(2, 4))
    def several_passes(self, passes: int) -> None:
        for _ in range(passes):
            self.cluster.reconcile()

    @precondition(lambda self: self.cluster.run)
    @rule()
    def lose_the_status(self) -> None:
        self.cluster.lose_status()

    @rule(seconds=st.sampled_from([1, 5, 60, 400, 1000]))
    def time_goes_by(self, seconds: int) -> None:
        self.cluster.pass_time(seconds)

    # the ordinary course of things, of which every story needs a good deal

    @rule(rounds=st.integers(1, 6))
    def all_goes_on(self, rounds: int) -> None:
        for _ in range(rounds):
            self.cluster.reconcile()
            self.cluster.reconcile()
            job = self.pick()
            if job is not None:
                self.cluster.finish(job)

    @rule(rounds=st.integers(1, 6), crash=st.sampled_from(list(Crash)))
    def all_goes_on_until_the_operator_is_killed(self, rounds: int, crash: Crash) -> None:
        self.all_goes_on(rounds)
        self.cluster.reconcile(crash)

    @rule()
    def all_goes_on_for_long(self) -> None:
        self.cluster.quota = ""
        self.cluster.database.up = True
        self.cluster.settle()

    @rule(version=st.sampled_from(RELEASES))
    def a_new_version_is_rolled_out(self, version: str) -> None:
        self.cluster.change(version=version, suspend=False, steps=default_spec()["steps"])
        self.all_goes_on(5)

    @rule(
        version=st.sampled_from(RELEASES),
        broken=st.sampled_from(BREAKABLE),
        false=st.sampled_from(RELEASES),
        on_failure=st.sampled_from(["Hold", "Rollback"]),
    )
    def a_new_version_fails(self, version: str, broken: str, false: str, on_failure: str) -> None:
        self.cluster.database.broken, self.cluster.database.false = {broken}, {false}
        policy = {"onFailure": on_failure}
        self.cluster.change(version=version, suspend=False, steps=default_spec()["steps"], policy=policy)
        self.all_goes_on(8)

    # Jobs

    def pick(self) -> Job | None:
        return next((job for job in self.cluster.active if job.pod is not None), None)

    @rule()
    def the_pod_starts(self) -> None:
        job = self.pick()
        if job is not None:
            self.cluster.start(job)

    @rule()
    def the_step_ends(self) -> None:
        job = self.pick()
        if job is not None:
            self.cluster.finish(job)

    @rule()
    def the_step_ends_and_is_seen(self) -> None:
        self.the_step_ends()
        self.cluster.reconcile()

    @rule(said=st.sampled_from(["", "{", "x" * 5000, '{"format":2}']))
    def the_step_ends_with_a_broken_result(self, said: str) -> None:
        job = self.pick()
        if job is not None:
            self.cluster.finish(job, said)

    @rule(units=st.integers(0, 3))
    def the_pod_is_killed(self, units: int) -> None:
        job = self.pick()
        if job is not None:
            self.cluster.kill(job, units)

    @rule()
    def the_job_fails_although_its_runner_succeeded(self) -> None:
        job = self.pick()
        if job is not None:
            self.cluster.finish(job)
            job.state, job.reason = JobState.FAILED, "BackoffLimitExceeded"

    @rule()
    def the_deadline_passes(self) -> None:
        job = self.pick()
        if job is not None:
            self.cluster.overrun(job)

    @rule(worked=st.booleans())
    def the_job_vanishes(self, *, worked: bool) -> None:
        job = self.pick()
        if job is not None:
            if worked:
                self.cluster.finish(job)
            self.cluster.jobs.pop(job.name, None)

    @rule()
    def the_pod_of_an_ended_job_vanishes(self) -> None:
        for job in self.cluster.jobs.values():
            if job.state is not JobState.ACTIVE:
                job.pod = None

    @rule(why=st.sampled_from(["ImagePullBackOff", "CreateContainerConfigError"]))
    def the_pod_does_not_start(self, why: str) -> None:
        job = self.pick()
        if job is not None and job.pod is not None and job.pod.started_at is None:
            job.pod.waiting = why

    @rule()
    def pods_of_deleted_jobs_end(self) -> None:
        self.cluster.end_pods_of_deleted_jobs()

    @rule(quota=st.sampled_from(["", 'exceeded quota: "compute"']))
    def the_quota_changes(self, quota: str) -> None:
        self.cluster.quota = quota

    # the database

    @rule(up=st.booleans())
    def the_database_comes_and_goes(self, *, up: bool) -> None:
        self.cluster.database.up = up

    @rule(broken=st.sets(st.sampled_from(BREAKABLE), max_size=2))
    def migrations_are_broken_or_mended(self, broken: set[str]) -> None:
        self.cluster.database.broken = broken

    @rule(false=st.sets(st.sampled_from(RELEASES), max_size=1))
    def assertions_are_false_or_true(self, false: set[str]) -> None:
        self.cluster.database.false = false

    # what is true after every event

    @invariant()
    def nothing_that_must_never_happen_has_happened(self) -> None:
        assert self.cluster.database.violations == []

    @invariant()
    def ready_means_verified_at_the_version_of_the_spec(self) -> None:
        cluster = self.cluster
        seen = cluster.status.get("observedGeneration") == cluster.generation
        if seen and cluster.condition("Ready")[0] == "True":
            assert cluster.database.version == cluster.spec["version"] == cluster.status["currentVersion"]

    @invariant()
    def the_status_shows_only_versions_that_the_database_told(self) -> None:
        shown = self.cluster.status.get("currentVersion", "")
        assert shown in self.cluster.database.said | {""}

    @invariant()
    def at_most_one_pod_can_touch_the_database(self) -> None:
        assert sum(job.alive for job in self.cluster.jobs.values()) <= 1

    @invariant()
    def a_step_shown_as_succeeded_has_succeeded(self) -> None:
        run = self.cluster.run
        row = self.cluster.database.row(run["id"]) if run else None
        for step in self.cluster.steps:
            if step["state"] == "Succeeded" and step["ordinal"] > 0:
                assert row is not None
                assert step["ordinal"] in row.done

    @invariant()
    def a_failed_job_is_never_reported_as_success(self) -> None:
        for step in self.cluster.steps:
            job = self.cluster.jobs.get(step.get("job", ""))
            if job is not None and step["state"] == "Succeeded":
                assert job.state is JobState.COMPLETE

    # how every story ends

    def teardown(self) -> None:
        cluster = self.cluster
        cluster.quota = ""
        cluster.database.up = True
        cluster.database.broken = set()
        cluster.database.false = set()
        cluster.annotations.pop(CANCEL, None)
        cluster.change(suspend=False, steps=default_spec()["steps"])
        for job in cluster.jobs.values():
            if job.pod is not None:
                job.pod.waiting = ""
        cluster.settle()
        if cluster.gone:
            assert not cluster.active
            return
        if cluster.condition("Stalled")[0]:
            cluster.ask_again()
            cluster.settle()
        self.it_is_stable_and_right()

    def it_is_stable_and_right(self) -> None:
        cluster = self.cluster
        self.nothing_that_must_never_happen_has_happened()
        assert not isinstance(read_spec(cluster.spec), InvalidSpec)
        last = cluster.reconcile()
        assert last is not None
        assert last.status is None
        assert last.effect is None
        assert {job.name for job in cluster.jobs.values()} <= {step["job"] for step in cluster.steps}
        match cluster.condition("Ready"):
            case ("True", _):
                assert cluster.database.version == cluster.spec["version"]
            case (_, "AwaitingApproval"):
                assert cluster.spec["policy"]["approval"] == "Always"
            case (_, "RollbackDenied"):
                assert cluster.spec["policy"]["rollback"] == "Deny"
            case other:
                raise AssertionError(f"ended as {other}: {cluster.status}")


STORIES = int(os.environ.get("SOAK_STORIES", "40"))
"""`SOAK_STORIES=5000` is the long form: some minutes for every thousand."""

AnySequenceOfEvents.TestCase.settings = settings(
    max_examples=STORIES,
    stateful_step_count=40 if STORIES < 100 else 80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestAnySequenceOfEvents = AnySequenceOfEvents.TestCase
