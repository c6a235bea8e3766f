"""Which columns an UPDATE fills only where they hold nothing: no value is overwritten there.

`SET a = … WHERE a IS NULL AND …`, and `SET a = coalesce(a, …)`. Nobody can give IS NULL or COALESCE another meaning.
"""

from collections.abc import Iterator

from dbmigrations.postgres.sql.naming import relation_in
from dbmigrations.postgres.sql.tree import Node


def filled_by(update: Node) -> frozenset[str]:
    """Names of columns that the statement writes, none of whose values it can overwrite."""
    called = _called(update)
    empty = {
        _column(test.node("arg"), called) for test in _conjuncts(update.node("where_clause")) if _asks_for_null(test)
    }
    kept = {each.text("name") for each in update.nodes("target_list") if _keeps(each, called)}
    return frozenset((empty | kept) - {""})


def _called(update: Node) -> str:
    """What the statement calls the table that it updates."""
    relation = update.node("relation")
    alias = relation.node("alias") if relation else None
    return alias.text("aliasname") if alias else relation_in(update).name


def _conjuncts(condition: Node | None) -> Iterator[Node]:
    """What must all be true."""
    if condition is None:
        return
    if condition.kind == "BoolExpr" and condition.word("boolop") == "AND_EXPR":
        for each in condition.nodes("args"):
            yield from _conjuncts(each)
    else:
        yield condition


def _asks_for_null(test: Node) -> bool:
    return test.kind == "NullTest" and test.word("nulltesttype") == "IS_NULL"


def _column(node: Node | None, called: str) -> str:
    """The column of the updated table that an expression is; empty: it is none, or perhaps one of another.

    A bare name that two tables of the statement have is refused by the server.
    """
    if node is None or node.kind != "ColumnRef":
        return ""
    names = node.texts("fields")
    if len(names) != len(node.nodes("fields")) or names[:-1] not in {(), (called,)}:
        return ""
    return names[-1]


def _keeps(target: Node, called: str) -> bool:
    """Whether what a column is set to is its value, where it has one."""
    value = target.node("val")
    if value is None or target.nodes("indirection"):
        return False
    if value.kind == "CoalesceExpr":
        value = value.nodes("args")[0]
    return _column(value, called) == target.text("name")
