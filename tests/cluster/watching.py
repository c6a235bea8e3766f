"""Every watch event of every resource is held against the rules of conditions, not just the states a test awaits."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import urllib3

from tests.cluster.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cluster.kube import Kube

Json = dict[str, Any]
PATH = "/apis/dbmigrations.dev/v1alpha1/namespaces/{ns}/databasemigrations"


@dataclass
class Watcher:
    """Follows the resources of one namespace from their first version on and keeps each state it saw."""

    kube: Kube
    ns: str
    broken: Callable[[Json], list[str]]
    broken_transition: Callable[[Json, Json], list[str]]
    seen: list[Json] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Follow from now on, in a thread."""
        start = self.kube.call("GET", PATH.format(ns=self.ns))["metadata"]["resourceVersion"]
        self._thread = threading.Thread(target=self._follow, args=(start,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following, once the newest state was seen."""
        eventually("the last event was seen", self._has_caught_up, within=30)
        self._stop.set()
        if self._thread is not None:
            self._thread.join(15)

    def phases(self) -> list[str]:
        """The phases in the order in which they were seen, without repetitions."""
        found: list[str] = []
        for state in self.seen:
            phase = state.get("status", {}).get("phase", "")
            if phase and (not found or found[-1] != phase):
                found.append(phase)
        return found

    def _has_caught_up(self) -> bool:
        seen = {state["metadata"]["resourceVersion"] for state in self.seen}
        there = self.kube.call("GET", PATH.format(ns=self.ns))["items"]
        return all(migration["metadata"]["resourceVersion"] in seen for migration in there)

    def _follow(self, version: str) -> None:
        while not self._stop.is_set():
            try:
                for event in self._events(version):
                    if event["type"] == "ERROR":  # nothing happened here for long, and the server forgot that version
                        version = self._look_anew()
                        break
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] in ("ADDED", "MODIFIED"):
                        self._look_at(event["object"])
            except (urllib3.exceptions.HTTPError, OSError):
                continue  # the server closed the watch after its timeout: go on from the last version seen

    def _look_anew(self) -> str:
        found = self.kube.call("GET", PATH.format(ns=self.ns))
        last = self.seen[-1]["metadata"]["resourceVersion"] if self.seen else ""
        for migration in found["items"]:
            if migration["metadata"]["resourceVersion"] != last:
                self._look_at(migration)
        return str(found["metadata"]["resourceVersion"])

    def _events(self, version: str) -> Iterator[Json]:
        return self.kube.lines(f"{PATH.format(ns=self.ns)}?watch=true&timeoutSeconds=5&resourceVersion={version}")

    def _look_at(self, migration: Json) -> None:
        rules = self.broken(migration)
        before = self.seen[-1] if self.seen else migration
        if before["metadata"]["uid"] == migration["metadata"]["uid"]:
            rules += self.broken_transition(before, migration)
        self.violations += [f"{rule}: {json.dumps(migration.get('status', {}).get('conditions'))}" for rule in rules]
        self.seen.append(migration)
