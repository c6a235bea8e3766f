"""ALTER TYPE of composite types: ADD, DROP and ALTER ATTRIBUTE."""

from collections.abc import Iterator

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.finding import Finding, made_by_the_plan
from dbmigrations.postgres.sql.naming import relation_in
from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.tree import Node

_ATTRIBUTES = {
    "AT_AddColumn": (
        OperationClass.RESTRICTING,
        "add attribute {name} to {type}",
        "who writes or reads such values by position fails",
    ),
    "AT_AlterColumnType": (
        OperationClass.RESTRICTING,
        "change type of attribute {type}.{name}",
        "who writes or reads such values finds another type",
    ),
    "AT_DropColumn": (
        OperationClass.DESTRUCTIVE,
        "drop attribute {type}.{name}",
        "what it holds in every column of this type is gone",
    ),
}


def alter_composite(tree: Node, batch: Batch) -> Iterator[Finding]:
    """One finding for each command. With CASCADE the tables of this type are altered too."""
    name = relation_in(tree)
    for command in tree.nodes("cmds"):
        definition = command.node("def")
        attribute = command.text("name") or (definition.text("colname") if definition else "")
        unknown = (OperationClass.UNKNOWN, "alter type {type}", "what this command does to what exists is not known")
        kind, what, why = _ATTRIBUTES.get(command.word("subtype"), unknown)
        shown = what.format(type=name, name=attribute)
        if batch.has_made("OBJECT_TYPE", name):
            yield made_by_the_plan(shown)
            continue
        finding = Finding(kind, shown, why)
        if command.word("behavior") == "DROP_CASCADE":
            retyped = command.word("subtype") == "AT_AlterColumnType"
            finding = finding.on_existing(LockMode.ACCESS_EXCLUSIVE)
            finding = finding.working(Work.REWRITTEN if retyped else Work.NONE)
        yield finding
