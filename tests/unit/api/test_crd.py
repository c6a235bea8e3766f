"""The CRD says what the models say, and bounds and documents all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from dbmigrations.api.crd.definition import custom_resource_definition, node_at, resource_schema
from dbmigrations.api.crd.errors import NotStructuralError
from dbmigrations.api.crd.files import generated_files
from dbmigrations.api.crd.rules import RULES
from dbmigrations.api.crd.schema import structural
from dbmigrations.api.spec import DatabaseMigrationSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
MINIMAL: dict[str, Any] = {
    "version": "1.0.0",
    "database": {"secretRef": {"name": "db"}},
    "source": {"image": {"reference": "shop:{version}"}},
}


def fields(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, child in node.get("properties", {}).items():
        yield f"{path}.{name}", child
        yield from fields(child, f"{path}.{name}")
        if "items" in child:
            yield f"{path}.{name}[]", child["items"]
            yield from fields(child["items"], f"{path}.{name}[]")
        if "additionalProperties" in child:
            yield f"{path}.{name}.*", child["additionalProperties"]


def half(name: str) -> list[tuple[str, dict[str, Any]]]:
    return list(fields(resource_schema()["properties"][name], name))


def defaulted(value: Any, node: dict[str, Any]) -> Any:  # noqa: ANN401  any JSON value
    """What the API server makes of a value: the defaults filled in, also inside of defaults."""
    if isinstance(value, list):
        return [defaulted(item, node["items"]) for item in value]
    if not isinstance(value, dict):
        return value
    filled = dict(value)
    for name, child in node.get("properties", {}).items():
        if name not in filled and "default" in child:
            filled[name] = child["default"]
        if name in filled:
            filled[name] = defaulted(filled[name], child)
    return filled


@pytest.mark.parametrize("path", generated_files())
def test_a_generated_file_is_what_the_models_say(path: str) -> None:
    assert (ROOT / path).read_text() == generated_files()[path], "run `make generate`"


@pytest.mark.parametrize("name", ["spec", "status"])
def test_every_field_is_documented(name: str) -> None:
    named = [(path, node) for path, node in half(name) if not path.endswith(("[]", ".*"))]
    assert named
    assert [path for path, node in named if not node.get("description")] == []


@pytest.mark.parametrize("name", ["spec", "status"])
def test_every_field_has_a_limit(name: str) -> None:
    def is_bounded(node: dict[str, Any]) -> bool:
        match node["type"]:
            case "string":
                return "maxLength" in node or "enum" in node or node.get("format") == "date-time"
            case "array":
                return "maxItems" in node
            case "object":
                return "properties" in node or "maxProperties" in node
            case _:
                return True

    assert [path for path, node in half(name) if not is_bounded(node)] == []


def test_only_what_a_pod_defines_is_left_open() -> None:
    left_open = [path for path, node in half("spec") if node.get("x-kubernetes-preserve-unknown-fields")]
    assert left_open == ["spec.jobTemplate.resources", "spec.jobTemplate.tolerations[]", "spec.jobTemplate.affinity"]
    assert not any(node.get("x-kubernetes-preserve-unknown-fields") for _, node in half("status"))


def test_nothing_is_nullable_and_nothing_refers_elsewhere() -> None:
    foreign = {"$ref", "anyOf", "oneOf", "allOf", "title", "const", "nullable"}
    found = [path for name in ("spec", "status") for path, node in half(name) if foreign & node.keys()]
    assert found == []


def test_the_servers_defaults_are_the_models_defaults() -> None:
    filled = defaulted(MINIMAL, resource_schema()["properties"]["spec"])
    assert filled != MINIMAL
    assert DatabaseMigrationSpec.model_validate(filled) == DatabaseMigrationSpec.model_validate(MINIMAL)


def test_a_default_is_named_where_people_read() -> None:
    silent = [
        path
        for path, node in half("spec")
        if "default" in node and node["default"] != {} and "Default: " not in node["description"]
    ]
    assert silent == []


def test_a_fresh_object_says_that_nobody_has_looked_at_it() -> None:
    status = resource_schema()["properties"]["status"]
    assert status["default"] == {"observedGeneration": -1}
    assert status["properties"]["observedGeneration"]["default"] == -1


def test_the_status_has_no_other_default_that_would_be_written_back() -> None:
    assert [path for path, node in half("status") if "default" in node] == ["status.observedGeneration"]


def test_conditions_are_merged_by_their_type() -> None:
    conditions = node_at(resource_schema(), "status.conditions")
    assert conditions["x-kubernetes-list-type"] == "map"
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]


def test_kubectl_get_shows_the_columns_that_were_promised() -> None:
    columns = custom_resource_definition()["spec"]["versions"][0]["additionalPrinterColumns"]
    narrow = [column["name"].upper() for column in columns if not column.get("priority")]
    wide = [column["name"].upper() for column in columns if column.get("priority")]
    assert narrow == ["VERSION", "DESIRED", "PHASE", "STEP", "READY", "AGE"]
    assert wide == ["BACKUP", "MESSAGE"]


def test_the_short_names_are_ours_alone() -> None:
    assert custom_resource_definition()["spec"]["names"]["shortNames"] == ["dbmigrations", "dbmig"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_about_a_field_that_there_is(rule: Any) -> None:  # noqa: ANN401  ids= needs the plain parameter
    place = ".".join(filter(None, [rule.at, rule.field.removeprefix(".")]))
    assert node_at(resource_schema(), place)["type"]


def test_no_two_rules_have_one_name() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_a_rule_about_a_missing_field_is_refused() -> None:
    with pytest.raises(NotStructuralError, match=r"spec\.nowhere"):
        node_at(resource_schema(), "spec.nowhere")


def test_a_field_of_two_types_is_refused_by_its_name() -> None:
    class Ambiguous(BaseModel):
        what: int | str

    with pytest.raises(NotStructuralError, match=r"Ambiguous\.what"):
        structural(Ambiguous)


def test_an_untyped_field_is_refused_by_its_name() -> None:
    class Anything(BaseModel):
        what: Any

    with pytest.raises(NotStructuralError, match=r"Anything\.what"):
        structural(Anything)
