"""The chart's values are closed and complete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from dbmigrations import api

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(api.__file__).parents[3]
CHART = ROOT / "charts/dbmigrations"
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = YAML(typ="safe").load((CHART / "values.yaml").read_text())


def objects(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if "properties" in node:
        yield path, node
        for name, child in node["properties"].items():
            yield from objects(child, f"{path}.{name}")


def paths_of_schema(node: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, child in node["properties"].items():
        if "properties" in child:
            yield from paths_of_schema(child, f"{path}.{name}")
        else:
            yield f"{path}.{name}"


def paths_of_values(values: dict[str, Any], node: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, child in values.items():
        described = node.get("properties", {}).get(name, {})
        if isinstance(child, dict) and "properties" in described:
            yield from paths_of_values(child, described, f"{path}.{name}")
        else:
            yield f"{path}.{name}"


def test_a_misspelt_value_is_refused_at_every_depth() -> None:
    assert len(list(objects(SCHEMA))) > 1
    assert [path for path, node in objects(SCHEMA) if node["additionalProperties"] is not False] == []


def test_every_value_stands_in_the_values_file_and_in_the_schema() -> None:
    assert set(paths_of_values(VALUES, SCHEMA)) == set(paths_of_schema(SCHEMA)) - {".global"}


def test_the_chart_and_the_program_have_one_version() -> None:
    chart = YAML(typ="safe").load((CHART / "Chart.yaml").read_text())
    project = (ROOT / "pyproject.toml").read_text()
    assert f'\nversion = "{chart["appVersion"]}"\n' in project
    assert chart["version"] == chart["appVersion"]
