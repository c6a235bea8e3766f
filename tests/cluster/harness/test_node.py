"""What the scenarios of this tier take for granted, whichever driver provides the cluster."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness.command import run
from tests.harness.docker import docker_answers
from tests.harness.images import RUNNER as RUNNER_IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.conftest import Tools
    from tests.harness.images import ImageStore
    from tests.harness.interface import Cluster

RUNNER = RUNNER_IMAGE.name
POSTGRES = "docker.io/local/postgres:17"
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
Json = dict[str, Any]


class Namespace:
    """A namespace under Pod Security `restricted`, used as a person with kubectl does."""

    def __init__(self, kubectl: Path, kubeconfig: Path, name: str) -> None:
        self._kubectl = [kubectl, "--kubeconfig", kubeconfig, "-n", name]
        self.name = name

    def ask(self, *arguments: str) -> str:
        return run([*self._kubectl, *arguments])

    def create(self, *manifests: Json) -> None:
        for manifest in manifests:
            run([*self._kubectl, "create", "-f", "-"], stdin=json.dumps(manifest))

    def finished_job(self, name: str, pod: Json) -> str:
        template = {"spec": {"restartPolicy": "Never", "securityContext": SOMEBODY, **pod}}
        spec = {"backoffLimit": 0, "template": template}
        self.create({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec})
        self.ask("wait", f"job/{name}", "--for=condition=Complete", "--timeout=60s")
        return self.ask("logs", f"job/{name}")


SOMEBODY = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "runAsGroup": 65532,
    "fsGroup": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def container(image: str, *command: str, **more: object) -> Json:
    return {
        "name": "main",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "securityContext": RESTRICTED,
        **more,
    }


@pytest.fixture
def namespace(cluster: Cluster, tools: Tools) -> Iterator[Namespace]:
    name = f"harness-{secrets.token_hex(3)}"
    kubectl = [tools.kubectl, "--kubeconfig", cluster.kubeconfig]
    run([*kubectl, "create", "namespace", name])
    run([*kubectl, "label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted"])
    yield Namespace(tools.kubectl, cluster.kubeconfig, name)
    run([*kubectl, "delete", "namespace", name, "--wait=false"])


def test_a_job_under_the_strictest_rules_completes(namespace: Namespace) -> None:
    said = namespace.finished_job("trivial", {"containers": [container(RUNNER, "id", "-u")]})
    assert said == "65532\n"


def test_the_runner_image_works_on_a_root_file_system_that_is_read_only(namespace: Namespace) -> None:
    script = (
        "dbmigrate --help | head -n 1; pg_dump --version; psql --version; ! touch /here 2>/dev/null && echo read-only"
    )
    said = namespace.finished_job("runner", {"containers": [container(RUNNER, "sh", "-euc", script)]})
    lines = said.splitlines()
    assert lines[0].startswith("Usage: dbmigrate")
    assert [line.split(".")[0] for line in lines[1:3]] == ["pg_dump (PostgreSQL) 17", "psql (PostgreSQL) 17"]
    assert lines[3] == "read-only"


def test_a_server_is_reached_by_the_name_of_its_service(namespace: Namespace) -> None:
    server = container(
        POSTGRES,
        env=[
            {"name": "POSTGRES_PASSWORD", "value": "secret"},
            {"name": "POSTGRES_USER", "value": "owner"},
            {"name": "POSTGRES_DB", "value": "shop"},
            {"name": "PGDATA", "value": "/data/cluster"},
        ],
        volumeMounts=[{"name": name, "mountPath": path} for name, path in MOUNTS.items()],
    )
    del server["command"]
    security = {**SOMEBODY, "runAsUser": 999, "runAsGroup": 999, "fsGroup": 999}
    volumes = [{"name": name, "emptyDir": {}} for name in MOUNTS]
    spec = {"containers": [server], "volumes": volumes, "securityContext": security, "terminationGracePeriodSeconds": 1}
    labels = {"app": "server"}
    namespace.create(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "server", "labels": labels}, "spec": spec},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "server"},
            "spec": {"selector": labels, "ports": [{"port": 5432}]},
        },
    )
    script = (
        "until pg_isready -q -h server; do sleep 0.2; done; "
        "psql -tA postgresql://owner:secret@server/shop -c 'SELECT current_user, current_database()'"
    )
    said = namespace.finished_job("client", {"containers": [container(RUNNER, "sh", "-euc", script)]})
    assert said == "owner|shop\n"


MOUNTS = {"data": "/data", "run": "/var/run/postgresql", "tmp": "/tmp"}


def test_a_name_that_no_service_has_is_unknown_at_once(namespace: Namespace) -> None:
    said = namespace.finished_job(
        "lookup", {"containers": [container(RUNNER, "sh", "-c", "getent hosts nowhere; echo $?")]}
    )
    assert said == "2\n"


def test_what_is_written_to_a_claim_is_there_for_the_next_pod(namespace: Namespace) -> None:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Mi"}}}
    namespace.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "kept"}, "spec": claim})
    volumes = [{"name": "kept", "persistentVolumeClaim": {"claimName": "kept"}}]
    mounts = [{"name": "kept", "mountPath": "/kept"}]
    for name, script in (("writer", "echo hello > /kept/file"), ("reader", "cat /kept/file")):
        said = namespace.finished_job(
            name, {"containers": [container(RUNNER, "sh", "-euc", script, volumeMounts=mounts)], "volumes": volumes}
        )
    assert said == "hello\n"


@pytest.mark.xdist_group("engine")
@pytest.mark.parametrize("base", ["scratch", "runner"])
def test_the_files_of_a_source_image_reach_another_container(
    namespace: Namespace,
    cluster: Cluster,
    store: ImageStore,
    tmp_path: Path,
    base: Any,  # noqa: ANN401
) -> None:
    (tmp_path / "migrations" / "sql").mkdir(parents=True)
    (tmp_path / "releases.yaml").write_text("releases: []\n")
    (tmp_path / "migrations" / "sql" / "a.sql").write_text("SELECT 1;\n")
    source = store.load_source(cluster, f"source-{base}:{secrets.token_hex(4)}", tmp_path, base)
    mounts = [{"name": name, "mountPath": f"/dbmigrations/{name}"} for name in ("tools", "source")]
    first = container(RUNNER, "/copier", "install", "/dbmigrations/tools", volumeMounts=mounts)
    copy = ["/dbmigrations/tools/copier", "copy", "/database", "/dbmigrations/source"]
    second = {**container(source, *copy, volumeMounts=mounts), "name": "copy"}
    main = container(RUNNER, "sh", "-euc", "cd /dbmigrations/source && find . -type f | sort", volumeMounts=mounts)
    said = namespace.finished_job(
        f"copied-{base}",
        {
            "initContainers": [{**first, "name": "install"}, second],
            "containers": [main],
            "volumes": [{"name": name, "emptyDir": {}} for name in ("tools", "source")],
        },
    )
    assert said.split() == ["./migrations/sql/a.sql", "./releases.yaml"]


@pytest.mark.xdist_group("engine")  # it takes away what the other test of this group builds upon
@pytest.mark.skipif(not docker_answers(), reason="only where a Docker engine answers")
def test_a_source_image_is_built_on_a_runner_that_the_engine_has_forgotten(
    cluster: Cluster, store: ImageStore, tmp_path: Path
) -> None:
    store.ensure_loaded(cluster, [RUNNER_IMAGE])
    built = run(["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "local/dbmigrations-runner"]).split()
    if built:
        run(["docker", "rmi", *built])
    (tmp_path / "releases.yaml").write_text("releases: []\n")

    source = store.load_source(cluster, f"source-on-forgotten:{secrets.token_hex(4)}", tmp_path, "runner")

    assert source in cluster.images()


def test_a_person_can_look_into_a_running_container(namespace: Namespace) -> None:
    spec = {
        "containers": [container(RUNNER, "sleep", "600")],
        "securityContext": SOMEBODY,
        "terminationGracePeriodSeconds": 0,
    }
    namespace.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "sleeper"}, "spec": spec})
    namespace.ask("wait", "pod/sleeper", "--for=condition=Ready", "--timeout=60s")
    assert namespace.ask("exec", "sleeper", "--", "id", "-u") == "65532\n"
