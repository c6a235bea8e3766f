"""The operator as a process: its command line, its probes, its ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.controlplane.operator_process import RUNNER_IMAGE
from tests.controlplane.waiting import eventually
from tests.controlplane.world import migration

if TYPE_CHECKING:
    from tests.controlplane.fault_proxy import FaultProxy
    from tests.controlplane.world import World


PROGRAM = Path(sys.executable).parent / "dbmigrations-operator"


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60, env=env, check=False)


def test_the_help_tells_every_option_with_its_default_and_variable() -> None:
    done = run("--help")

    assert done.returncode == 0
    for option in (
        "--runner-image",
        "--namespace",
        "--cluster-name",
        "--workers",
        "--resync",
        "--listen",
        "--log-level",
    ):
        assert option in done.stdout
    assert "DBMIGRATIONS_RUNNER_IMAGE" in done.stdout
    assert "default: 8" in done.stdout


def test_the_version_is_one_line() -> None:
    done = run("--version")

    assert done.returncode == 0
    assert done.stdout.startswith("dbmigrations-operator")
    assert len(done.stdout.splitlines()) == 1


def test_a_missing_image_is_a_usage_error_without_a_traceback() -> None:
    done = run()

    assert done.returncode == 2
    assert "--runner-image" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("policy", ["Always", "IfNotPresent", "Never", ""])
def test_the_pull_policy_of_the_runner_is_kubernetes_own_word(policy: str) -> None:
    words = ["--runner-image", "x", "--runner-pull-policy", policy, "--kubeconfig", "/nonexistent"]

    done = run(*words, "--listen", "127.0.0.1:0")

    assert done.returncode == 70, done.stderr  # the settings were taken; the kubeconfig is not there


def test_an_impossible_address_is_a_usage_error_that_names_the_option() -> None:
    done = run("--runner-image", "x", "--listen", "here")

    assert done.returncode == 2
    assert "--listen" in done.stderr


def test_an_unreadable_kubeconfig_ends_the_operator_with_one_sentence() -> None:
    done = run("--runner-image", "x", "--kubeconfig", "/nonexistent", "--listen", "127.0.0.1:0")

    assert done.returncode == 70
    assert "/nonexistent" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_come_from_the_environment_too() -> None:
    done = run(
        "--kubeconfig", "/nonexistent", DBMIGRATIONS_RUNNER_IMAGE=RUNNER_IMAGE, DBMIGRATIONS_LISTEN="127.0.0.1:0"
    )

    assert done.returncode == 70


def test_a_signal_ends_it_in_order_and_in_time(world: World) -> None:
    world.create("1.0.0")
    world.await_ready("1.0.0")

    assert world.operator.stop() == 0
    last = world.operator.lines()[-1]
    assert last["event"] == "ended"


def test_it_serves_health_readiness_and_metrics(world: World) -> None:
    assert world.operator.answer("/healthz") == (200, "ok")
    assert world.operator.answer("/readyz") == (200, "ok")
    world.create("1.0.0")
    world.await_ready("1.0.0")

    status, text = world.operator.answer("/metrics")

    assert status == 200
    assert f'dbmigrations_runs_total{{namespace="{world.ns}",reason="",state="Succeeded",trigger="Spec"}} 1.0' in text
    assert 'dbmigrations_steps_total{reason="",state="Succeeded",step="SQL"} 1.0' in text
    assert "dbmigrations_queue_depth 0.0" in text


def test_it_serves_only_the_namespaces_it_was_given(world: World) -> None:
    other = f"{world.ns}-other"
    world.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
    world.kube.create(migration(other, "1.0.0"))
    world.create("1.0.0")
    world.await_ready("1.0.0")

    assert "phase" not in world.kube.get("DatabaseMigration", other, "shop")["status"]


def test_a_second_signal_changes_nothing(world: World) -> None:
    os.kill(world.operator.pid, signal.SIGTERM)
    os.kill(world.operator.pid, signal.SIGINT)

    assert world.operator.stop() == 0
    assert "Traceback" not in world.operator.log()


def test_without_the_definition_it_waits_and_says_so(asleep: World, proxy: FaultProxy) -> None:
    proxy.answers = {"/apis/dbmigrations.dev": (404, "NotFound")}
    asleep.operator.launch()
    waiting = "the CustomResourceDefinition is not there yet"
    eventually("it says so", lambda: asleep.operator.lines(waiting), seen=asleep.operator.log)
    assert not asleep.operator.ready()

    proxy.answers = {}

    eventually("it serves", asleep.operator.ready, seen=asleep.operator.log)
    asleep.create("1.0.0")
    asleep.await_ready("1.0.0")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/apis/dbmigrations.dev", "does not let it list databasemigrations.dbmigrations.dev"),
        ("/api/v1/namespaces/kube-system", "--cluster-name"),
    ],
)
def test_what_its_role_lacks_ends_it_with_one_sentence(asleep: World, proxy: FaultProxy, path: str, words: str) -> None:
    proxy.answers = {path: (403, "Forbidden")}
    asleep.operator.launch()

    assert asleep.operator.wait() == 70
    last = asleep.operator.lines()[-1]
    assert (last["event"], last["level"]) == ("failed", "error")
    assert words in last["error"]


def test_a_cluster_that_has_a_name_needs_no_right_to_read_kube_system(asleep: World, proxy: FaultProxy) -> None:
    proxy.answers = {"/api/v1/namespaces/kube-system": (403, "Forbidden")}
    asleep.operator.options = ["--cluster-name", "berlin"]
    asleep.operator.start()
    asleep.create("1.0.0")
    asleep.await_ready("1.0.0")

    assert {request.requester.cluster for request in asleep.database.asked} == {"berlin"}


def test_a_port_that_is_taken_ends_it_with_one_sentence(asleep: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        asleep.operator.options = ["--listen", f"127.0.0.1:{taken.getsockname()[1]}"]
        asleep.operator.launch()

        assert asleep.operator.wait() == 70

    assert "cannot listen on" in asleep.operator.lines()[-1]["error"]
