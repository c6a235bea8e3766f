from __future__ import annotations

import ipaddress
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.harness.errors import HarnessError
from tests.harness.ports import free_ports
from tests.harness.settings import NUMBERS, Network, Ports, Settings, free_network

PORTS = Ports(1, 2, 3)


def test_every_address_of_a_cluster_lies_in_its_own_network() -> None:
    for number in NUMBERS:
        network = Network(number)
        whole = ipaddress.IPv4Network(network.all)
        pods, services = ipaddress.IPv4Network(network.pods), ipaddress.IPv4Network(network.services)
        assert pods.subnet_of(whole)
        assert services.subnet_of(whole)
        assert not pods.overlaps(services)
        assert ipaddress.ip_address(network.first_service) in services
        for end in (network.machine, network.node):
            address = ipaddress.ip_address(end)
            assert address in whole
            assert address not in pods
            assert address not in services


def test_two_clusters_share_no_address() -> None:
    assert not ipaddress.ip_network(Network(0).all).overlaps(ipaddress.ip_network(Network(1).all))


def test_clusters_of_one_name_in_two_caches_share_no_group_and_no_namespace() -> None:
    one, other = (Settings("tests", Path(folder), PORTS) for folder in ("/a/clusters/tests", "/b/clusters/tests"))
    assert one.cgroup != other.cgroup
    assert one.namespace != other.namespace
    assert one.cgroup == Settings("tests", Path("/a/clusters/tests"), PORTS).cgroup


def test_the_name_of_a_device_fits_the_kernels_fifteen_characters() -> None:
    assert all(len(Network(number).node_device) <= 15 for number in NUMBERS)


def test_a_network_in_use_is_left_alone() -> None:
    assert free_network([]) == Network(0)
    assert free_network(["10.200.0.0/16", "10.201.7.9", "fd00::/64"]) == Network(2)


def test_no_network_left_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(HarnessError, match="stop a cluster"):
        free_network(["10.0.0.0/8"])


@pytest.mark.parametrize("name", ["", "Demo", "-demo", "demo-", "de mo", "../demo", "a" * 31])
def test_a_name_that_is_no_dns_label_is_refused(name: str) -> None:
    with pytest.raises(HarnessError, match="DNS label"):
        Settings(name, Path("/cache"), PORTS)


def test_a_folder_too_long_for_a_socket_is_refused() -> None:
    with pytest.raises(HarnessError, match="DBMIGRATIONS_CACHE"):
        Settings("demo", Path("/" + "x" * 90), PORTS)


@pytest.mark.parametrize("network", [None, Network(7)])
def test_settings_are_read_as_they_were_written(network: Network | None) -> None:
    with TemporaryDirectory() as short:  # pytest's own folders may be too long for a socket
        settings = Settings("demo", Path(short) / "demo", PORTS, network)
        settings.write()
        assert Settings.read(settings.folder) == settings


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"name": "demo"}'])
def test_settings_that_cannot_be_read_are_no_settings(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "settings.json").write_text(content)
    assert Settings.read(tmp_path) is None


def test_ports_differ_and_lie_below_those_of_outgoing_connections() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert max(ports) < 32_768


def test_a_port_that_was_promised_or_is_in_use_is_left_alone() -> None:
    promised = set(range(20_000, 32_000)) - {27_001}
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", free_ports(1)[0]))
        assert busy.getsockname()[1] not in free_ports(100)
    with pytest.raises(HarnessError, match="free ports"):
        free_ports(2, promised)
