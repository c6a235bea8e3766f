"""The API server as the scenarios use it: objects as plain dictionaries, by kind, namespace and name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import urllib3
from kubernetes import client, config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Json = dict[str, Any]

PATHS = {
    "Namespace": "/api/v1/namespaces",
    "Pod": "/api/v1/namespaces/{ns}/pods",
    "Secret": "/api/v1/namespaces/{ns}/secrets",
    "ConfigMap": "/api/v1/namespaces/{ns}/configmaps",
    "Service": "/api/v1/namespaces/{ns}/services",
    "Event": "/api/v1/namespaces/{ns}/events",
    "ResourceQuota": "/api/v1/namespaces/{ns}/resourcequotas",
    "PersistentVolumeClaim": "/api/v1/namespaces/{ns}/persistentvolumeclaims",
    "Deployment": "/apis/apps/v1/namespaces/{ns}/deployments",
    "Job": "/apis/batch/v1/namespaces/{ns}/jobs",
    "DatabaseMigration": "/apis/dbmigrations.dev/v1alpha1/namespaces/{ns}/databasemigrations",
}

MERGE = "application/merge-patch+json"


class AnswerError(Exception):
    """An answer of the API server that is not 2xx."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


@dataclass(frozen=True)
class Kube:
    """One connection pool to the API server, with the rights of the kubeconfig."""

    host: str
    pool: urllib3.PoolManager

    @classmethod
    def connect(cls, kubeconfig: Path) -> Kube:
        """A client for the current context of the file."""
        settings = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=settings)  # type: ignore[no-untyped-call]
        pool = urllib3.PoolManager(
            ca_certs=settings.ssl_ca_cert, cert_file=settings.cert_file, key_file=settings.key_file, maxsize=8
        )
        return cls(settings.host, pool)

    def request(
        self, method: str, path: str, body: Json | None = None, content: str = "application/json"
    ) -> urllib3.BaseHTTPResponse:
        """One request, its answer read whole.

        Raises:
            AnswerError: for every answer that is not 2xx.
        """
        data = None if body is None else json.dumps(body).encode()
        answer = self.pool.request(method, self.host + path, body=data, headers={"Content-Type": content}, timeout=30)
        if answer.status >= 300:
            raise AnswerError(answer.status, answer.data.decode())
        return answer

    def call(self, method: str, path: str, body: Json | None = None, content: str = "application/json") -> Json:
        """One request whose answer is JSON.

        Raises:
            AnswerError: for every answer that is not 2xx.
        """
        return cast("Json", json.loads(self.request(method, path, body, content).data))

    def lines(self, path: str) -> Iterator[Json]:
        """The events of a watch, until the server ends it."""
        answer = self.pool.request(
            "GET", self.host + path, preload_content=False, timeout=urllib3.Timeout(connect=5, read=30)
        )
        buffer = b""
        for chunk in answer.stream(65536):
            *lines, buffer = (buffer + chunk).split(b"\n")
            yield from (json.loads(line) for line in lines)

    def create(self, manifest: Json) -> Json:
        """Create an object."""
        return self.call("POST", self._folder(manifest["kind"], manifest["metadata"].get("namespace", "")), manifest)

    def get(self, kind: str, ns: str, name: str) -> Json:
        """Read an object.

        Raises:
            AnswerError: status 404 where it is not there.
        """
        return self.call("GET", f"{self._folder(kind, ns)}/{name}")

    def find(self, kind: str, ns: str, name: str) -> Json | None:
        """Read an object, or None where it is not there."""
        try:
            return self.get(kind, ns, name)
        except AnswerError as error:
            if error.status == 404:
                return None
            raise

    def list(self, kind: str, ns: str, selector: str = "") -> list[Json]:
        """All objects of a kind in a namespace, in order of creation."""
        found = self.call("GET", f"{self._folder(kind, ns)}?labelSelector={selector}")["items"]
        return sorted(found, key=lambda o: (o["metadata"]["creationTimestamp"], o["metadata"]["name"]))

    def patch(self, kind: str, ns: str, name: str, change: Json, subresource: str = "") -> Json:
        """Merge-patch an object."""
        return self.call("PATCH", f"{self._folder(kind, ns)}/{name}{subresource}", change, MERGE)

    def delete(self, kind: str, ns: str, name: str, *, grace: int | None = None) -> None:
        """Delete an object with its dependents in the background; nothing happens where it is not there."""
        options: Json = {"propagationPolicy": "Background"}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            self.call("DELETE", f"{self._folder(kind, ns)}/{name}", options)
        except AnswerError as error:
            if error.status != 404:
                raise

    def log(self, ns: str, pod: str, container: str) -> str:
        """What a container has printed."""
        path = f"/api/v1/namespaces/{ns}/pods/{pod}/log?container={container}"
        return self.request("GET", path).data.decode()

    @staticmethod
    def _folder(kind: str, ns: str) -> str:
        return PATHS[kind].format(ns=ns)
