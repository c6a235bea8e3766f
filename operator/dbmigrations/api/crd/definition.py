"""The CustomResourceDefinition as the API server takes it."""

from typing import Any

from dbmigrations.api.crd.errors import NotStructuralError
from dbmigrations.api.crd.rules import RULES, Rule
from dbmigrations.api.crd.schema import structural
from dbmigrations.api.resource import GROUP, KIND, PLURAL, SHORT_NAMES, SINGULAR, VERSION
from dbmigrations.api.spec import DatabaseMigrationSpec
from dbmigrations.api.status import DatabaseMigrationStatus

CATEGORIES = ("databases",)
"""Groups of kinds that `kubectl get` lists together. Not `all`: that is for what a namespace runs."""

COLUMNS: tuple[dict[str, Any], ...] = (
    {
        "name": "Version",
        "type": "string",
        "description": "The database's version; a trailing * : changed since its last passed verify.",
        "jsonPath": ".status.currentVersion",
    },
    {"name": "Desired", "type": "string", "description": "The version asked for.", "jsonPath": ".spec.version"},
    {"name": "Phase", "type": "string", "description": "Where things stand.", "jsonPath": ".status.phase"},
    {"name": "Step", "type": "string", "description": "The step under way.", "jsonPath": ".status.step"},
    {
        "name": "Ready",
        "type": "string",
        "description": "Whether the database is verified at the version asked for.",
        "jsonPath": '.status.conditions[?(@.type=="Ready")].status',
    },
    {"name": "Age", "type": "date", "description": "Since creation.", "jsonPath": ".metadata.creationTimestamp"},
    {
        "name": "Backup",
        "type": "date",
        "description": "Since the newest backup.",
        "jsonPath": ".status.backup.takenAt",
        "priority": 1,
    },
    {
        "name": "Message",
        "type": "string",
        "description": "What is going on, and what to do.",
        "jsonPath": ".status.message",
        "priority": 1,
    },
)

SELECTABLE = (".spec.version", ".status.currentVersion", ".status.phase")
"""What `kubectl get --field-selector` may ask for."""


def custom_resource_definition() -> dict[str, Any]:
    """The whole object, made anew from the models and the rules."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": SINGULAR,
                "shortNames": list(SHORT_NAMES),
                "categories": list(CATEGORIES),
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": resource_schema()},
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": list(COLUMNS),
                    "selectableFields": [{"jsonPath": path} for path in SELECTABLE],
                }
            ],
        },
    }


def resource_schema() -> dict[str, Any]:
    """The structural schema of the resource, rules included."""
    spec = structural(DatabaseMigrationSpec)
    spec["description"] = "What the database is to be."
    status = structural(DatabaseMigrationStatus, defaults=False)
    status["description"] = "What the operator saw. The database decides what is true; this repeats it."
    # A fresh object must never look finished to a reader that finds neither conditions nor an observed generation.
    status["properties"]["observedGeneration"]["default"] = -1
    status["default"] = {"observedGeneration": -1}
    schema: dict[str, Any] = {
        "description": "The version of a PostgreSQL database, kept in Git like everything else in the cluster. "
        "Raising spec.version migrates; lowering it rolls back.",
        "type": "object",
        "properties": {
            "apiVersion": {"description": "Version of this kind's schema.", "type": "string"},
            "kind": {"description": "The kind of this object.", "type": "string"},
            "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
            "spec": spec,
            "status": status,
        },
        "required": ["spec"],
    }
    for rule in RULES:
        node_at(schema, rule.at).setdefault("x-kubernetes-validations", []).append(_written(rule))
    return schema


def node_at(schema: dict[str, Any], path: str) -> dict[str, Any]:
    """The part of `schema` at a path such as `spec.source.configMap.items[].path`.

    Raises:
        NotStructuralError: where the models have no such field.
    """
    node = schema
    for part in filter(None, path.split(".")):
        name = part.removesuffix("[]")
        if name not in node.get("properties", {}):
            raise NotStructuralError(f"a rule stands at {path}, but there is no field {name}")
        node = node["properties"][name]
        if part.endswith("[]"):
            node = node["items"]
    return node


def _written(rule: Rule) -> dict[str, Any]:
    written = {"rule": rule.rule, "message": rule.message, "reason": rule.reason.value}
    if rule.field:
        written["fieldPath"] = rule.field
    return written
