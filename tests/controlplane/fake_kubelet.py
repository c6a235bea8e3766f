"""The part of Kubernetes that a control plane alone lacks: makes Pods for Jobs, runs them against a fake database.

Pods and Jobs get statuses of the shapes that a real API server accepts and a real kubelet writes. A test chooses how a
Job goes by `fate`.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import urllib3

from dbmigrations.api.step import Outcome, StepName, StepRequest
from tests.cluster.kube import AnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.kube import Kube
    from tests.controlplane.fake_database import FakeDatabase

Json = dict[str, Any]
JOBS = "/apis/batch/v1/namespaces/{ns}/jobs"
PODS = "/api/v1/namespaces/{ns}/pods"
DIGEST = f"sha256:{'a' * 64}"


class Fate(Enum):
    """How the Job of a step goes."""

    WELL = auto()  # as the database answers
    HELD = auto()  # its Pod runs until the test lets it go
    PENDING = auto()  # its Pod never starts
    NO_POD = auto()  # it never gets a Pod
    SILENT = auto()  # done, and its Pod is deleted before anybody read the result
    VANISHES = auto()  # done, and the Job is deleted before anybody read the result
    KILLED = auto()  # its Pod dies in the middle: no result, Job failed
    UNTOLD = auto()  # its Pod ends as the database answers, and the Job does not know it yet


Choose = "Callable[[StepRequest], Fate]"


def always_well(_request: StepRequest) -> Fate:
    return Fate.WELL


@dataclass
class FakeKubelet:
    """Plays the Jobs of one namespace until stopped."""

    kube: Kube
    ns: str
    database: FakeDatabase
    fate: Callable[[StepRequest], Fate] = always_well
    delay: float = 0.0
    created: list[str] = field(default_factory=list)  # names of Jobs, in the order of their creation
    held: dict[str, Json] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _played: set[str] = field(default_factory=set)

    def start(self) -> None:
        threading.Thread(target=self._follow, daemon=True, name=f"kubelet {self.ns}").start()

    def stop(self) -> None:
        """Plays no further Job; its thread ends by itself when its watch does."""
        self._stop.set()
        assert not self.problems, self.problems

    def release(self, *, well: bool = True) -> None:
        """Lets every held Job go on: to its result, or to a death without one."""
        held, self.held = self.held, {}
        for job in held.values():
            if self.kube.find("Job", self.ns, job["metadata"]["name"]) is None:
                continue
            pod = f"{job['metadata']['name']}-pod"
            if well:
                self.finish(job, pod, request_of(job))
            else:
                self._die(job, pod)

    def finish(self, job: Json, pod: str, request: StepRequest) -> None:
        """The runner comes to its end."""
        result = self.database.answer(request)
        self.end_pod(pod, result.encode().decode(), succeeded=result.outcome is Outcome.SUCCEEDED)
        self.end_job(job, succeeded=result.outcome is Outcome.SUCCEEDED)

    def end_job(self, job: Json, *, succeeded: bool, reason: str = "BackoffLimitExceeded") -> None:
        """Writes the Job's end as the Job controller writes it."""
        now = _now()
        if succeeded:
            conditions = [_true("SuccessCriteriaMet", "CompletionsReached"), _true("Complete", "CompletionsReached")]
            status: Json = {"succeeded": 1, "completionTime": now}
        else:
            conditions = [_true("FailureTarget", reason), _true("Failed", reason)]
            status = {"failed": 1}
        began = self.kube.get("Job", self.ns, job["metadata"]["name"])["status"].get("startTime", now)
        status |= {"startTime": began, "conditions": conditions, "active": 0, "uncountedTerminatedPods": {}}
        self._patch("Job", job["metadata"]["name"], status)

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                listed = self.kube.call("GET", JOBS.format(ns=self.ns))
                for job in listed["items"]:
                    self._play(job)
                self._watch(listed["metadata"]["resourceVersion"])
            except (urllib3.exceptions.HTTPError, OSError):
                continue
            except AnswerError as error:
                self.problems.append(str(error))
                return

    def _watch(self, version: str) -> None:
        path = f"{JOBS.format(ns=self.ns)}?watch=true&timeoutSeconds=3&resourceVersion={version}"
        for event in self.kube.lines(path):
            if self._stop.is_set():
                return
            if event["type"] == "ADDED":
                self._play(event["object"])

    def _play(self, job: Json) -> None:
        foreign = "dbmigrations.dev/uid" not in job["metadata"].get("labels", {})
        if foreign or job["metadata"]["uid"] in self._played or job.get("status", {}).get("conditions"):
            return
        self._played.add(job["metadata"]["uid"])
        name = job["metadata"]["name"]
        self.created.append(name)
        request = request_of(job)
        fate = self.fate(request)
        if fate is Fate.NO_POD:
            return
        pod = f"{name}-pod"
        try:
            self._make_pod(job, pod)
            if fate is Fate.PENDING:
                return
            self._run_pod(pod)
            if self.delay:
                time.sleep(self.delay)
            self._go(job, pod, request, fate)
        except AnswerError as error:
            if error.status not in {404, 409}:  # deleted under our hands, as Jobs are
                raise

    def _go(self, job: Json, pod: str, request: StepRequest, fate: Fate) -> None:
        if fate is Fate.HELD:
            self.held[job["metadata"]["name"]] = job
        elif fate is Fate.KILLED:
            self._die(job, pod)
        elif fate is Fate.SILENT:
            self.database.answer(request)
            self.kube.delete("Pod", self.ns, pod, grace=0)
            self.end_job(job, succeeded=True)
        elif fate is Fate.VANISHES:
            self.database.answer(request)
            self.kube.delete("Job", self.ns, job["metadata"]["name"])
        elif fate is Fate.UNTOLD:
            result = self.database.answer(request)
            self.end_pod(pod, result.encode().decode(), succeeded=result.outcome is Outcome.SUCCEEDED)
        else:
            self.finish(job, pod, request)

    def _die(self, job: Json, pod: str) -> None:
        self.end_pod(pod, "", succeeded=False, reason="OOMKilled", code=137)
        self.end_job(job, succeeded=False)

    def _make_pod(self, job: Json, name: str) -> None:
        template = job["spec"]["template"]
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"], "controller": True}
        self.kube.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": name,
                    "namespace": self.ns,
                    "labels": template["metadata"]["labels"],
                    "ownerReferences": [owner | {"uid": job["metadata"]["uid"]}],
                },
                "spec": template["spec"],
            }
        )
        self._patch("Job", job["metadata"]["name"], {"active": 1, "startTime": _now(), "uncountedTerminatedPods": {}})

    def _run_pod(self, pod: str) -> None:
        state = {"running": {"startedAt": _now()}}
        self._patch("Pod", pod, {"phase": "Running", "startTime": _now(), **self._containers(pod, state)})

    def end_pod(self, pod: str, message: str, *, succeeded: bool, reason: str = "", code: int | None = None) -> None:
        ended = {
            "exitCode": code if code is not None else 0 if succeeded else 20,
            "reason": reason or ("Completed" if succeeded else "Error"),
            "message": message,
            "startedAt": _now(),
            "finishedAt": _now(),
        }
        phase = "Succeeded" if succeeded else "Failed"
        self._patch("Pod", pod, {"phase": phase, **self._containers(pod, {"terminated": ended})})

    def _containers(self, pod: str, state: Json) -> Json:
        spec = self.kube.get("Pod", self.ns, pod)["spec"]
        done = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": _now(), "finishedAt": _now()}}
        return {
            "initContainerStatuses": [_container(each, done) for each in spec.get("initContainers", [])],
            "containerStatuses": [_container(each, state) for each in spec["containers"]],
        }

    def _patch(self, kind: str, name: str, status: Json) -> None:
        self.kube.patch(kind, self.ns, name, {"status": status}, "/status")


