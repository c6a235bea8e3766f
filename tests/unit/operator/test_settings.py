"""The operator's settings."""

import pytest

from dbmigrations.operator.settings import Address, Settings, SettingsError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":8080", Address("", 8080)),
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("[::1]:9", Address("::1", 9)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: Address) -> None:
    assert Address.parse(text, option="--listen") == address


@pytest.mark.parametrize("text", ["8080", "", "host:", ":x", ":70000"])
def test_an_address_that_is_none_names_the_option(text: str) -> None:
    with pytest.raises(SettingsError, match="--listen"):
        Address.parse(text, option="--listen")


def test_an_operator_without_a_runner_image_does_not_begin() -> None:
    with pytest.raises(SettingsError, match="--runner-image"):
        Settings(runner_image="")


def test_an_operator_without_workers_does_not_begin() -> None:
    with pytest.raises(SettingsError, match="--workers"):
        Settings(runner_image="runner", workers=0)


def test_an_image_that_no_status_can_hold_is_said_at_the_start() -> None:
    with pytest.raises(SettingsError, match="--runner-image"):
        Settings(runner_image=f"registry.test/{'r' * 512}")


@pytest.mark.parametrize("name", ["prod/eu", "p" * 254])
def test_a_name_of_the_cluster_that_no_owner_row_can_hold_is_said_at_the_start(name: str) -> None:
    with pytest.raises(SettingsError, match="--cluster-name"):
        Settings(runner_image="runner", cluster_name=name)
