"""From what the API server says about Jobs, Pods and events to facts. Pure; what is absent is empty, never an error."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from dbmigrations.api.resource import REQUESTED_AT
from dbmigrations.controller.actions import SPEC_HASH
from dbmigrations.controller.reading import read_spec, read_status
from dbmigrations.controller.snapshot import (
    ContainerFacts,
    EventFacts,
    JobFacts,
    JobState,
    PodFacts,
    PodPhase,
    Resource,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Raw = Mapping[str, Any]

_JOB_NAME = "batch.kubernetes.io/job-name"
_PHASES = {phase.value: phase for phase in PodPhase}


def resource(raw: Raw) -> Resource:
    """A DatabaseMigration."""
    meta = raw["metadata"]
    return Resource(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        generation=meta.get("generation", 0),
        resource_version=meta["resourceVersion"],
        spec=read_spec(raw.get("spec")),
        status=read_status(raw.get("status")),
        finalizers=tuple(meta.get("finalizers") or ()),
        annotations=dict(meta.get("annotations") or {}),
        deletion_timestamp=_time(meta.get("deletionTimestamp")),
    )


def job(raw: Raw) -> JobFacts:
    """A Job. Only the conditions Complete and Failed decide how far it is."""
    meta, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or () if each.get("status") == "True"}
    failed = conditions.get("Failed")
    return JobFacts(
        name=meta["name"],
        uid=meta["uid"],
        labels=dict(meta.get("labels") or {}),
        owner_uid=_controller(meta),
        state=JobState.FAILED if failed else JobState.COMPLETE if "Complete" in conditions else JobState.ACTIVE,
        spec_hash=(meta.get("annotations") or {}).get(SPEC_HASH, ""),
        reason=(failed or {}).get("reason", ""),
        message=(failed or {}).get("message", ""),
        created_at=_time(meta.get("creationTimestamp")),
        started_at=_time(status.get("startTime")),
        deleting="deletionTimestamp" in meta,
        suspended=bool(spec.get("suspend")),
        limit=spec.get("activeDeadlineSeconds") or 0,
        requested_at=(meta.get("annotations") or {}).get(REQUESTED_AT, ""),
    )


def pod(raw: Raw) -> PodFacts:
    """A Pod of a Job."""
    meta, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    waits = [
        each.get("message", "")
        for each in status.get("conditions") or ()
        if each.get("type") == "PodScheduled" and each.get("status") == "False"
    ]
    return PodFacts(
        name=meta["name"],
        uid=meta["uid"],
        job=(meta.get("labels") or {}).get(_JOB_NAME, ""),
        phase=_PHASES.get(status.get("phase", ""), PodPhase.UNKNOWN),
        owner_uid=_controller(meta),
        containers=tuple(_containers(spec, status)),
        unschedulable=waits[0] if waits else "",
        reason=status.get("reason", ""),
        message=status.get("message", ""),
        created_at=_time(meta.get("creationTimestamp")),
        started_at=_time(status.get("startTime")),
        deleting="deletionTimestamp" in meta,
    )


def event(raw: Raw) -> EventFacts:
    """A core event."""
    about = raw.get("involvedObject") or {}
    series = raw.get("series") or {}
    seen = series.get("lastObservedTime") or raw.get("lastTimestamp") or raw.get("eventTime")
    return EventFacts(
        kind=about.get("kind", ""),
        name=about.get("name", ""),
        uid=about.get("uid", ""),
        reason=raw.get("reason", ""),
        message=raw.get("message", ""),
        last_seen=_time(seen or raw["metadata"].get("creationTimestamp")),
    )


def _containers(spec: Raw, status: Raw) -> Iterator[ContainerFacts]:
    for init, kind in ((True, "initContainer"), (False, "container")):
        found = {each["name"]: each for each in status.get(f"{kind}Statuses") or ()}
        for container in spec.get(f"{kind}s") or ():
            yield _container(container, found.get(container["name"], {}), init=init)


def _container(spec: Raw, status: Raw, *, init: bool) -> ContainerFacts:
    state = status.get("state") or {}
    waiting, running, ended = (state.get(key) or {} for key in ("waiting", "running", "terminated"))
    return ContainerFacts(
        name=spec["name"],
        init=init,
        image=spec.get("image", ""),
        image_id=status.get("imageID", ""),
        waiting_reason=waiting.get("reason", ""),
        waiting_message=waiting.get("message", ""),
        started_at=_time(running.get("startedAt") or ended.get("startedAt")),
        finished_at=_time(ended.get("finishedAt")),
        exit_code=ended.get("exitCode"),
        exit_reason=ended.get("reason", ""),
        exit_message=ended.get("message", ""),
    )


def _controller(meta: Raw) -> str:
    owners = (each["uid"] for each in meta.get("ownerReferences") or () if each.get("controller"))
    return next(owners, "")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
