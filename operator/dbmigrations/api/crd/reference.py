"""The reference of the resource's fields, for people, from the same definition that the API server takes."""

from collections.abc import Iterator
from typing import Any

from dbmigrations.api.crd.rules import RULES


def reference(definition: dict[str, Any]) -> str:
    """The Markdown text of docs/reference/crd.md."""
    return "\n".join(_lines(definition["spec"])) + "\n"


def _lines(spec: dict[str, Any]) -> Iterator[str]:
    version = spec["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    names = spec["names"]
    yield f"# {names['kind']}"
    yield ""
    yield "Generated from the models by `make generate`."
    yield ""
    yield schema["description"]
    yield ""
    yield f"- API: `{spec['group']}/{version['name']}`, namespaced"
    yield f"- Short names: {', '.join(f'`{name}`' for name in names['shortNames'])}"
    selectable = ", ".join(f"`{field['jsonPath'].removeprefix('.')}`" for field in version["selectableFields"])
    yield f"- Fields for `--field-selector`: {selectable}"
    for half in ("spec", "status"):
        node = schema["properties"][half]
        yield ""
        yield f"## {half}"
        yield ""
        yield node["description"]
        yield ""
        yield "| field | type | meaning |"
        yield "|---|---|---|"
        yield from _rows(half, node)
    yield ""
    yield "## Rules"
    yield ""
    yield "Checked by the API server, beside the types, patterns and limits above."
    yield ""
    yield "| field | rule |"
    yield "|---|---|"
    for rule in RULES:
        place = f"{rule.at}{rule.field}".removeprefix(".")
        yield f"| `{place}` | {_cell(rule.message)} |"


def _rows(prefix: str, node: dict[str, Any]) -> Iterator[str]:
    required = set(node.get("required", ()))
    for name, child in node.get("properties", {}).items():
        path = f"{prefix}.{name}"
        meaning = _cell(child.get("description", ""))
        if name in required:
            meaning = f"**Required.** {meaning}"
        yield f"| `{path}` | {_cell(_type(child))} | {meaning} |"
        if child["type"] == "array":
            yield from _rows(f"{path}[]", child["items"])
        else:
            yield from _rows(path, child)


def _type(node: dict[str, Any]) -> str:
    match node:
        case {"enum": words}:
            said = " \\| ".join(f"`{word}`" for word in words)
        case {"type": "array", "items": items, "maxItems": most}:
            said = f"list of at most {most}: {_type(items)}"
        case {"type": "object", "additionalProperties": values, "maxProperties": most}:
            said = f"map of at most {most}: {_type(values)}"
        case {"type": "object", "x-kubernetes-preserve-unknown-fields": True}:
            said = "object, as in a Pod"
        case {"type": "string", "format": "date-time"}:
            said = "time"
        case {"type": "string", "maxLength": most}:
            said = f"text of at most {most}"
        case {"type": "integer", "minimum": least, "maximum": most}:
            said = f"integer, {least} to {most}"
        case _:
            said = str(node["type"])
    return said


def _cell(text: str) -> str:
    return text.replace("\n", " ")
