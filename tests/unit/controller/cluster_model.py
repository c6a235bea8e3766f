"""A small faithful model of the API server, the Job controller and the kubelet, with one resource in it.

The operator is driven pass by pass: facts are gathered, the real plan decides, the decision is executed; a pass can be
cut off anywhere, and a write can conflict. What must never happen is asserted where it would.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

from dbmigrations.api.resource import CANCEL, FINALIZER, REQUESTED_AT
from dbmigrations.api.status import DatabaseMigrationStatus, StepState
from dbmigrations.api.step import Outcome
from dbmigrations.controller.actions import (
    AddFinalizer,
    CreateJob,
    Decision,
    DeleteJob,
    Effect,
    Propagation,
    RemoveFinalizer,
)
from dbmigrations.controller.plan import needs_pods, plan
from dbmigrations.controller.reading import read_spec, read_status
from dbmigrations.controller.snapshot import (
    CreationRefused,
    InvalidSpec,
    JobState,
    OperatorFacts,
    PodPhase,
    Resource,
    Snapshot,
)
from tests.rules.condition_rules import broken_rules, broken_transition
from tests.unit.controller.database_model import Database
from tests.unit.controller.job_model import Job, Pod, job_facts, pod_facts

EXIT_CODES = {Outcome.SUCCEEDED: 0, Outcome.REFUSED: 10, Outcome.FAILED: 20, Outcome.WAITING: 30}
UID = "0e0a6d1c-3a77-4a0e-9f59-0c1a5b1d2e3f"


class Crash(Enum):
    """Where the operator is killed in a pass."""

    NOWHERE = auto()
    BEFORE_STATUS = auto()
    AFTER_STATUS = auto()
    AFTER_EFFECT = auto()


def default_spec(version: str = "1.0.0", **more: object) -> dict[str, Any]:
    return {
        "version": version,
        "database": {"secretRef": {"name": "shop-db"}},
        "source": {"image": {"reference": "registry.test/shop:{version}"}},
        "steps": {"backup": {"storage": {"persistentVolumeClaim": {"claimName": "backups"}}}},
        **more,
    }


@dataclass
class Cluster:
    spec: dict[str, Any] = field(default_factory=default_spec)
    database: Database = field(default_factory=Database)
    now: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)
    generation: int = 1
    version: int = 1
    status: dict[str, Any] = field(default_factory=lambda: {"observedGeneration": -1})
    finalizers: set[str] = field(default_factory=lambda: {"someone.else/theirs"})
    annotations: dict[str, str] = field(default_factory=dict)
    deleted_at: datetime | None = None
    gone: bool = False
    jobs: dict[str, Job] = field(default_factory=dict)
    quota: str = ""
    """Why the API server refuses Jobs; empty: it does not."""
    created: list[str] = field(default_factory=list)
    """Names of all Jobs ever created."""
    history: list[Decision] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # people

    def change(self, **spec: object) -> None:
        self.spec = {**self.spec, **spec}
        self.generation += 1
        self.version += 1

    def annotate(self, name: str, value: str) -> None:
        self.annotations[name] = value
        self.version += 1

    def cancel(self) -> None:
        self.annotate(CANCEL, self.run["id"])

    def ask_again(self) -> None:
        self.annotate(REQUESTED_AT, f"request-{next(self._numbers)}")

    def delete(self) -> None:
        self.deleted_at = self.deleted_at or self.now
        self.version += 1
        self._let_go()

    def lose_status(self) -> None:
        self.status = {"observedGeneration": -1}
        self.version += 1

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    # what there is to see

    @property
    def run(self) -> dict[str, Any]:
        return dict(self.status.get("run") or {})

    @property
    def steps(self) -> list[dict[str, Any]]:
        return list(self.run.get("steps") or [])

    def condition(self, kind: str) -> tuple[str, str]:
        found = (one for one in self.status.get("conditions", ()) if one["type"] == kind)
        return next(((one["status"], one["reason"]) for one in found), ("", ""))

    @property
    def active(self) -> list[Job]:
        return [job for job in self.jobs.values() if job.state is JobState.ACTIVE]

    @property
    def job(self) -> Job:
        """The one active Job."""
        (job,) = self.active
        return job

    def snapshot(self, refused: CreationRefused | None = None) -> Snapshot:
        resource = Resource(
            namespace="prod",
            name="shop",
            uid=UID,
            generation=self.generation,
            resource_version=str(self.version),
            spec=read_spec(self.spec),
            status=read_status(self.status),
            finalizers=tuple(sorted(self.finalizers)),
            annotations=dict(self.annotations),
            deletion_timestamp=self.deleted_at,
        )
        found = Snapshot(
            resource=resource,
            operator=OperatorFacts(cluster="test", runner_image="registry.test/runner:1"),
            fresh_run_id=f"run-{next(self._numbers)}",
            jobs=tuple(job_facts(job) for job in self.jobs.values()),
            refused=refused,
        )
        if not needs_pods(found):
            return found
        pods = tuple(pod_facts(job) for job in self.jobs.values() if job.pod is not None)
        return Snapshot(found.resource, found.operator, found.fresh_run_id, found.jobs, pods, (), refused)

    # the operator

    def reconcile(self, crash: Crash = Crash.NOWHERE, *, conflict: bool = False) -> Decision | None:
        """One pass. With `conflict` somebody writes the resource between its reading and the status write."""
        if self.gone:
            return None
        return self._pass(self.snapshot(), crash, conflict=conflict)

    def _pass(self, snapshot: Snapshot, crash: Crash, *, conflict: bool = False) -> Decision:
        decision = plan(snapshot, self.now)
        assert plan(snapshot, self.now) == decision, "the same facts lead to the same plan"
        self.history.append(decision)
        if crash is Crash.BEFORE_STATUS:
            return decision
        if conflict:
            self.version += 1
        if decision.status is not None:
            if decision.status.resource_version != str(self.version):
                return decision
            self._write(decision.status.status)
        if crash is Crash.AFTER_STATUS or decision.effect is None:
            return decision
        self._act(decision.effect, crash)
        return decision

    def _write(self, status: DatabaseMigrationStatus) -> None:
        wire = json.loads(json.dumps(status.to_wire()))
        assert read_status(wire) == status, "what is written is what is read"
        assert wire != self.status, "nothing equal is written"
        assert len(json.dumps(wire)) < 100_000
        before = self._seen()
        self.status = wire
        self.version += 1
        assert broken_rules(self._seen()) == []
        assert broken_transition(before, self._seen()) == []

    def _seen(self) -> dict[str, Any]:
        metadata: dict[str, Any] = {"generation": self.generation}
        return {"metadata": metadata, "status": self.status}

    def _act(self, effect: Effect, crash: Crash) -> None:
        match effect:
            case CreateJob():
                self._create(effect, crash)
            case DeleteJob():
                self._delete_job(effect)
            case AddFinalizer(finalizer=finalizer):
                assert self.deleted_at is None
                self.finalizers.add(finalizer)
                self.version += 1
            case RemoveFinalizer(finalizer=finalizer):
                assert not any(job.may_run for job in self.jobs.values()), "nothing runs when the finalizer is released"
                self.finalizers.discard(finalizer)
                self.version += 1
                self._let_go()

    def _create(self, effect: CreateJob, crash: Crash) -> None:
        step = self.steps[-1]
        assert step["job"] == effect.name, "the Job was recorded first"
        assert step["state"] == StepState.STARTING, "an attempt that was seen is never created again"
        assert FINALIZER in self.finalizers
        assert len(effect.name) <= 63
        spec = read_spec(self.spec)
        assert not isinstance(spec, InvalidSpec)
        assert not spec.suspend
        assert self.deleted_at is None
        assert not any(job.may_run for job in self.jobs.values()), "one at a time"
        if self.quota:
            if crash is Crash.NOWHERE:
                self._pass(self.snapshot(CreationRefused(effect.name, self.quota)), Crash.NOWHERE)
            return
        assert effect.name not in self.jobs
        manifest = json.loads(json.dumps(effect.manifest))
        number = next(self._numbers)
        self.jobs[effect.name] = Job(manifest, f"job-{number}", self.now, Pod(f"{effect.name}-{number}"))
        self.created.append(effect.name)

    def _delete_job(self, effect: DeleteJob) -> None:
        job = self.jobs.get(effect.name)
        if job is None or job.uid != effect.uid:
            return
        if job.state is not JobState.ACTIVE:
            awaited = [one["job"] for one in self.steps[-1:] if one["state"] in {StepState.STARTING, StepState.RUNNING}]
            assert job.name not in awaited, "a result is in the status before its Job may go"
            given_up = [one["job"] for one in self.steps if one["state"] in {StepState.WAITING, StepState.STOPPED}]
            assert job.name in given_up or job.name not in [one["job"] for one in self.steps], "evidence stays"
        if effect.propagation is Propagation.FOREGROUND and job.alive:
            job.deleting = True
        else:
            del self.jobs[job.name]

    def _let_go(self) -> None:
        if self.deleted_at is not None and FINALIZER not in self.finalizers:
            self.gone = True

    # the Jobs

    def start(self, job: Job) -> None:
        """The Pod's main container runs."""
        assert job.pod is not None
        job.pod.phase, job.pod.started_at, job.pod.waiting = PodPhase.RUNNING, self.now, ""

    def finish(self, job: Job, said: str | None = None) -> None:
        """The runner does its step, and says how it went (or, with `said`, something else); its Job says so, too."""
        if job.alive:
            self.end_pod(job, said)
        assert job.pod is not None
        well = job.pod.phase is PodPhase.SUCCEEDED
        job.state = JobState.COMPLETE if well else JobState.FAILED
        job.reason = "" if well else "BackoffLimitExceeded"
        self._end_deletion(job)

    def end_pod(self, job: Job, said: str | None = None) -> None:
        """The same, but the Job does not know it yet."""
        self.start(job)
        result = self.database.perform(job.request)
        assert result is not None
        assert job.pod is not None
        job.pod.exit_code = EXIT_CODES[result.outcome]
        job.pod.said = result.encode().decode() if said is None else said
        well = result.outcome is Outcome.SUCCEEDED
        job.pod.phase = PodPhase.SUCCEEDED if well else PodPhase.FAILED

    def kill(self, job: Job, units: int = 0) -> None:
        """The Pod is killed after the runner has done so many migrations; it says nothing."""
        self.start(job)
        self.database.perform(job.request, units)
        assert job.pod is not None
        job.pod.exit_code, job.pod.phase = 137, PodPhase.FAILED
        job.state, job.reason = JobState.FAILED, "BackoffLimitExceeded"
        self._end_deletion(job)

    def overrun(self, job: Job) -> None:
        """The Job reaches its deadline; its Pod is removed with it."""
        job.pod = None
        job.state, job.reason = JobState.FAILED, "DeadlineExceeded"
        self._end_deletion(job)

    def vanish(self, job: Job) -> None:
        """Somebody deletes the Job, whatever it says."""
        del self.jobs[job.name]

    def end_pods_of_deleted_jobs(self) -> None:
        for job in list(self.jobs.values()):
            if job.deleting:
                self.kill(job)

    def _end_deletion(self, job: Job) -> None:
        if job.deleting:
            self.jobs.pop(job.name, None)

    # all of it

    def settle_once(self) -> None:
        """A run begins, and its first step ends."""
        while not self.active:
            self.reconcile()
        self.finish(self.job)
        self.reconcile()

    def settle(self, limit: int = 400) -> None:
        """Everything goes on, well, until nothing happens any more."""
        for _ in range(limit):
            decision = self.reconcile()
            if decision is None:
                return
            if decision.status is not None or decision.effect is not None:
                continue
            if not self._jobs_go_on() and not self._time_goes_on(decision):
                return
        raise AssertionError(f"not stable after {limit} passes: {self.status}")

    def _jobs_go_on(self) -> bool:
        active = self.active
        for job in active:
            self.finish(job)
        return bool(active)

    def _time_goes_on(self, decision: Decision) -> bool:
        if self.run.get("state") != "Running" or decision.requeue_after is None or "uspend" in decision.rule:
            return False
        if isinstance(read_spec(self.spec), InvalidSpec):
            return False
        self.pass_time(max(decision.requeue_after, 1.0))
        return True
