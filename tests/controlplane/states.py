"""Every state that any DatabaseMigration of this control plane goes through, held against the rules of conditions."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import urllib3

from tests.controlplane.waiting import eventually
from tests.rules.condition_rules import broken_rules, broken_transition

if TYPE_CHECKING:
    from tests.cluster.kube import Kube

Json = dict[str, Any]
PATH = "/apis/dbmigrations.dev/v1alpha1/databasemigrations"


@dataclass
class States:
    """One watch over all namespaces, for as long as the tests run."""

    kube: Kube
    _seen: defaultdict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))

    def start(self) -> None:
        version = self.kube.call("GET", PATH)["metadata"]["resourceVersion"]
        threading.Thread(target=self._follow, args=(version,), daemon=True, name="states").start()

    def of(self, ns: str) -> list[Json]:
        """The states of the resources of a namespace, in their order."""
        return list(self._seen[ns])

    def violations(self, ns: str) -> list[str]:
        """The rules that these states break, each with the conditions that break it."""
        found: list[str] = []
        last: dict[str, Json] = {}
        for state in self.of(ns):
            before = last.get(state["metadata"]["uid"], state)
            last[state["metadata"]["uid"]] = state
            shown = json.dumps(state["status"].get("conditions"))
            found += [f"{rule}: {shown}" for rule in (*broken_rules(state), *broken_transition(before, state))]
        return found

    def caught_up(self, ns: str) -> None:
        """Waits until what is there now was seen."""
        for resource in self.kube.list("DatabaseMigration", ns):
            version = resource["metadata"]["resourceVersion"]

            def seen(version: str = version) -> bool:
                return any(state["metadata"]["resourceVersion"] == version for state in self.of(ns))

            eventually("the last state was seen", seen, within=10)

    def _follow(self, version: str) -> None:
        while True:
            try:
                for event in self.kube.lines(f"{PATH}?watch=true&timeoutSeconds=25&resourceVersion={version}"):
                    assert event["type"] != "ERROR", event
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] != "DELETED":
                        self._seen[event["object"]["metadata"]["namespace"]].append(event["object"])
            except (urllib3.exceptions.HTTPError, OSError):
                continue
