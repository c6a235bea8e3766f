"""The world of one test: a namespace, a resource, a fake database behind a fake kubelet, and the real operator."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.controlplane.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.kube import Kube
    from tests.controlplane.fake_database import FakeDatabase
    from tests.controlplane.fake_kubelet import FakeKubelet
    from tests.controlplane.operator_process import OperatorProcess
    from tests.controlplane.states import States

Json = dict[str, Any]
WRITES = {"create", "update", "patch", "delete", "deletecollection"}


def migration(ns: str, version: str, name: str = "shop", **spec: object) -> Json:
    """A DatabaseMigration with a backup before everything."""
    body: Json = {
        "version": version,
        "database": {"secretRef": {"name": "shop-db"}},
        "source": {"image": {"reference": "registry.test/shop-database:{version}"}},
        "steps": {"backup": {"storage": {"persistentVolumeClaim": {"claimName": "backups"}}}},
    }
    return {
        "apiVersion": "dbmigrations.dev/v1alpha1",
        "kind": "DatabaseMigration",
        "metadata": {"name": name, "namespace": ns},
        "spec": body | spec,
    }


@dataclass
class World:
    """What a test does and sees."""

    kube: Kube
    ns: str
    database: FakeDatabase
    kubelet: FakeKubelet
    operator: OperatorProcess
    states: States
    audit_log: Path
    name: str = "shop"
    _marks: dict[str, int] = field(default_factory=dict)

    def create(self, version: str, **spec: object) -> Json:
        return self.kube.create(migration(self.ns, version, self.name, **spec))

    def change(self, **spec: object) -> Json:
        return self.kube.patch("DatabaseMigration", self.ns, self.name, {"spec": spec})

    def annotate(self, **annotations: str) -> None:
        named = {f"dbmigrations.dev/{key}": value for key, value in annotations.items()}
        self.kube.patch("DatabaseMigration", self.ns, self.name, {"metadata": {"annotations": named}})

    def delete(self) -> None:
        self.kube.delete("DatabaseMigration", self.ns, self.name)

    def find(self) -> Json | None:
        return self.kube.find("DatabaseMigration", self.ns, self.name)

    def get(self) -> Json:
        return self.kube.get("DatabaseMigration", self.ns, self.name)

    def status(self) -> Json:
        return dict(self.get().get("status", {}))

    def run(self) -> Json:
        return dict(self.status().get("run") or {})

    def jobs(self) -> list[Json]:
        return self.kube.list("Job", self.ns)

    def condition(self, kind: str) -> tuple[str, str]:
        """Status and reason; empty where the resource has no such condition."""
        found = {each["type"]: (each["status"], each["reason"]) for each in self.status().get("conditions", [])}
        return found.get(kind, ("", ""))

    def is_current(self) -> bool:
        """Whether the status speaks of the newest spec."""
        found = self.get()
        return bool(found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"])

    def await_ready(self, version: str, within: float = 90.0) -> Json:
        """The status, once it says that the database is verified at this version."""

        def ready() -> bool:
            status = self.status()
            return (
                self.is_current() and status.get("currentVersion") == version and self.condition("Ready")[0] == "True"
            )

        eventually(f"ready at {version}", ready, within=within, seen=self.story)
        return self.status()

    def await_stalled(self, reason: str, within: float = 90.0) -> Json:
        """The status, once it says that a person is needed."""

        def stalled() -> bool:
            return self.is_current() and self.condition("Stalled") == ("True", reason)

        eventually(f"stalled by {reason}", stalled, within=within, seen=self.story)
        return self.status()

    def await_job(self, step: str, within: float = 60.0) -> Json:
        """The newest Job of this step, once there is one."""

        def newest() -> Json | None:
            found = [job for job in self.jobs() if job["metadata"]["labels"]["dbmigrations.dev/step"] == step]
            return found[-1] if found else None

        return eventually(f"a Job of step {step}", newest, within=within, seen=self.story)

    def await_held(self, step: str, within: float = 60.0) -> Json:
        """The Job of this step, once the fake kubelet holds its Pod running and the status says so."""

        def held() -> Json | None:
            job = self.await_job(step)
            running = [each for each in self.run().get("steps", []) if each["job"] == job["metadata"]["name"]]
            return job if job["metadata"]["name"] in self.kubelet.held and running[-1:] else None

        return eventually(f"step {step} runs", held, within=within, seen=self.story)

    def await_message(self, *words: str, within: float = 60.0) -> str:
        """The message, once it holds all these words."""

        def message() -> str | None:
            text = str(self.status().get("message", ""))
            return text if all(word in text for word in words) else None

        return eventually(f"a message with {words}", message, within=within, seen=self.story)

    def events(self) -> list[tuple[str, str]]:
        """Type and reason of the events about the resource, in order."""
        found = self.kube.list("Event", self.ns)
        return [(each["type"], each["reason"]) for each in found if each["involvedObject"]["name"] == self.name]

    def mark(self) -> None:
        """Remembers this moment for `writes`."""
        self._marks["audit"] = self.audit_log.stat().st_size

    def writes(self) -> list[str]:
        """What the operator wrote in this namespace since the mark: `verb resource/subresource`."""
        return [
            f"{each['verb']} {'/'.join(filter(None, (ref['resource'], ref.get('subresource'))))}"
            for each in self.requests()
            if each["verb"] in WRITES and (ref := each["objectRef"])
        ]

    def requests(self) -> list[Json]:
        """What the operator asked the API server about this namespace since the mark, its watches excepted.

        A watch from now on begins with a list of one object.
        """
        with self.audit_log.open("rb") as log:
            log.seek(self._marks.get("audit", 0))
            entries = [json.loads(line) for line in log.read().splitlines() if line.endswith(b"}")]
        return [
            each
            for each in entries
            if each.get("userAgent") == "dbmigrations-operator"
            and each.get("objectRef", {}).get("namespace") == self.ns
            and each["verb"] != "watch"
            and not each["requestURI"].endswith("?limit=1")
        ]

    def await_quiet(self, seconds: float = 1.0) -> None:
        """Returns once the operator has asked for nothing for so long; what it asks for next is counted anew."""

        def quiet() -> bool:
            self.mark()
            time.sleep(seconds)
            return not self.requests()

        eventually("the operator is quiet", quiet)
        self.mark()

    def story(self) -> str:
        """All there is to know where something did not happen."""
        found = self.find()
        jobs = [(job["metadata"]["name"], list(job.get("status", {}))) for job in self.jobs()]
        status = json.dumps(found.get("status") if found else None, indent=1)
        return f"{status}\njobs: {jobs}\nkubelet: {self.kubelet.problems}\noperator: {self.operator.log()}"
