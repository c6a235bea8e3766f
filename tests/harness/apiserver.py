"""The few questions that the harness itself asks an API server, without a client library."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class ApiServer:
    """An API server of ours, asked as its administrator."""

    url: str
    certificates: Path

    def text(self, path: str) -> str | None:
        """The body of a successful GET; None while the server does not answer, or answers with an error."""
        context = ssl.create_default_context(cafile=str(self.certificates / "ca.crt"))
        context.load_cert_chain(self.certificates / "admin.crt", self.certificates / "admin.key")
        try:
            with urllib.request.urlopen(self.url + path, context=context, timeout=5) as answer:
                body: bytes = answer.read()
        except (OSError, urllib.error.HTTPError):
            return None
        return body.decode()

    def object(self, path: str) -> dict[str, Any] | None:
        """As `text`, read as JSON."""
        body = self.text(path)
        return None if body is None else json.loads(body)

    def ready(self) -> bool:
        """Whether it serves."""
        return self.text("/readyz") == "ok"

    def node_ready(self, name: str) -> bool:
        """Whether Pods can be scheduled to the node."""
        node = self.object(f"/api/v1/nodes/{name}")
        if node is None or node["spec"].get("taints"):
            return False
        conditions = node.get("status", {}).get("conditions", [])
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def has_default_account(self) -> bool:
        """Whether Pods can be created in the namespace `default`."""
        return self.object("/api/v1/namespaces/default/serviceaccounts/default") is not None
