"""Which reading of a table the condition of a batch bounds: found in the parse tree, where `$1` stands for it."""

from collections.abc import Iterator
from dataclasses import dataclass

from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.tree import Node

_FROM = {"UpdateStmt": "from_clause", "DeleteStmt": "using_clause", "SelectStmt": "from_clause"}


@dataclass(frozen=True, slots=True)
class Scope:
    """The table under the name that its columns have there."""

    qualifier: str


def bounded_scope(tree: Node, table: RelationName) -> Scope | str:
    """The scope whose WHERE has `$1` among conditions joined by AND; or, for people, why there is none."""
    if any(_has_parameter(each) for node in tree.walk() for each in _values(node)):
        return "`:batch` in a subquery for a value bounds no row: make it a condition of the statement's own WHERE"
    for node in tree.walk():
        if node.kind in _FROM and (where := node.node("where_clause")) is not None and _is_conjunct(where):
            return _table_in(node, table)
    return "`:batch` bounds nothing here: make it a condition of WHERE that is joined to the others with AND"


def _values(node: Node) -> tuple[Node, ...]:
    return node.nodes("target_list") if node.kind in {"UpdateStmt", "SelectStmt"} else ()


def _has_parameter(node: Node) -> bool:
    return any(each.kind == "ParamRef" for each in node.walk())


def _is_conjunct(condition: Node) -> bool:
    if condition.kind == "ParamRef":
        return True
    if condition.kind == "BoolExpr" and condition.word("boolop") == "AND_EXPR":
        return any(_is_conjunct(each) for each in condition.nodes("args"))
    return False


def _table_in(query: Node, table: RelationName) -> Scope | str:
    target = query.node("relation") if query.kind != "SelectStmt" else None
    if target is not None and _is(target, table):
        return Scope(_called(target))
    found = [each for item in query.nodes(_FROM[query.kind]) for each in _ranges(item) if _is(each, table)]
    if not found:
        return f"the query with `:batch` does not read {table}: put it where {table} is read"
    if len(found) > 1:
        return f"the query with `:batch` reads {table} twice: put one of them, with `:batch`, into a subquery"
    return Scope(_called(found[0]))


def _ranges(item: Node) -> Iterator[Node]:
    pending = [item]
    while pending:
        node = pending.pop()
        if node.kind == "RangeVar":
            yield node
        elif node.kind == "JoinExpr":
            pending += [side for side in (node.node("larg"), node.node("rarg")) if side is not None]


def _is(range_var: Node, table: RelationName) -> bool:
    name = RelationName.of_range(range_var)
    return name.name == table.name and (None in {name.schema, table.schema} or name.schema == table.schema)


def _called(range_var: Node) -> str:
    alias = range_var.node("alias")
    return range_var.text("relname") if alias is None else alias.text("aliasname")
