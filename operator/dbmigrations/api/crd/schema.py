"""From a pydantic model to a structural schema, the part of OpenAPI v3 that the API server accepts for a CRD.

- references are written out; there is no `$ref`, `anyOf` or `title`;
- a field that may be None is absent instead: nothing is nullable;
- unknown fields are pruned by the API server, except below x-kubernetes-preserve-unknown-fields;
- a default is kept where it says something: a word, a number, a flag, or an object in which there is one. Absent and
  empty mean the same everywhere, so empty texts and lists have no default and do not appear in stored objects.
"""

from copy import deepcopy
from json import dumps
from typing import Any

from pydantic import BaseModel

from dbmigrations.api.crd.errors import NotStructuralError

Schema = dict[str, Any]

_KEPT = (
    "type",
    "format",
    "description",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "maxProperties",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-preserve-unknown-fields",
)


def structural(model: type[BaseModel], *, defaults: bool = True) -> Schema:
    """The structural schema of `model`; `defaults` says whether the API server is to fill in what is absent.

    Raises:
        NotStructuralError: where the model says something that a structural schema cannot.
    """
    document = model.model_json_schema(by_alias=True)
    return _Writer(document.get("$defs", {}), defaults=defaults).write(document, model.__name__)


class _Writer:
    """Writes out the references of one document."""

    def __init__(self, definitions: dict[str, Schema], *, defaults: bool) -> None:
        self._definitions = definitions
        self._defaults = defaults

    def write(self, node: Schema, where: str) -> Schema:
        """The structural form of `node`, which is found at `where` in the model."""
        node = self._resolved(node, where)
        if "const" in node:
            node["enum"] = [node["const"]]
        written = {key: node[key] for key in _KEPT if key in node}
        match node.get("type"):
            case "object":
                self._write_object(node, written, where)
            case "array":
                written["items"] = self.write(node["items"], f"{where}[]")
            case "integer":
                written["format"] = "int64"
            case "string" | "boolean":
                pass
            case other:
                raise NotStructuralError(f"{where}: type {other!r} has no structural schema")
        if self._defaults and _says_something(node.get("default")):
            self._write_default(node["default"], written)
        return written

    def _write_object(self, node: Schema, written: Schema, where: str) -> None:
        if written.get("x-kubernetes-preserve-unknown-fields"):
            return
        if "properties" in node:
            written["properties"] = {
                name: self.write(child, f"{where}.{name}") for name, child in node["properties"].items()
            }
            if node.get("required"):
                written["required"] = sorted(node["required"])
        else:
            written["additionalProperties"] = self.write(node["additionalProperties"], f"{where}.*")

    def _write_default(self, default: Any, written: Schema) -> None:  # noqa: ANN401  any JSON value
        if not isinstance(default, dict):
            written["default"] = default
            shown = dumps(default).strip('"')
            written["description"] += f" Default: {shown}."  # `kubectl explain` shows no defaults of its own
        elif any("default" in child for child in written.get("properties", {}).values()):
            written["default"] = {}  # the API server fills in the rest from the fields' own defaults

    def _resolved(self, node: Schema, where: str) -> Schema:
        """`node` with its reference and its optionality written out; what stands beside a reference wins."""
        node = deepcopy(node)
        if "anyOf" in node:
            present = [branch for branch in node.pop("anyOf") if branch.get("type") != "null"]
            if len(present) != 1:
                raise NotStructuralError(f"{where}: a field has one type; this one has {len(present)}")
            node = {**present[0], **node}
        if "$ref" in node:
            name = node.pop("$ref").rsplit("/", 1)[-1]
            node = {**self._resolved(self._definitions[name], where), **node}
        return node


def _says_something(default: Any) -> bool:  # noqa: ANN401  any JSON value
    return default not in (None, "", [])
