"""Whatever people, Jobs, databases and crashes do, in whatever order: the invariants hold, and it ends well.

The model notes what must never happen (a migration applied twice, a step before its predecessor, loss without a backup)
and asserts what must be true of every single write and effect. Here: what must be true after each event, and that every
story ends in a stable state once the world is in order again.
"""

import os
import random
from collections.abc import Callable
from enum import Enum, auto

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dbmigrations.api.resource import CANCEL
from dbmigrations.controller.reading import read_spec
from dbmigrations.controller.snapshot import InvalidSpec, JobState
from tests.unit.controller.cluster_model import Cluster, Crash, default_spec
from tests.unit.controller.job_model import Job
from tests.unit.controller.plan_model import RELEASES

BACKUP = {"storage": {"persistentVolumeClaim": {"claimName": "backups"}}}
BREAKABLE = ["row_level_security", "add_members", "backfill_owner", "drop_column"]
GARBAGE = ["", "{", "x" * 5000, '{"format":2}']

POLICIES = st.fixed_dictionaries(
    {
        "approval": st.sampled_from(["Never", "Always"]),
        "onFailure": st.sampled_from(["Hold", "Rollback"]),
        "rollback": st.sampled_from(["Automatic", "Deny"]),
    }
)
CHANGES = st.one_of(
    st.fixed_dictionaries({"version": st.sampled_from(RELEASES)}),
    st.fixed_dictionaries({"policy": POLICIES}),
    st.fixed_dictionaries({"suspend": st.booleans()}),
    st.fixed_dictionaries({"timeouts": st.sampled_from([{"start": "1m"}, {"start": "2m"}])}),
    st.fixed_dictionaries({"steps": st.sampled_from([{"backup": BACKUP}, {"backup": {"when": "Always"}}])}),
)


Happenings = dict[Callable[[], None], int]


class Fate(Enum):
    """What may become of a Job that runs."""

    STARTS = auto()
    HINDERED = auto()
    ENDS = auto()
    ENDS_BEFORE_ITS_JOB = auto()
    TALKS_NONSENSE = auto()
    KILLED_BEFORE = auto()
    KILLED_WITHIN = auto()
    KILLED_AFTER = auto()
    FAILS_AFTER_SUCCESS = auto()
    OVERRUNS = auto()
    VANISHES = auto()
    VANISHES_AFTER_SUCCESS = auto()
    LOSES_ITS_POD_AFTER_SUCCESS = auto()


