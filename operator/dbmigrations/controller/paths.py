"""Where things are at the API server."""

from __future__ import annotations

from dbmigrations.api.resource import GROUP, PLURAL, VERSION


def resources(namespace: str = "") -> str:
    """The DatabaseMigrations of a namespace; of all where it is empty."""
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"/apis/{GROUP}/{VERSION}{within}/{PLURAL}"


def resource(namespace: str, name: str) -> str:
    """One DatabaseMigration."""
    return f"{resources(namespace)}/{name}"


def status(namespace: str, name: str) -> str:
    """Its status subresource."""
    return f"{resource(namespace, name)}/status"


def jobs(namespace: str) -> str:
    """The Jobs of a namespace."""
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"


def job(namespace: str, name: str) -> str:
    """One Job."""
    return f"{jobs(namespace)}/{name}"


def pods(namespace: str = "") -> str:
    """The Pods of a namespace; of all where it is empty."""
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"/api/v1{within}/pods"


def events(namespace: str) -> str:
    """The events of a namespace."""
    return f"/api/v1/namespaces/{namespace}/events"


def namespace(name: str) -> str:
    """One namespace."""
    return f"/api/v1/namespaces/{name}"
