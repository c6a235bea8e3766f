"""What Kopf is told. Its handlers only wake the queue: they hold no state, and cannot fail.

Kopf retries no event handler, cannot wake a delayed one, and forgets a superseded one; so nothing is decided here.
Everything comes in one registry of its own, which has no logins but ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import kopf

from dbmigrations.api.resource import GROUP, JOB_LABELS, PLURAL, VERSION
from dbmigrations.operator.forgetful import NoDifferences, NoProgress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dbmigrations.operator.watchfulness import Key

WATCH_TIMEOUT = 300
"""Seconds after which the server ends a watch; 10 more, and we do. A whole number: Kopf sends it as it is written."""

ENDS = frozenset({"Complete", "Failed"})
"""Conditions of a Job that does nothing more."""

CONNECT_TIMEOUT = 30.0
REQUEST_TIMEOUT = 30.0
CHUNK = 50


class Wakes(Protocol):
    """Who is told that something happened."""

    def resource_changed(self, key: Key, version: str) -> None:
        """A DatabaseMigration was seen in this version."""
        ...

    def resource_gone(self, key: Key) -> None:
        """A DatabaseMigration was deleted."""
        ...

    def job_changed(self, key: Key, job: str, *, finished: bool) -> None:
        """A Job of a DatabaseMigration was seen; `finished`: it does nothing more."""
        ...

    def job_gone(self, key: Key, job: str) -> None:
        """A Job of a DatabaseMigration was deleted."""
        ...


def registry(
    wakes: Wakes,
    *,
    start: Callable[[], Awaitable[None]],
    end: Callable[[], Awaitable[None]],
    login: Callable[[], Awaitable[kopf.ConnectionInfo]],
) -> kopf.OperatorRegistry:
    """Everything that Kopf calls."""
    ours = kopf.OperatorRegistry()

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=ours)
    async def resource(body: kopf.Body, type: str | None, **_: object) -> None:  # noqa: A002 the name is Kopf's
        key = (str(body.metadata.namespace), str(body.metadata.name))
        if type == "DELETED":
            wakes.resource_gone(key)
        else:
            wakes.resource_changed(key, str(body.metadata["resourceVersion"]))

    @kopf.on.event("batch", "v1", "jobs", registry=ours)
    async def job(body: kopf.Body, type: str | None, **_: object) -> None:  # noqa: A002 the name is Kopf's
        meta = body.metadata
        owner = meta.labels.get(JOB_LABELS.owner_name)
        if not owner:
            return
        key = (str(meta.namespace), owner)
        if type == "DELETED":
            wakes.job_gone(key, str(meta.name))
            return
        conditions = (body.get("status") or {}).get("conditions") or ()
        finished = any(each.get("type") in ENDS and each.get("status") == "True" for each in conditions)
        wakes.job_changed(key, str(meta.name), finished=finished)

    @kopf.on.startup(registry=ours)
    async def startup(**_: object) -> None:
        try:
            await start()
        except Exception as error:  # anything but PermanentError leaves Kopf neither started nor ended
            raise kopf.PermanentError(f"cannot start: {error}") from error

    @kopf.on.cleanup(registry=ours)
    async def cleanup(**_: object) -> None:
        await end()

    @kopf.on.login(registry=ours, retries=3, backoff=1.0)
    async def credentials(**_: object) -> kopf.ConnectionInfo:
        return await login()

    return ours


def kopf_settings() -> kopf.OperatorSettings:
    """Kopf's settings: every default that would hang, flood or post is changed."""
    ours = kopf.OperatorSettings()
    ours.posting.enabled = False  # events are written by us, on transitions
    ours.peering.standalone = True  # peering is no leader election: equal priorities freeze both
    ours.scanning.disabled = True  # namespaces and kinds are known: no rights on CRDs and namespaces needed
    ours.persistence.diffbase_storage = NoDifferences()
    ours.persistence.progress_storage = NoProgress()
    ours.watching.server_timeout = WATCH_TIMEOUT
    ours.watching.client_timeout = WATCH_TIMEOUT + 10
    ours.watching.connect_timeout = CONNECT_TIMEOUT
    ours.watching.chunk_size = CHUNK
    ours.watching.label_selectors["batch", "v1", "jobs"] = JOB_LABELS.owner_uid
    ours.networking.request_timeout = REQUEST_TIMEOUT
    ours.networking.connect_timeout = CONNECT_TIMEOUT
    ours.process.ultimate_exiting_timeout = None  # Kubernetes ends what does not end itself
    ours.queueing.worker_limit = None  # with a limit Kopf deadlocks; our own queue bounds the work
    ours.queueing.idle_timeout = 0.1  # a handler is done at once, and an idle worker keeps the last body of its object
    return ours
