"""A PostgreSQL server in a Pod of its namespace, and databases on it, reached from the tests by a port-forward."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg

from tests.cluster.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.kube import Kube

Json = dict[str, Any]
IMAGE = "docker.io/local/postgres:17"
SUPERUSER_PASSWORD = "not-a-secret"


def deployment(ns: str, name: str = "postgres") -> Json:
    """The server: data in memory of the Pod's life, restricted like everything else."""
    container = {
        "name": "postgres",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "env": [
            {"name": "POSTGRES_PASSWORD", "value": SUPERUSER_PASSWORD},
            {"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"},
        ],
        "ports": [{"containerPort": 5432}],
        "readinessProbe": {
            "exec": {"command": ["pg_isready", "-h", "127.0.0.1", "-U", "postgres"]},
            "periodSeconds": 2,
            "timeoutSeconds": 10,
            "failureThreshold": 10,
        },
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "2", "memory": "1Gi"}},
        "volumeMounts": [
            {"name": "data", "mountPath": "/var/lib/postgresql/data"},
            {"name": "run", "mountPath": "/var/run/postgresql"},
        ],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    pod = {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "containers": [container],
            "volumes": [{"name": "data", "emptyDir": {}}, {"name": "run", "emptyDir": {}}],
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 5,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 999,
                "runAsGroup": 999,
                "fsGroup": 999,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        },
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": ns},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {"app": name}},
            "template": pod,
        },
    }


def service(ns: str, name: str = "postgres") -> Json:
    """Its address."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": ns},
        "spec": {"selector": {"app": name}, "ports": [{"port": 5432}]},
    }


@dataclass(frozen=True)
class Server:
    """A server in the cluster; `port` is where the tests reach it on loopback."""

    host: str
    port: int

    def admin(self, dbname: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """A superuser's connection, autocommit."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=SUPERUSER_PASSWORD,
            dbname=dbname,
            autocommit=True,
            connect_timeout=10,
        )

    def create_database(self, name: str, password: str) -> Database:
        """A database and its owner of the same name, who may read past row level security but is no superuser."""
        with self.admin() as connection:
            role = psycopg.sql.Identifier(name)
            secret = psycopg.sql.Literal(password)
            connection.execute(psycopg.sql.SQL("CREATE ROLE {} LOGIN BYPASSRLS PASSWORD {}").format(role, secret))
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
        return Database(self, name, name, password)


@dataclass(frozen=True)
class Database:
    """One database, as a superuser sees it."""

    server: Server
    name: str
    user: str
    password: str

    def execute(self, statement: LiteralString) -> None:
        """Run SQL as a superuser."""
        with self.server.admin(self.name) as connection:
            connection.execute(statement)

    def query(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self.server.admin(self.name) as connection:
            return connection.execute(statement).fetchall()

    def value(self, statement: LiteralString) -> Any:  # noqa: ANN401  # a cell of any type
        """The one cell of a query."""
        return self.query(statement)[0][0]

    def applied(self) -> list[tuple[str, str, str]]:
        """(name, direction, outcome) of the history, oldest first."""
        return self.query("SELECT name, direction, outcome FROM dbmigrations.migration_history ORDER BY id")

    def as_owner(self, statement: LiteralString) -> None:
        """Run SQL as the database's owner, as a colleague with the application's login would."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.server.port,
            user=self.user,
            password=self.password,
            dbname=self.name,
            autocommit=True,
        ) as connection:
            connection.execute(statement)


def ensure_server(kube: Kube, ns: str) -> None:
    """Start a server in the namespace, if none is there, and wait for it."""
    for manifest in (deployment(ns), service(ns)):
        if kube.find(manifest["kind"], ns, manifest["metadata"]["name"]) is None:
            kube.create(manifest)
    eventually("PostgreSQL is ready", lambda: is_ready(kube, ns), within=120)


def is_ready(kube: Kube, ns: str, name: str = "postgres") -> bool:
    """Whether the server's Deployment has a ready Pod."""
    status = kube.get("Deployment", ns, name).get("status", {})
    return bool(status.get("readyReplicas"))


@contextmanager
def forwarded(kubectl: Path, kubeconfig: Path, ns: str) -> Iterator[int]:
    """A port of loopback that leads to the server while the context lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        str(kubectl),
        "--kubeconfig",
        str(kubeconfig),
        "-n",
        ns,
        "port-forward",
        "service/postgres",
        f"{port}:5432",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually("the port-forward answers", lambda: _answers(port), within=30)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        time.sleep(0.1)
        return False
    return True


def canary_password() -> str:
    """A password that is easy to find where it must not be, with every character that breaks a URL."""
    return f"canary-{secrets.token_hex(6)}@/%#: x"
