"""From what the API server stores to spec and status: every contradiction has a field and a remedy."""

import pytest

from dbmigrations.api.spec import DatabaseMigrationSpec
from dbmigrations.api.status import DatabaseMigrationStatus
from dbmigrations.controller.reading import read_spec, read_status
from dbmigrations.controller.snapshot import InvalidSpec
from tests.unit.controller.cluster_model import Cluster, default_spec

CLAIM = {"claimName": "c"}

CONTRADICTIONS: dict[str, tuple[dict[str, object], str, str]] = {
    "no source": ({"source": {}}, "spec.source", "exactly one"),
    "two sources": (
        {"source": {"image": {"reference": "a"}, "configMap": {"name": "b"}}},
        "spec.source",
        "exactly one",
    ),
    "no storage": ({"steps": {"backup": {"when": "DataLoss"}}}, "spec.steps.backup.storage", "when: Never"),
    "no certificates": (
        {"database": {"secretRef": {"name": "d"}, "tls": {"mode": "verify-full"}}},
        "spec.database.tls.caSecretRef",
        "verify-full",
    ),
    "one schema for both": (
        {"database": {"secretRef": {"name": "d"}, "historySchema": "public"}},
        "spec.database.historySchema",
        "schema of their own",
    ),
    "a way out of the source": (
        {"source": {"persistentVolumeClaim": {**CLAIM, "path": "a/../../etc"}}},
        "spec.source.persistentVolumeClaim.path",
        "inside the volume",
    ),
    "a way out of the backups": (
        {"steps": {"backup": {"storage": {"persistentVolumeClaim": {**CLAIM, "path": "/etc"}}}}},
        "spec.steps.backup.storage.persistentVolumeClaim.path",
        "inside the volume",
    ),
    "no time for a step": ({"timeouts": {"step": "0s"}}, "spec.timeouts.step", "longer than 0s"),
    "no time to start": ({"timeouts": {"start": "0ms"}}, "spec.timeouts.start", "longer than 0s"),
    "a lock_timeout that PostgreSQL cannot hold": ({"timeouts": {"lock": "597h"}}, "spec.timeouts.lock", "596h"),
    "a statement_timeout likewise": ({"timeouts": {"statement": "700h"}}, "spec.timeouts.statement", "596h"),
    "a limit beyond what Kubernetes can count": (
        {"steps": {"backup": {"when": "Never"}, "data": {"timeout": "999999h999999h999999h"}}},
        "spec.steps.data.timeout",
        "500000h",
    ),
    "a schema whose name PostgreSQL would cut off": (
        {"database": {"secretRef": {"name": "d"}, "schema": "ü" * 32}},
        "spec.database.schema",
        "63 bytes",
    ),
    "a history schema likewise": (
        {"database": {"secretRef": {"name": "d"}, "historySchema": "ü" * 32}},
        "spec.database.historySchema",
        "63 bytes",
    ),
    "a role likewise": (
        {"database": {"secretRef": {"name": "d"}, "role": "ü" * 32}},
        "spec.database.role",
        "63 bytes",
    ),
    "a database likewise": (
        {"database": {"secretRef": {"name": "d"}, "name": "ü" * 32}},
        "spec.database.name",
        "63 bytes",
    ),
    "a malformed duration": ({"timeouts": {"wait": "soon"}}, "spec.timeouts.wait", "pattern"),
    "an unknown field": ({"sauce": {}}, "spec.sauce", "not permitted"),
}


@pytest.mark.parametrize(("change", "field", "words"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_contradiction_names_its_field_and_what_to_do(change: dict[str, object], field: str, words: str) -> None:
    found = read_spec(default_spec("1.0.0", **change))

    assert isinstance(found, InvalidSpec)
    assert found.field == field
    assert words in found.message


def test_an_image_whose_reference_grows_too_long_with_the_version_is_named() -> None:
    found = read_spec(default_spec(f"1.0.0-{'a' * 40}", source={"image": {"reference": "{version}" * 12}}))

    assert isinstance(found, InvalidSpec)
    assert found.field == "spec.source.image.reference"
    assert "longer than 512" in found.message


@pytest.mark.parametrize("raw", [None, {}, [], "text", {"version": 1}])
def test_whatever_stands_where_a_spec_should_is_no_exception(raw: object) -> None:
    assert isinstance(read_spec(raw), InvalidSpec)


def test_an_error_never_shows_what_was_given() -> None:
    found = read_spec(default_spec("1.0.0", approvedPlan="hunter2"))

    assert isinstance(found, InvalidSpec)
    assert "hunter2" not in found.message


def test_several_errors_are_counted() -> None:
    found = read_spec({})

    assert isinstance(found, InvalidSpec)
    assert "more)" in found.message


def test_a_valid_spec_is_read() -> None:
    found = read_spec(default_spec("1.0.0"))

    assert isinstance(found, DatabaseMigrationSpec)
    assert found.version == "1.0.0"


@pytest.mark.parametrize("raw", [None, {}, "text", {"phase": "Unheard"}, {"run": {"state": "Running"}}, {"extra": 1}])
def test_a_status_that_cannot_be_read_counts_as_lost(raw: object) -> None:
    assert read_status(raw) == DatabaseMigrationStatus()


def test_a_status_survives_its_way_to_the_api_server_and_back() -> None:
    cluster = Cluster()
    cluster.settle()

    found = read_status(cluster.status)

    assert found.run is not None
    assert found.to_wire() == cluster.status
