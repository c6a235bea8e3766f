"""Jobs and their Pods as the cluster of the model holds them, and the facts that are gathered from them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dbmigrations.api.resource import REQUESTED_AT
from dbmigrations.api.step import StepRequest
from dbmigrations.controller.naming import MAIN_CONTAINER
from dbmigrations.controller.snapshot import ContainerFacts, JobFacts, JobState, PodFacts, PodPhase


@dataclass
class Pod:
    name: str
    phase: PodPhase = PodPhase.PENDING
    started_at: datetime | None = None
    exit_code: int | None = None
    said: str = ""
    waiting: str = ""


@dataclass
class Job:
    manifest: dict[str, Any]
    uid: str
    created_at: datetime
    pod: Pod | None
    state: JobState = JobState.ACTIVE
    reason: str = ""
    deleting: bool = False

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def request(self) -> StepRequest:
        command = self.manifest["spec"]["template"]["spec"]["containers"][0]["command"]
        return StepRequest.model_validate_json(command[command.index("--request") + 1])

    @property
    def alive(self) -> bool:
        return self.pod is not None and self.pod.phase in {PodPhase.PENDING, PodPhase.RUNNING}

    @property
    def may_run(self) -> bool:
        """Whether a Pod of it runs or may be started yet: one that succeeded is the last one."""
        succeeded = self.pod is not None and self.pod.phase is PodPhase.SUCCEEDED
        return self.alive or (self.state is JobState.ACTIVE and not succeeded)


def job_facts(job: Job) -> JobFacts:
    metadata = job.manifest["metadata"]
    return JobFacts(
        name=job.name,
        uid=job.uid,
        labels=metadata["labels"],
        owner_uid=metadata["ownerReferences"][0]["uid"],
        state=job.state,
        reason=job.reason,
        created_at=job.created_at,
        deleting=job.deleting,
        limit=job.manifest["spec"]["activeDeadlineSeconds"],
        requested_at=metadata["annotations"].get(REQUESTED_AT, ""),
    )


def pod_facts(job: Job) -> PodFacts:
    assert job.pod is not None
    pod = job.pod
    main = ContainerFacts(
        name=MAIN_CONTAINER,
        image="registry.test/runner:1",
        waiting_reason=pod.waiting,
        started_at=pod.started_at,
        exit_code=pod.exit_code,
        exit_reason="" if pod.exit_code is None else "Completed" if pod.exit_code == 0 else "Error",
        exit_message=pod.said,
    )
    return PodFacts(
        name=pod.name,
        uid=pod.name,
        job=job.name,
        phase=pod.phase,
        owner_uid=job.uid,
        containers=(main,),
        created_at=job.created_at,
    )
