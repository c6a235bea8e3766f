"""One namespace, one database, one DatabaseMigration: what a scenario does and what it awaits."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.cluster.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.kube import Kube
    from tests.cluster.postgres_server import Database
    from tests.cluster.releases import Directory

Json = dict[str, Any]
RUN = 150.0
"""Seconds that a whole run may take on a busy machine of two cores."""

RUNNER = "step"
"""Name of the main container of a step's Pod."""


def condition(migration: Json, kind: str) -> Json:
    """A condition of the resource; empty where it has none."""
    found = [c for c in migration.get("status", {}).get("conditions", []) if c["type"] == kind]
    return found[0] if found else {}


def is_current(migration: Json) -> bool:
    """Whether the status speaks of the newest spec."""
    return bool(migration["status"]["observedGeneration"] == migration["metadata"]["generation"])


@dataclass
class Scenario:
    """The world of one test."""

    kube: Kube
    ns: str
    database: Database
    name: str = "shop"
    storage: bool = True
    spec: Json = field(default_factory=dict)

    def secret(self, name: str = "shop-db", **changes: str) -> None:
        """Write the login's Secret, as the PostgreSQL operators do."""
        data = {
            "host": self.database.server.host,
            "port": "5432",
            "dbname": self.database.name,
            "user": self.database.user,
            "password": self.database.password,
        } | changes
        manifest = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": self.ns},
            "stringData": data,
        }
        if self.kube.find("Secret", self.ns, name) is None:
            self.kube.create(manifest)
        else:
            self.kube.patch("Secret", self.ns, name, {"stringData": data})

    def claim(self, name: str = "backups") -> None:
        """A volume for backups."""
        self.kube.create(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": name, "namespace": self.ns},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            }
        )

    def source(self, directory: Directory) -> Json:
        """Put a release directory into the namespace and say where it is."""
        manifest, source = directory.as_config_map(self.ns)
        if self.kube.find("ConfigMap", self.ns, manifest["metadata"]["name"]) is None:
            self.kube.create(manifest)
        return source

    def manifest(self, version: str, directory: Directory | None, **spec: object) -> Json:
        """The resource, with a backup before everything unless the scenario says otherwise."""
        body: Json = {
            "version": version,
            "database": {"secretRef": {"name": "shop-db"}},
            "steps": {"backup": {"storage": {"persistentVolumeClaim": {"claimName": "backups"}}}},
        }
        if directory is not None:
            body["source"] = self.source(directory)
        return {
            "apiVersion": "dbmigrations.dev/v1alpha1",
            "kind": "DatabaseMigration",
            "metadata": {"name": self.name, "namespace": self.ns},
            "spec": body | spec,
        }

    def create(self, version: str, directory: Directory | None, **spec: object) -> None:
        """Commit the resource, as a Git tool would."""
        self.kube.create(self.manifest(version, directory, **spec))

    def change(self, **spec: object) -> None:
        """Change fields of the spec in one commit."""
        self.kube.patch("DatabaseMigration", self.ns, self.name, {"spec": spec})

    def annotate(self, **annotations: str) -> None:
        """Set annotations of the group, such as requestedAt and cancel."""
        named = {f"dbmigrations.dev/{key}": value for key, value in annotations.items()}
        self.kube.patch("DatabaseMigration", self.ns, self.name, {"metadata": {"annotations": named}})

    def delete(self) -> None:
        """Delete the resource and wait until it is gone."""
        self.kube.delete("DatabaseMigration", self.ns, self.name)
        eventually("the resource is gone", lambda: self.find() is None, within=90, seen=self.story)

    def find(self) -> Json | None:
        """The resource, or None."""
        return self.kube.find("DatabaseMigration", self.ns, self.name)

    def get(self) -> Json:
        """The resource."""
        return self.kube.get("DatabaseMigration", self.ns, self.name)

    def status(self) -> Json:
        """The resource's status."""
        return dict(self.get().get("status", {}))

    def message(self) -> str:
        """What the status says to a person."""
        return str(self.status().get("message", ""))

    def await_(self, what: str, test: Callable[[Json], bool], within: float = RUN) -> Json:
        """The resource, once it is so and its status speaks of the newest spec."""

        def look() -> Json | None:
            found = self.get()
            return found if is_current(found) and test(found) else None

        return eventually(what, look, within=within, seen=self.story)

    def ready(self, version: str, within: float = RUN) -> Json:
        """Wait until the database is verified at this version."""
        return self.await_(
            f"Ready at {version}",
            lambda o: condition(o, "Ready").get("status") == "True" and o["status"]["currentVersion"] == version,
            within,
        )

    def stalled(self, reason: str, within: float = RUN) -> Json:
        """Wait until a person is needed, for this reason."""
        return self.await_(
            f"Stalled {reason}",
            lambda o: condition(o, "Stalled").get("status") == "True" and condition(o, "Stalled")["reason"] == reason,
            within,
        )

    def waiting(self, reason: str, within: float = RUN) -> Json:
        """Wait until the resource says what it waits for."""
        return self.await_(
            f"waiting: {reason}",
            lambda o: (
                reason in (condition(o, "Reconciling").get("reason"), condition(o, "Ready").get("reason"))
                or reason in o["status"].get("message", "")
            ),
            within,
        )

    def running(self, step: str, release: str = "", within: float = RUN) -> Json:
        """The Job of a step, once its main container runs or has ended."""

        def look() -> Json | None:
            for entry in self.status().get("run", {}).get("steps", []):
                if entry["name"] == step and release in ("", entry.get("release", "")) and entry.get("job"):
                    return self.kube.find("Job", self.ns, entry["job"])
            return None

        return eventually(f"step {step} has a Job", look, within=within, seen=self.story)

    def steps(self) -> list[tuple[str, str, str]]:
        """(step, release, state) of the run, in order."""
        return [(s["name"], s.get("release", ""), s["state"]) for s in self.status()["run"]["steps"]]

    def jobs(self) -> list[Json]:
        """The Jobs of the namespace, in order of creation."""
        return self.kube.list("Job", self.ns)

    def pods_of(self, job: str) -> list[Json]:
        """The Pods of a Job."""
        return self.kube.list("Pod", self.ns, f"batch.kubernetes.io/job-name={job}")

    def story(self) -> str:
        """Everything that tells why a scenario did not go on: status, Pods, logs."""
        found = self.find()
        lines = [json.dumps((found or {}).get("status", "gone"), indent=1)]
        for job in self.jobs():
            lines.append(f"job {job['metadata']['name']}: {json.dumps(job.get('status', {}))}")
            for pod in self.pods_of(job["metadata"]["name"]):
                states = [s["state"] for s in pod["status"].get("containerStatuses", [])]
                lines.append(f"  pod {pod['metadata']['name']}: {pod['status']['phase']} {json.dumps(states)}")
                try:
                    lines.append("    " + self.kube.log(self.ns, pod["metadata"]["name"], RUNNER)[-1500:])
                except Exception as error:  # noqa: BLE001  # a story is told as far as it can be
                    lines.append(f"    no log: {type(error).__name__}")
        return "\n".join(lines)
