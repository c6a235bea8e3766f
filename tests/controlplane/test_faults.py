"""The operator killed, and the API server failing, at every single write of a run: the end is always the same.

What is compared with an undisturbed run: the end of the resource, what was done to the database, and how often each Job
was created.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from tests.controlplane.fault_proxy import Harm, Write
from tests.controlplane.waiting import eventually

if TYPE_CHECKING:
    from tests.controlplane.fault_proxy import FaultProxy
    from tests.controlplane.world import World

VERSION = "1.0.0"


@dataclass(frozen=True)
class End:
    """What a run leaves behind, without what differs between any two runs."""

    version: str
    ready: tuple[str, str]
    steps: list[tuple[str, str, str]]
    effects: list[tuple[str, str]]
    created: Counter[str]
    finalizers: list[str]


def end_of(world: World) -> End:
    resource = world.get()
    run = resource["status"]["run"]
    jobs = [job["metadata"]["labels"]["dbmigrations.dev/step"] for job in world.jobs()]
    return End(
        version=resource["status"]["currentVersion"],
        ready=world.condition("Ready"),
        steps=[(each["name"], each.get("release", ""), each["state"]) for each in run["steps"]],
        effects=world.database.effects(),
        created=Counter(jobs),
        finalizers=resource["metadata"]["finalizers"],
    )


EXPECTED_STEPS = ["Preflight", "Backup", "Schema", "SQL", "Data", "Verify"]


def check(world: World) -> None:
    end = end_of(world)
    assert end.version == VERSION
    assert end.ready == ("True", "Ready")
    assert [(name, state) for name, _, state in end.steps] == [(name, "Succeeded") for name in EXPECTED_STEPS]
    assert end.effects == [
        ("Backup", ""),
        ("Schema", VERSION),
        ("SQL", VERSION),
        ("Data", VERSION),
        ("Verify", VERSION),
    ]
    assert end.created == Counter(EXPECTED_STEPS)
    assert Counter(world.kubelet.created) == Counter(job["metadata"]["name"] for job in world.jobs())


def about_the_run(write: Write) -> bool:
    """Events are told once or lost; all else counts."""
    return write.kind != "POST events"


def place(world: World, write: Write) -> str:
    """Where in the run a write stands, whichever life of the operator asks for it."""
    status = (world.find() or {}).get("status", {})
    steps = status.get("run", {}).get("steps", [])
    return f"{write.kind} after {[(each['name'], each['state']) for each in steps[-1:]]}, {len(world.jobs())} Jobs"


def test_killed_before_and_after_every_write_the_operator_ends_where_it_would_have_ended(
    asleep: World, proxy: FaultProxy
) -> None:
    """One run with two kills at each of its writes: before the write takes effect, and after it did."""
    seen: Counter[str] = Counter()

    def harm(write: Write) -> Harm:
        here = place(asleep, write)
        seen[here] += 1
        return {1: Harm.BEFORE, 2: Harm.AFTER}.get(seen[here], Harm.NONE)

    asleep.kubelet.delay = 0.4
    proxy.harm = harm
    proxy.on_harm = asleep.operator.kill
    asleep.create(VERSION)

    def done() -> bool:
        if not asleep.operator.pid:
            asleep.operator.launch()
        return asleep.status().get("currentVersion") == VERSION and asleep.condition("Ready")[0] == "True"

    eventually("the run is over", done, within=300, seen=asleep.story)

    check(asleep)
    kills = sum(min(times, 2) for times in seen.values())
    assert kills >= 2 * (2 * len(EXPECTED_STEPS) + 1)  # at least a record and a Job for each step, and the finalizer


@pytest.mark.parametrize("harm", [Harm.CONFLICT, Harm.THROTTLED, Harm.TIMEOUT, Harm.BROKEN, Harm.BEFORE, Harm.AFTER])
def test_an_api_server_that_fails_every_other_write_delays_the_run_and_changes_nothing_else(
    asleep: World, proxy: FaultProxy, harm: Harm
) -> None:
    def every_other(write: Write) -> Harm:
        return harm if about_the_run(write) and write.number % 2 else Harm.NONE

    proxy.harm = every_other
    asleep.operator.start()
    asleep.create(VERSION)

    asleep.await_ready(VERSION, within=180)

    check(asleep)


def test_a_status_that_changed_under_our_hands_is_planned_anew_at_once(asleep: World, proxy: FaultProxy) -> None:
    """Peers lose a status on a conflict while the database has moved already."""
    once: list[int] = []

    def meddle(write: Write) -> Harm:
        if write.kind == "PATCH databasemigrations/status" and len(asleep.jobs()) == 3 and not once:
            once.append(write.number)
            asleep.annotate(meddled="yes")  # from here on the version that the operator has read is not the newest
        return Harm.NONE

    proxy.harm = meddle
    asleep.operator.start()
    asleep.create(VERSION)

    asleep.await_ready(VERSION)

    assert once
    assert asleep.operator.lines("write refused")[0]["error"] == "ConflictError"
    check(asleep)


def test_what_a_frozen_watch_does_not_bring_is_found_by_the_comparison_and_the_probe_fails(
    asleep: World, proxy: FaultProxy
) -> None:
    asleep.operator.options = ["--resync", "1"]
    asleep.operator.start()
    asleep.create(VERSION)
    asleep.await_ready(VERSION)
    assert asleep.operator.answer("/healthz") == (200, "ok")

    proxy.freeze()
    asleep.change(version="1.1.0")

    asleep.await_ready("1.1.0")
    eventually("the probe fails", lambda: asleep.operator.answer("/healthz")[0] == 503, within=90)
    assert f"{asleep.ns}', '{asleep.name}'" in asleep.operator.answer("/healthz")[1]


def test_a_watch_that_is_too_old_begins_anew_and_loses_nothing(asleep: World, proxy: FaultProxy) -> None:
    asleep.operator.start()
    asleep.create(VERSION)
    asleep.await_ready(VERSION)

    for version in ("1.1.0", "1.2.0", "1.0.0"):
        proxy.expire()
        asleep.change(version=version)
        asleep.await_ready(version)


def test_two_operators_at_once_have_the_effect_of_one(asleep: World) -> None:
    """One replica is all that is ever needed; but during a slow eviction there may be two."""
    second = replace(asleep.operator, log_file=asleep.operator.log_file.with_name("second.log"))
    asleep.operator.start()
    second.start()
    try:
        asleep.create(VERSION)
        asleep.await_ready(VERSION)
    finally:
        second.kill()

    check(asleep)


def test_an_operator_that_slept_through_another_ones_work_does_no_harm_when_it_wakes(asleep: World) -> None:
    asleep.kubelet.delay = 0.2
    asleep.operator.start()
    asleep.create(VERSION)
    asleep.await_job("Backup")
    os.kill(asleep.operator.pid, signal.SIGSTOP)
    second = replace(asleep.operator, log_file=asleep.operator.log_file.with_name("second.log"), pid=0)
    second.start()
    try:
        asleep.await_ready(VERSION)
        os.kill(asleep.operator.pid, signal.SIGCONT)
        asleep.await_quiet()
    finally:
        second.kill()

    check(asleep)
