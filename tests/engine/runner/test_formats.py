"""Findings for a pull request: annotations of GitHub Actions, and SARIF as its published schema has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from tests.harness.cache import Cache
from tests.harness.npm import Package, unpack
from tests.harness.postgres_binaries import shared_cache_root

if TYPE_CHECKING:
    from tests.engine.runner.program import Laptop
    from tests.engine.runner.releases import Notes

# Microsoft's matcher for tests of SARIF carries the schema as OASIS published it.
SCHEMA = Package(
    "@microsoft/jest-sarif", "1.0.0-beta.0", "748e2c3d1a842e7bb258416685c7ea3a0da40005b72267b2052c2856d48ad102"
)


@pytest.fixture(scope="session")
def published() -> Draft7Validator:
    found = Cache(shared_cache_root()).found_or_made("sarif-schema", SCHEMA.version, lambda to: unpack(SCHEMA, to))
    schema = json.loads((found / "lib/schemas/sarif-2.1.0-rtm.5.json").read_text())
    return Draft7Validator(schema)


@pytest.fixture
def risky(notes: Notes) -> Notes:
    notes.write(notes.VIEW, "ALTER TABLE notes ADD COLUMN x int;\n\n  DROP TABLE notes;\n")
    return notes


def log_of(text: str, published: Draft7Validator) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(text)
    assert [error.message for error in published.iter_errors(log)] == []
    return log


def test_the_schema_refuses_what_is_no_log(published: Draft7Validator) -> None:
    assert not published.is_valid({"version": "2.1.0", "runs": [{"results": [{}]}]})


@pytest.mark.usefixtures("risky")
def test_a_plan_in_sarif_names_risky_statements_with_their_region(laptop: Laptop, published: Draft7Validator) -> None:
    ran = laptop.run("plan", "--offline", "--from", "1.0.0", "--to", "1.1.0", "--format", "sarif")
    assert ran.code == 0
    (run,) = log_of(ran.out, published)["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    found = next(each for each in run["results"] if each["ruleId"] == "class/destructive")
    assert rules[found["ruleIndex"]] == "class/destructive"
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "database/migrations/sql/20260201_0900_colours.sql"
    assert place["region"] == {"startLine": 3, "startColumn": 3}
    assert [each["level"] for each in run["results"] if each["ruleId"] == "refused"] == ["error"]


def test_what_validate_finds_is_told_in_both_formats(laptop: Laptop, notes: Notes, published: Draft7Validator) -> None:
    notes.edit_ledger("[20260201_0900_colours]", "[20260201_0900_colors]")
    ran = laptop.run("validate", "--format", "sarif")
    assert ran.code == 1
    (run,) = log_of(ran.out, published)["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 8
    ran = laptop.run("validate", "--format", "github")
    assert ran.code == 1
    assert ran.out.startswith("::error file=database/releases.yaml,line=8,col=11,title=dbmigrate ledger::sql%3A ") or (
        ran.out.startswith("::error file=database/releases.yaml,line=8,col=11,title=dbmigrate ledger::sql: ")
    )


def test_a_plan_that_cannot_be_made_is_told_in_the_format_too(laptop: Laptop, notes: Notes) -> None:
    notes.write(notes.VIEW, "\\i other.sql\n")
    ran = laptop.run("plan", "--offline", "--format", "github")
    assert ran.code == 20
    assert ran.out.startswith(f"::error file=database/{notes.VIEW},line=1,col=1,")


def test_a_directory_without_findings_is_an_empty_log(laptop: Laptop, published: Draft7Validator) -> None:
    (run,) = log_of(laptop.run("validate", "--format", "sarif").out, published)["runs"]
    assert run["results"] == []
