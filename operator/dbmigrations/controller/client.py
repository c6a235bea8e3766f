"""One API server, asked in plain JSON.

This is the official client's transport (`kubernetes.aio`: connections, TLS, tokens and their renewal) without its
generated models and API classes: those cost 30 MB and a second of start-up, and the answers are read only once here.
Every answer that is not a success becomes one of `dbmigrations.controller.errors`. Nothing is tried twice: the queue
does that, after looking again. Every call that writes is logged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import structlog
from kubernetes.aio.client import ApiClient
from kubernetes.aio.client.rest import RESTClientObject
from kubernetes.aio.config import ConfigException

from dbmigrations.api.resource import MANAGER
from dbmigrations.controller.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    GoneError,
    NotFoundError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    from kubernetes.aio.client import Configuration
    from structlog.typing import FilteringBoundLogger

JsonObject = dict[str, Any]

JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
METADATA_OF_EACH = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

REQUEST_TIMEOUT = 30.0
"""Seconds for one request and its whole answer."""

WATCH_SECONDS = 300
"""After so many the API server ends a watch; 10 more, and we do."""

KEEP_ALIVE = 75.0
"""Seconds that an idle connection is kept. The API server closes it after 90; a new one costs a TLS handshake."""

PAGE = 250
"""Objects in one answer of a LIST: what is in memory at one time."""


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: object = None
    content_type: str = ""
    accept: str = JSON

    @property
    def headers(self) -> dict[str, str]:
        with_body = {"Content-Type": self.content_type} if self.content_type else {}
        return {"Accept": self.accept, **with_body}


class Cluster:
    """An API server. Use as an async context manager, in the event loop that will make the calls."""

    def __init__(self, configuration: Configuration, user_agent: str = MANAGER) -> None:
        self._api = ApiClient(configuration)
        self._api.rest_client = _Connections(configuration)
        self._api.user_agent = user_agent
        self._log: FilteringBoundLogger = structlog.get_logger()

    async def __aenter__(self) -> Self:
        """Connections are opened as they are needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes every connection."""
        await self._api.close()  # type: ignore[no-untyped-call]

    async def get(self, path: str) -> JsonObject:
        """One object.

        Raises:
            ClusterError: see the module's docstring; so for every method here.
        """
        return await self._call(_Request("GET", path))

    async def items(
        self, path: str, *, labels: str = "", fields: str = "", metadata_only: bool = False, page: int = PAGE
    ) -> AsyncIterator[JsonObject]:
        """All objects of a collection that match the selectors, as they are now, a page at a time."""
        query = {"limit": str(page), "labelSelector": labels, "fieldSelector": fields}
        accept = METADATA_ONLY if metadata_only else JSON
        while True:
            answer = await self._call(_Request("GET", path, query=tuple(query.items()), accept=accept))
            for item in answer.get("items") or ():  # an empty list of metadata is null
                yield item
            query["continue"] = answer["metadata"].get("continue", "")
            if not query["continue"]:
                return

    async def changes(
        self, path: str, *, labels: str = "", fields: str = ""
    ) -> AsyncGenerator[tuple[str, JsonObject], None]:
        """What happens in a collection from now on, until the watch ends: ADDED, MODIFIED or DELETED, and the metadata.

        An object is ADDED also when it has come to match the selectors.
        """
        now = (await self._call(_Request("GET", path, query=(("limit", "1"),), accept=METADATA_ONLY)))["metadata"]
        query = {"labelSelector": labels, "fieldSelector": fields, "resourceVersion": now["resourceVersion"]}
        query |= {"watch": "true", "timeoutSeconds": str(WATCH_SECONDS)}
        request = _Request("GET", path, query=tuple(query.items()), accept=METADATA_OF_EACH)
        response = await self._send(request, seconds=WATCH_SECONDS + 10)
        try:
            if response.status != HTTPStatus.OK:
                raise UnavailableError(f"watch of {path}: {response.status}")
            async for line in response.content:
                event = _read(line)
                if event is None or event.get("type") == "ERROR":
                    raise UnavailableError(f"watch of {path}: {line[:200].decode(errors='replace')}")
                yield event["type"], event["object"]["metadata"]
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise UnavailableError(f"watch of {path}: {type(error).__name__}: {error}") from None
        finally:
            response.close()

    async def create(self, path: str, body: JsonObject) -> JsonObject:
        """Adds an object to a collection. A field that its kind does not have is refused, not left out in silence."""
        name = str(body.get("metadata", {}).get("name", ""))
        request = _Request("POST", path, query=(("fieldValidation", "Strict"),), body=body, content_type=JSON)
        return await self._write(request, name=name)

    async def patch(self, path: str, version: str, operations: Sequence[JsonObject]) -> JsonObject:
        """Applies JSON-patch operations to an object, all or none, and only where it still has this resourceVersion.

        The version is set, not tested: a `test` that fails is answered with 422 and no words, a version that is not
        the current one with 409.
        """
        precondition = {"op": "replace", "path": "/metadata/resourceVersion", "value": version}
        return await self._write(_Request("PATCH", path, body=[precondition, *operations], content_type=JSON_PATCH))

    async def delete(self, path: str, *, uid: str, propagation: str) -> JsonObject:
        """Deletes the object of this uid and, by `propagation`, what it owns. One of another uid is a conflict."""
        options: JsonObject = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid},
            "propagationPolicy": propagation,
        }
        return await self._write(_Request("DELETE", path, body=options, content_type=JSON))

    async def _write(self, request: _Request, **context: str) -> JsonObject:
        log = self._log.bind(method=request.method, path=request.path, **context)
        try:
            answer = await self._call(request)
        except ClusterError as error:
            log.info("write refused", error=type(error).__name__)
            raise
        version = answer.get("metadata", {}).get("resourceVersion", "")
        log.info("write", resource_version=version)
        return answer

    async def _call(self, request: _Request) -> JsonObject:
        asked = f"{request.method} {request.path}"
        response = await self._send(request)
        try:
            raw = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise UnavailableError(f"{asked}: {type(error).__name__}: {error}") from None
        answer = _read(raw)
        if answer is None:
            shown = raw[:200].decode(errors="replace")
            raise UnavailableError(f"{asked}: {response.status}, and no JSON object: {shown}")
        if response.status in range(200, 300):
            return answer
        raise as_error(asked, response.status, answer, response.headers.get("Retry-After", ""))

    async def _send(self, request: _Request, *, seconds: float = REQUEST_TIMEOUT) -> aiohttp.ClientResponse:
        """The answer, of which the body is still to be read."""
        try:
            prepared = await self._api.param_serialize(
                request.method,
                request.path,
                query_params=[(key, value) for key, value in request.query if value],
                header_params=request.headers,
                body=request.body,
                auth_settings=["BearerToken"],
            )
            answer = await self._api.call_api(*prepared, _request_timeout=aiohttp.ClientTimeout(seconds))
        except (aiohttp.ClientError, OSError, TimeoutError, ConfigException) as error:  # the last: of a token's renewal
            raise UnavailableError(f"{request.method} {request.path}: {type(error).__name__}: {error}") from None
        response: aiohttp.ClientResponse = answer.response
        return response


def as_error(asked: str, status: int, answer: Mapping[str, Any], retry_after: str = "") -> ClusterError:
    """The domain's word for an answer that is not a success."""
    reason = str(answer.get("reason") or "")
    text = f"{asked}: {status} {reason}: {answer.get('message', '')}"
    match status, reason:
        case 409, "AlreadyExists":
            return AlreadyExistsError(text)
        case 429, _:
            return ThrottledError(text, retry_after=float(retry_after) if retry_after.isdigit() else 1.0)
        case ((404 | 409 | 410), _):
            return _BY_STATUS[status](text)
        case _ if status in range(400, 500) or _NO_WEBHOOK in text:
            return RefusedError(text, reason=reason, answer=str(answer.get("message", "")))
        case _:
            return UnavailableError(text)


_NO_WEBHOOK = "failed calling webhook"
"""In a 500 of the API server: admission has a webhook that does not answer, and nothing passes without it."""

_BY_STATUS = {404: NotFoundError, 409: ConflictError, 410: GoneError}


def _read(raw: bytes) -> JsonObject | None:
    try:
        answer = json.loads(raw)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


class _Connections(RESTClientObject):
    """The client's connections, kept for as long as the API server keeps them."""

    def _create_connector(self) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(limit=self.maxsize, ssl=self.ssl_context, keepalive_timeout=KEEP_ALIVE)
