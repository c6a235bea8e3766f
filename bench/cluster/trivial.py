"""The reference of a migration: the same number of Jobs, with the same Pods, whose main container only ends."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING, Any

from tests.cluster.scenario import RUNNER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.kube import Kube

Json = dict[str, Any]
JOB_LIMIT = 300.0
"""Seconds that one Job may take."""


def trivial(job: Json, name: str) -> Json:
    """A Job like `job`: image, init containers, volumes and limits are the same; the main container runs `true`."""
    spec = copy.deepcopy(job["spec"])
    for given in ("selector", "manualSelector"):
        spec.pop(given, None)
    template = spec["template"]
    template["metadata"] = {"annotations": template["metadata"].get("annotations", {})}  # ours no more
    for container in template["spec"]["containers"]:
        if container["name"] == RUNNER:
            container["command"], container["args"] = ["true"], []
    meta = {"name": name, "namespace": job["metadata"]["namespace"]}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": spec}


def one_after_the_other(kube: Kube, jobs: list[Json]) -> float:
    """Runs them, each created as soon as the one before is seen complete; the seconds that it took."""
    began = time.perf_counter()
    for job in jobs:
        made = kube.create(job)
        meta = made["metadata"]
        path = f"/apis/batch/v1/namespaces/{meta['namespace']}/jobs?fieldSelector=metadata.name={meta['name']}"
        seen(kube, path, meta["resourceVersion"], is_complete)
    return time.perf_counter() - began


def is_complete(job: Json) -> bool:
    """Whether a Job succeeded.

    Raises:
        RuntimeError: it failed.
    """
    kinds = {c["type"] for c in job.get("status", {}).get("conditions", []) if c["status"] == "True"}
    if "Failed" in kinds:
        raise RuntimeError(f"the Job {job['metadata']['name']} failed: {job['status']}")
    return "Complete" in kinds


def seen(kube: Kube, path: str, version: str, holds: Callable[[Json], bool]) -> Json:
    """The object, as soon as a watch from `version` on shows it so.

    Raises:
        TimeoutError: it was not in JOB_LIMIT seconds.
    """
    deadline = time.monotonic() + JOB_LIMIT
    joint = "&" if "?" in path else "?"
    while time.monotonic() < deadline:
        for event in kube.lines(f"{path}{joint}watch=true&timeoutSeconds=10&resourceVersion={version}"):
            found: Json = event["object"]
            if event["type"] == "ERROR":
                raise RuntimeError(f"the watch of {path} ended: {found.get('message')}")
            if holds(found):
                return found
            version = found["metadata"]["resourceVersion"]
    raise TimeoutError(f"{path} did not come so far in {JOB_LIMIT:g} s")
