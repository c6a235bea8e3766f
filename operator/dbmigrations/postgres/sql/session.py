"""Statements that set up the session for those behind them, and change nothing in the database."""

from dbmigrations.postgres.sql.options import constant
from dbmigrations.postgres.sql.tree import Node, Unparsed


def sets_session(tree: Node | Unparsed) -> bool:
    """Whether the statement must be repeated when what follows it runs in a new session.

    SET and RESET without LOCAL (also SET ROLE and SET SESSION CHARACTERISTICS), LOAD, and SELECT of nothing but
    set_config(…, false).
    """
    if isinstance(tree, Unparsed):
        return False
    match tree.kind:
        case "VariableSetStmt":
            for_transaction = tree.word("kind") == "VAR_SET_MULTI" and tree.text("name") != "SESSION CHARACTERISTICS"
            return not tree.flag("is_local") and not for_transaction
        case "LoadStmt":
            return True
        case "SelectStmt":
            targets = tree.nodes("target_list")
            return bool(targets) and not tree.nodes("from_clause") and all(_is_set_config(each) for each in targets)
        case _:
            return False


def _is_set_config(target: Node) -> bool:
    call = target.node("val")
    if call is None or call.kind != "FuncCall" or call.texts("funcname")[-1:] != ("set_config",):
        return False
    return [constant(argument) for argument in call.nodes("args")][2:] == ["false"]