def request_of(job: Json) -> StepRequest:
    """What the Job's runner is asked to do."""
    container = job["spec"]["template"]["spec"]["containers"][0]
    words = [*container.get("command", []), *container.get("args", [])]
    return StepRequest.model_validate_json(words[words.index("--request") + 1])


def only(fate: Fate, *steps: StepName, times: int = 10**6) -> Callable[[StepRequest], Fate]:
    """This fate for these steps (the first `times` of them), and a good one for all others."""
    left = [times]

    def choose(request: StepRequest) -> Fate:
        if request.step.name not in steps or left[0] == 0:
            return Fate.WELL
        left[0] -= 1
        return fate

    return choose


def _container(spec: Json, state: Json) -> Json:
    reference = spec["image"]
    digest = reference if "@" in reference else f"{reference.rpartition(':')[0]}@{DIGEST}"
    image: Json = {"image": reference, "imageID": digest, "restartCount": 0}
    return {"name": spec["name"], "ready": False, "started": False, "state": state, **image}


def _true(kind: str, reason: str) -> Json:
    now = _now()
    return {"type": kind, "status": "True", "reason": reason, "lastProbeTime": now, "lastTransitionTime": now}


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def as_text(value: object) -> str:
    """For messages of failed tests."""
    return json.dumps(value, indent=1, default=str)
