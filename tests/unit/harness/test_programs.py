from __future__ import annotations

import io
from pathlib import Path

import pytest
from cryptography import x509

from tests.harness.certificates import Identity, write_certificates
from tests.harness.console import Console, duration
from tests.harness.controlplane import apiserver, controller_manager, identities
from tests.harness.errors import HarnessError
from tests.harness.localkube import build_flags, kubernetes_version
from tests.harness.node import kubelet_configuration
from tests.harness.postgres_binaries import majors_to_test
from tests.harness.settings import Network, Ports, Settings

NETWORK = Network(3)
WITH_NODE = Settings("demo", Path("/cache/clusters/demo"), Ports(16443, 2379, 2380), NETWORK)
WITHOUT_NODE = Settings("demo", Path("/cache/clusters/demo"), Ports(16443, 2379, 2380))


def test_the_build_calls_itself_by_the_version_that_the_module_requires() -> None:
    version = kubernetes_version("require (\n\tk8s.io/kubernetes v1.36.2\n)\n")
    linker = build_flags(version)[-1]
    assert "version.gitVersion=v1.36.2" in linker
    assert "version.gitMajor=1" in linker
    assert "version.gitMinor=36" in linker


def test_a_module_without_kubernetes_is_an_error() -> None:
    with pytest.raises(HarnessError, match="requires no k8s"):
        kubernetes_version("require k8s.io/kubectl v0.0.0\n")


def test_a_control_plane_without_a_node_listens_on_loopback_only() -> None:
    assert "--bind-address=127.0.0.1" in apiserver(WITHOUT_NODE)
    assert not any("kubelet" in argument for argument in apiserver(WITHOUT_NODE))


def test_a_control_plane_without_a_node_runs_no_job_controller() -> None:
    controllers = [argument for argument in controller_manager(WITHOUT_NODE) if argument.startswith("--controllers=")]
    assert len(controllers) == 1
    assert "job" not in controllers[0]
    assert not any(argument.startswith("--controllers=") for argument in controller_manager(WITH_NODE))


def test_pods_reach_the_api_server_under_an_address_that_is_not_loopback() -> None:
    assert f"--advertise-address={NETWORK.machine}" in apiserver(WITH_NODE)
    server = next(each for each in identities(WITH_NODE) if each.file == "apiserver")
    assert {NETWORK.machine, NETWORK.first_service, "127.0.0.1", "kubernetes.default.svc"} <= set(server.addresses)


def test_every_pod_lives_in_the_control_group_that_is_emptied_at_the_end() -> None:
    assert kubelet_configuration(WITH_NODE, NETWORK)["cgroupRoot"] == f"/{WITH_NODE.cgroup}"


def test_certificates_name_whom_they_are_for(tmp_path: Path) -> None:
    write_certificates(
        tmp_path,
        [Identity("node", "system:node:a", "system:nodes"), Identity("web", "web", addresses=["10.0.0.1", "x"])],
    )
    node = x509.load_pem_x509_certificate((tmp_path / "node.crt").read_bytes())
    web = x509.load_pem_x509_certificate((tmp_path / "web.crt").read_bytes())
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes())
    assert node.subject.rfc4514_string() == "O=system:nodes,CN=system:node:a"
    names = web.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["10.0.0.1", "x"]
    for certificate in (node, web):
        certificate.verify_directly_issued_by(authority)
    assert (tmp_path / "node.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (3.21, "3.2 s"), (42, "42 s"), (60, "1 min"), (415.4, "6 min 55 s")]
)
def test_a_duration_is_said_as_a_person_would(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_long_step_is_announced_with_how_long_it_takes() -> None:
    out = io.StringIO()
    with Console(out).step("Kubernetes from source", expected=420, note="once per machine"):
        pass
    assert out.getvalue().splitlines() == [
        "  … Kubernetes from source (about 7 min, once per machine)",
        "  ✓ Kubernetes from source (0.0 s)",
    ]


def test_a_step_that_fails_is_not_reported_as_done() -> None:
    out = io.StringIO()
    with pytest.raises(HarnessError), Console(out).step("Cluster"):
        raise HarnessError
    assert out.getvalue() == "  ✗ Cluster (after 0.0 s)\n"


def test_the_majors_of_postgresql_are_chosen_by_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBMIGRATIONS_POSTGRES", "debian, 16,18")
    assert majors_to_test() == majors_to_test(every=True) == ("debian", "16", "18")
    monkeypatch.delenv("DBMIGRATIONS_POSTGRES")
    assert majors_to_test() == ("debian", "18")
    assert majors_to_test(every=True) == ("debian", "18", "16", "17")
