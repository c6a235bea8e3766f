"""What surrounds the measured operator: a control plane, a watch on its Jobs, and a runner that finishes them."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from dbmigrations.api.resource import GROUP, JOB_LABELS, KIND, MANAGER, VERSION
from dbmigrations.api.step import Outcome, StepName, StepRef, StepRequest, StepResult
from dbmigrations.controller import paths

if TYPE_CHECKING:
    from pathlib import Path

    from dbmigrations.controller.client import Cluster

Json = dict[str, Any]
STATUS = "application/merge-patch+json"
WRITES = {"create", "update", "patch", "delete", "deletecollection"}


@dataclass
class World:
    """One control plane, seen by the benchmark."""

    cluster: Cluster
    session: aiohttp.ClientSession
    url: str
    audit_log: Path
    arrivals: dict[tuple[str, str], asyncio.Queue[tuple[float, Json]]] = field(default_factory=dict)
    created: dict[str, list[float]] = field(default_factory=dict)  # by namespace: when each Job appeared

    async def watch_jobs(self) -> None:
        """Notes when each Job appears. Runs until it is cancelled."""
        listed = await self.cluster.get("/apis/batch/v1/jobs")
        version = listed["metadata"]["resourceVersion"]
        timeout = aiohttp.ClientTimeout(total=None)
        while True:
            query = f"?watch=true&resourceVersion={version}"
            async with self.session.get(f"{self.url}/apis/batch/v1/jobs{query}", timeout=timeout) as answer:
                async for line in answer.content:
                    event = json.loads(line)
                    meta = event["object"]["metadata"]
                    version = meta["resourceVersion"]
                    if event["type"] == "ADDED":
                        now = time.perf_counter()
                        self.created.setdefault(meta["namespace"], []).append(now)
                        key = (meta["namespace"], meta.get("labels", {}).get(JOB_LABELS.owner_name, ""))
                        self.queue(*key).put_nowait((now, event["object"]))

    def queue(self, namespace: str, name: str) -> asyncio.Queue[tuple[float, Json]]:
        """The Jobs of one resource, as they appear."""
        return self.arrivals.setdefault((namespace, name), asyncio.Queue())

    async def namespace(self, name: str) -> None:
        """A namespace in which Pods may be created."""
        await self.cluster.create("/api/v1/namespaces", {"metadata": {"name": name}})
        while not await self._has_account(name):  # noqa: ASYNC110 what is awaited is in another process
            await asyncio.sleep(0.05)

    async def write(self, namespace: str, name: str) -> None:
        """A person writes a resource."""
        await self.cluster.create(paths.resources(namespace), migration(namespace, name))

    async def run_pod(self, job: Json) -> None:
        """The Job gets its Pod, which runs."""
        meta, template = job["metadata"], job["spec"]["template"]
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "uid": meta["uid"], "controller": True}
        labels = template["metadata"]["labels"]
        manifest = {
            "metadata": {"name": _pod(job), "labels": labels, "ownerReferences": [owner]},
            "spec": template["spec"],
        }
        await self.cluster.create(paths.pods(meta["namespace"]), manifest)
        await self._pod_status(job, "Running", {"running": {"startedAt": _now()}})

    async def end_pod(self, job: Json, *, steps: int) -> None:
        """Its runner has done its step well. `steps`: how many follow after preflight."""
        ended = {"exitCode": 0, "reason": "Completed", "message": result(job, steps)}
        await self._pod_status(job, "Succeeded", {"terminated": ended | {"startedAt": _now(), "finishedAt": _now()}})

    async def end_job(self, job: Json) -> None:
        """The Job says so, too."""
        now, meta = _now(), job["metadata"]
        done = [
            {"type": kind, "status": "True", "reason": "CompletionsReached", "lastTransitionTime": now}
            for kind in ("SuccessCriteriaMet", "Complete")
        ]
        end: Json = {"startTime": now, "completionTime": now, "succeeded": 1, "conditions": done}
        await self._status(
            f"{paths.job(meta['namespace'], meta['name'])}/status", end | {"uncountedTerminatedPods": {}}
        )

    def mark(self) -> int:
        """This moment, for `calls`."""
        return self.audit_log.stat().st_size

    def calls(self, since: int, *namespaces: str) -> list[str]:
        """What our operator asked for in these namespaces since then: `verb resource`, events left out."""
        with self.audit_log.open("rb") as log:
            log.seek(since)
            entries = [json.loads(line) for line in log.read().splitlines() if line.endswith(b"}")]
        found = []
        for entry in entries:
            about = entry.get("objectRef", {})
            ours = entry.get("userAgent") == MANAGER and about.get("namespace") in namespaces
            if ours and entry["verb"] != "watch":
                kind = "/".join(filter(None, (about["resource"], about.get("subresource"))))
                found.append(f"{entry['verb']} {kind}")
        return [call for call in found if call != "create events"]

    async def _pod_status(self, job: Json, phase: str, state: Json) -> None:
        container = job["spec"]["template"]["spec"]["containers"][0]
        shown = {"name": container["name"], "image": container["image"], "imageID": "", "ready": False}
        status: Json = {
            "phase": phase,
            "startTime": _now(),
            "containerStatuses": [shown | {"restartCount": 0, "state": state}],
        }
        await self._status(f"{paths.pods(job['metadata']['namespace'])}/{_pod(job)}/status", status)

    async def _status(self, path: str, status: Json) -> None:
        body = json.dumps({"status": status})
        headers = {"Content-Type": STATUS}
        async with self.session.patch(self.url + path, data=body, headers=headers) as answer:
            if not answer.ok:
                raise RuntimeError(f"PATCH {path}: {answer.status}: {await answer.text()}")

    async def _has_account(self, namespace: str) -> bool:
        found = await self.cluster.get(f"/api/v1/namespaces/{namespace}/serviceaccounts")
        return bool(found["items"])


def _pod(job: Json) -> str:
    return f"{job['metadata']['name']}-pod"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def migration(namespace: str, name: str) -> Json:
    """A DatabaseMigration as a person writes it."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "version": "1.1.0",
            "database": {"secretRef": {"name": "shop-db"}},
            "source": {"image": {"reference": "registry.test/shop-database:{version}"}},
            "steps": {"backup": {"storage": {"persistentVolumeClaim": {"claimName": "shop-backups"}}}},
        },
    }


def result(job: Json, steps: int) -> str:
    """What the runner says at the end of this Job: all is well, and there are so many steps."""
    words = job["spec"]["template"]["spec"]["containers"][0]["command"]
    request = StepRequest.model_validate_json(words[words.index("--request") + 1])
    following = None
    if request.step.ordinal < steps:
        following = StepRef(name=StepName.DATA, release="1.1.0", ordinal=request.step.ordinal + 1)
    answer = StepResult(
        step=request.step,
        run=request.run,
        outcome=Outcome.SUCCEEDED,
        current_version="1.0.0" if following else "1.1.0",
        next=following,
        last_run="",
    )
    return answer.encode().decode()


def as_sent(job: Json) -> Json:
    """A Job as it was sent, from what the API server made of it."""
    template = job["spec"]["template"]
    drop = {"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"}
    labels = {key: value for key, value in template["metadata"]["labels"].items() if key not in drop}
    spec = {key: value for key, value in job["spec"].items() if key not in {"selector", "template", "manualSelector"}}
    meta = job["metadata"]
    kept = {key: meta[key] for key in ("labels", "annotations", "ownerReferences") if key in meta}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": kept,
        "spec": spec | {"template": {"metadata": template["metadata"] | {"labels": labels}, "spec": template["spec"]}},
    }