class AnySequenceOfEvents(RuleBasedStateMachine):
    """Few rules with many arguments: each story then meets each of them."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster()

    # people

    @rule(change=CHANGES)
    def the_spec_changes(self, change: dict[str, object]) -> None:
        self.cluster.change(**change)

    @rule(what=st.sampled_from(["cancel", "look again", "approve", "delete"]), sure=st.integers(0, 9))
    def a_person_asks(self, what: str, sure: int) -> None:
        match what:
            case "cancel" if self.cluster.run:
                self.cluster.cancel()
            case "approve" if self.cluster.status.get("plan"):
                self.cluster.change(approvedPlan=self.cluster.status["plan"]["hash"])
            case "delete" if sure == 0 and len(self.cluster.history) > 40:
                self.cluster.delete()
            case "look again":
                self.cluster.ask_again()

    # the operator

    @rule(passes=st.integers(0, 3), crash=st.sampled_from(list(Crash)), conflict=st.booleans())
    def the_operator_looks(self, passes: int, crash: Crash, *, conflict: bool) -> None:
        for _ in range(passes):
            self.cluster.reconcile()
        self.cluster.reconcile(crash, conflict=conflict)

    @rule()
    def the_status_is_lost(self) -> None:
        self.cluster.lose_status()

    @rule(seconds=st.sampled_from([1, 5, 60, 400, 1000]))
    def time_goes_by(self, seconds: int) -> None:
        self.cluster.pass_time(seconds)

    # the ordinary course of things, of which every story needs a good deal

    @rule(rounds=st.integers(1, 6), crash=st.sampled_from(list(Crash)))
    def all_goes_on(self, rounds: int, crash: Crash) -> None:
        for _ in range(rounds):
            self.cluster.reconcile()
            self.cluster.reconcile()
            job = self.pick()
            if job is not None:
                self.cluster.finish(job)
        self.cluster.reconcile(crash)

    @rule()
    def all_goes_on_for_long(self) -> None:
        self.cluster.quota = ""
        self.cluster.database.up = True
        self.cluster.settle()

    @rule(version=st.sampled_from(RELEASES), broken=st.none() | st.sampled_from(BREAKABLE), policy=POLICIES)
    def a_version_is_rolled_out(self, version: str, broken: str | None, policy: dict[str, str]) -> None:
        self.cluster.database.broken = {broken} if broken else set()
        self.cluster.change(version=version, suspend=False, steps=default_spec()["steps"], policy=policy)
        self.all_goes_on(8, Crash.NOWHERE)

    # Jobs

    def pick(self) -> Job | None:
        return next((job for job in self.cluster.active if job.alive), None)

    @rule(fate=st.sampled_from(list(Fate)), units=st.integers(0, 2), said=st.sampled_from(GARBAGE), seen=st.booleans())
    def something_becomes_of_the_job(self, fate: Fate, units: int, said: str, *, seen: bool) -> None:
        for _ in range(3):
            if self.pick() is None:
                self.cluster.reconcile()
        job = self.pick()
        if job is not None:
            self.become(job, fate, units, said)
        if seen:
            self.cluster.reconcile()

    def become(self, job: Job, fate: Fate, units: int, said: str) -> None:
        match fate:
            case Fate.STARTS:
                self.cluster.start(job)
            case Fate.HINDERED if job.pod is not None and job.pod.started_at is None:
                job.pod.waiting = "ErrImagePull"
            case Fate.TALKS_NONSENSE:
                self.cluster.finish(job, said)
            case Fate.KILLED_BEFORE | Fate.KILLED_WITHIN | Fate.KILLED_AFTER:
                self.cluster.kill(job, {Fate.KILLED_BEFORE: 0, Fate.KILLED_WITHIN: units}.get(fate, 9))
            case Fate.OVERRUNS:
                self.cluster.overrun(job)
            case Fate.VANISHES:
                self.cluster.vanish(job)
            case Fate.ENDS_BEFORE_ITS_JOB:
                self.cluster.end_pod(job)
            case _ if fate is not Fate.HINDERED:
                self.cluster.finish(job)
                self.become_after_success(job, fate)

    def become_after_success(self, job: Job, fate: Fate) -> None:
        match fate:
            case Fate.FAILS_AFTER_SUCCESS:
                job.state, job.reason = JobState.FAILED, "BackoffLimitExceeded"
            case Fate.VANISHES_AFTER_SUCCESS:
                self.cluster.jobs.pop(job.name, None)
            case Fate.LOSES_ITS_POD_AFTER_SUCCESS:
                job.pod = None

    @rule()
    def jobs_learn_of_their_pods(self) -> None:
        for job in self.cluster.active:
            if job.pod is not None and not job.alive:
                self.cluster.finish(job)

    @rule()
    def pods_of_deleted_jobs_end(self) -> None:
        self.cluster.end_pods_of_deleted_jobs()

    # the world around

    @rule(
        up=st.booleans(),
        quota=st.sampled_from(["", "", 'exceeded quota: "compute"']),
        broken=st.sets(st.sampled_from(BREAKABLE), max_size=2),
        false=st.sets(st.sampled_from(RELEASES), max_size=1),
    )
    def the_world_changes(self, up: bool, quota: str, broken: set[str], false: set[str]) -> None:  # noqa: FBT001
        self.cluster.database.up = up
        self.cluster.quota = quota
        self.cluster.database.broken = broken
        self.cluster.database.false = false

    # many of the above in one go: rules alone come in too few combinations to fill long stories

    @rule(seed=st.integers(0, 2**64 - 1))
    def a_lot_happens(self, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(chance.randint(5, 25)):
            self.anything_happens(chance)
            self.all_that_is_always_true()

    def anything_happens(self, chance: random.Random) -> None:
        happenings: Happenings = {
            lambda: self.all_goes_on(chance.randint(1, 3), chance.choice([Crash.NOWHERE, *Crash])): 6,
            lambda: self.something_becomes_of_the_job(
                chance.choice(list(Fate)), chance.randint(0, 2), chance.choice(GARBAGE), seen=chance.random() < 0.7
            ): 6,
            lambda: self.the_operator_looks(
                chance.randint(0, 2), chance.choice(list(Crash)), conflict=chance.random() < 0.2
            ): 3,
            lambda: self.the_spec_changes({"version": chance.choice(RELEASES)}): 2,
            lambda: self.the_spec_changes({"suspend": chance.random() < 0.3}): 2,
            lambda: self.the_spec_changes(
                {"steps": {"backup": chance.choice([BACKUP, BACKUP, {"when": "Always"}])}}
            ): 1,
            lambda: self.the_spec_changes({"policy": {"onFailure": chance.choice(["Hold", "Rollback"])}}): 1,
            lambda: self.the_spec_changes({"policy": {"approval": chance.choice(["Never", "Always"])}}): 1,
            lambda: self.a_person_asks(chance.choice(["cancel", "look again", "look again", "approve"]), 1): 3,
            lambda: self.time_goes_by(chance.choice([5, 60, 400, 1000])): 2,
            self.pods_of_deleted_jobs_end: 2,
            self.jobs_learn_of_their_pods: 2,
            self.the_status_is_lost: 1,
            lambda: self.the_world_changes(
                up=chance.random() < 0.8,
                quota=chance.choice(["", "", "", "exceeded quota"]),
                broken={chance.choice(BREAKABLE)} if chance.random() < 0.4 else set(),
                false={chance.choice(RELEASES)} if chance.random() < 0.1 else set(),
            ): 1,
        }
        (happening,) = chance.choices(list(happenings), list(happenings.values()))
        happening()

    def all_that_is_always_true(self) -> None:
        self.nothing_that_must_never_happen_has_happened()
        self.ready_means_verified_at_the_version_of_the_spec()
        self.the_status_shows_only_versions_that_the_database_told()
        self.at_most_one_pod_can_touch_the_database()
        self.a_step_shown_as_succeeded_has_succeeded()
        self.a_failed_job_is_never_reported_as_success()

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
                assert job.state is not JobState.FAILED
                assert not job.may_run

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
            assert not any(job.may_run for job in cluster.jobs.values())
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


STORIES = int(os.environ.get("SOAK_STORIES", "30"))
"""`SOAK_STORIES=5000` is the long form: some minutes for every thousand."""

AnySequenceOfEvents.TestCase.settings = settings(
    max_examples=STORIES,
    stateful_step_count=40 if STORIES < 100 else 80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestAnySequenceOfEvents = AnySequenceOfEvents.TestCase


@pytest.mark.parametrize("seed", range(STORIES))
def test_a_long_story_ends_well(seed: int) -> None:
    """Without hypothesis' liking for what it has seen before: each seed is a story of its own."""
    story = AnySequenceOfEvents()

    for chapter in range(4):
        story.a_lot_happens(seed * 4 + chapter)

    story.teardown()
