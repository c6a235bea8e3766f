"""What a plan first makes in the application's schema, which must be there by then. Pure.

It only tells what is certain: behind a statement that may itself have made the schema, or given the right to use it,
nobody can say from the text what is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import is_temporary
from dbmigrations.postgres.sql.script import SqlScript
from dbmigrations.postgres.sql.session import sets_session
from dbmigrations.postgres.sql.statements import Statement
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse

_RELATIONS = {
    "CompositeTypeStmt": "typevar",
    "CreateSeqStmt": "sequence",
    "CreateStmt": "relation",
    "ViewStmt": "view",
}
_LISTS = {
    "CreateDomainStmt": "domainname",
    "CreateEnumStmt": "type_name",
    "CreateFunctionStmt": "funcname",
    "CreateRangeStmt": "type_name",
    "DefineStmt": "defnames",
}
_MAY_PREPARE = frozenset(
    {"CallStmt", "DoStmt", "ExecuteStmt", "GrantRoleStmt", "GrantStmt", "AlterOwnerStmt", "RenameStmt", "SelectStmt"}
)
"""They may make the schema, or give the right to make something in it."""

_OTHER_ROLE = frozenset({"role", "session_authorization"})


@dataclass(frozen=True, slots=True)
class FirstMade:
    """The first thing that certainly is made in the schema; `is_certain` False: what runs before may prepare it."""

    statement: Statement | None = None
    is_certain: bool = True


def first_made(script: SqlScript, schema: str) -> FirstMade:
    """What a script first makes in the application's schema, which is first in search_path."""
    follows_path = True
    for statement in script.statements:
        tree = parse(statement.text)
        if isinstance(tree, Unparsed):
            return FirstMade(is_certain=False)
        if sets_session(tree):
            if tree.kind == "VariableSetStmt" and tree.text("name") in _OTHER_ROLE:
                return FirstMade(is_certain=False)
            follows_path = follows_path and tree.kind == "VariableSetStmt" and tree.text("name") != "search_path"
        elif _may_prepare(tree, schema):
            return FirstMade(is_certain=False)
        elif any(made.schema == schema or (made.schema is None and follows_path) for made in _made(tree)):
            return FirstMade(statement)
    return FirstMade()


def _may_prepare(tree: Node, schema: str) -> bool:
    if tree.kind == "CreateSchemaStmt":
        return tree.text("schemaname") in {schema, ""}
    if tree.kind == "VariableSetStmt":  # SET LOCAL
        return tree.text("name") in {*_OTHER_ROLE, "search_path"}
    return tree.kind in _MAY_PREPARE


def _made(tree: Node) -> Iterator[RelationName]:
    if tree.kind in _RELATIONS:
        field = _RELATIONS[tree.kind]
        named = tree.node(field)
        if named is not None and not is_temporary(tree, field):
            yield RelationName.of_range(named)
    elif tree.kind == "CreateTableAsStmt":
        into = tree.node("into")
        named = into.node("rel") if into is not None else None
        if into is not None and named is not None and not is_temporary(into, "rel"):
            yield RelationName.of_range(named)
    elif tree.kind in _LISTS:
        yield RelationName.of_parts(tree.texts(_LISTS[tree.kind]))
