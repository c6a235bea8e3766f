"""Bodies in PL/pgSQL as steps: which SQL runs where control reaches it, which may be skipped, which is repeated.

Parsed by libpg_query (postgast). What it cannot parse, and any kind of statement that is not listed here, is Unread:
nobody then knows what the body does. Facts that shaped this module:
- it knows only the types of pg_catalog, so the types of variables are replaced by like ones where it stumbles;
- parameters of functions are declared as variables of a block of ours, for it knows few of their types either;
- of an assignment it gives the whole text, of an expression the part behind SELECT.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from dbmigrations.postgres.sql.declarations import with_plain_types
from dbmigrations.postgres.sql.readings import assignment_in
from dbmigrations.postgres.sql.steps import (
    Either,
    Execute,
    ForEach,
    Leave,
    Repeat,
    Run,
    Step,
    Steps,
    UnreadError,
    levels_of,
)
from dbmigrations.postgres.sql.variables import name_of, variables_of, with_texts

LEVELS = 50
"""How deep statements may be nested: what follows them calls itself for each level."""
_TOO_DEEP = "its statements are nested too deeply"


def steps_of_block(body: str) -> Steps:
    """The steps of a DO block.

    Raises:
        UnreadError: it cannot be read.
    """
    return _steps("DO ", body, (), {})


_OF_TRIGGERS = (
    "new record; old record; tg_argv text[]; tg_event text; tg_level text; tg_name text; tg_nargs int; tg_op text; "
    "tg_relid oid; tg_relname text; tg_table_name text; tg_table_schema text; tg_tag text; tg_when text; "
)


def steps_of_trigger(body: str) -> Steps:
    """The steps of a trigger function: the parser does not read their own kind.

    Raises:
        UnreadError: it cannot be read.
    """
    names = tuple(each.split()[0] for each in _OF_TRIGGERS.split(";")[:-1])
    return _steps_within(_OF_TRIGGERS, body, names, "int", {})


def steps_of_function(body: str, parameters: tuple[str, ...], *, returns: str, given: Mapping[str, str]) -> Steps:
    """The steps of a function's or procedure's body.

    Args:
        body: its source.
        parameters: their names.
        returns: `void`, `int` (a value), or `SETOF int`.
        given: what the call gives to some of them, as text.

    Raises:
        UnreadError: it cannot be read.
    """
    declared = "".join(f'"{each}" text;' for each in parameters if '"' not in each)
    return _steps_within(declared, body, parameters, returns, given)


def _steps_within(
    declared: str, body: str, parameters: tuple[str, ...], returns: str, given: Mapping[str, str]
) -> Steps:
    inner = body.strip().removesuffix(";")
    head = f"CREATE FUNCTION f() RETURNS {returns} LANGUAGE plpgsql AS "
    return _steps(head, f"DECLARE {declared} BEGIN {inner}\n; END", parameters, given)


def _steps(head: str, body: str, parameters: tuple[str, ...], given: Mapping[str, str]) -> Steps:
    from postgast.errors import PgQueryError
    from postgast.plpgsql import parse_plpgsql

    tag = "$body$"
    while tag in body:
        tag = f"{tag[:-1]}_$"
    parsed: list[dict[str, Any]] | None = None
    for text in (body, with_plain_types(body, "text"), with_plain_types(body, "record")):
        try:
            parsed = parse_plpgsql(f"{head}{tag}{text}{tag}")
            break
        except (PgQueryError, json.JSONDecodeError) as error:
            why = str(error)
        except RecursionError:
            why = _TOO_DEEP
    if parsed is None:
        raise UnreadError(f"the parser does not know it ({why})")
    function = parsed[0]["PLpgSQL_function"]
    try:
        steps = (*_expressions(function.get("datums", [])), *_statement(function["action"]))
    except RecursionError:  # how deep the interpreter goes is its version's
        raise UnreadError(_TOO_DEEP) from None
    if levels_of(steps) > LEVELS:
        raise UnreadError(f"its statements are nested in more than {LEVELS} levels")
    steps = with_texts(steps, variables_of(function, frozenset(parameters), given))
    return steps[:-1] if steps and isinstance(steps[-1], Leave) else steps


_NOTHING = frozenset({"PLpgSQL_stmt_getdiag", "PLpgSQL_stmt_close", "PLpgSQL_stmt_commit"})


def _statement(statement: dict[str, Any]) -> Iterator[Step]:
    ((kind, fields),) = statement.items()
    if kind in _NOTHING:
        return
    reader = _READERS.get(kind)
    if reader is None:
        raise UnreadError(f"{kind.removeprefix('PLpgSQL_stmt_')} is not known here")
    yield from reader(fields)


def _plain(fields: dict[str, Any]) -> Iterator[Step]:
    rest = dict(fields)
    dynamic = rest.pop("dynquery", None)
    yield from _expressions(rest)
    if dynamic:
        yield _execute(dynamic)


def _leave(fields: dict[str, Any]) -> Iterator[Step]:
    yield from _expressions(fields)
    yield Leave()


def _loop(fields: dict[str, Any]) -> Iterator[Step]:
    rest = dict(fields)
    body = rest.pop("body", [])
    heads = tuple(_expressions(rest))
    yield from heads
    yield Repeat((*_block(body), *heads))


def _for_each(fields: dict[str, Any], variable: str, *sources: dict[str, Any]) -> Iterator[Step]:
    """A loop over what its head tells."""
    *heads, (repeated) = _loop(fields)
    yield from heads
    block = repeated.block if isinstance(repeated, Repeat) else ()
    yield ForEach(variable, tuple(each["PLpgSQL_expr"]["query"] for each in sources), block)


def _foreach(fields: dict[str, Any]) -> Iterator[Step]:
    head = name_of(fields["varno"])
    yield from _loop(fields) if "slice" in fields else _for_each(fields, head, fields["expr"])


def _fori(fields: dict[str, Any]) -> Iterator[Step]:
    head = fields["var"]["PLpgSQL_var"]["refname"]
    other = "step" in fields or "reverse" in fields
    yield from _loop(fields) if other else _for_each(fields, head, fields["lower"], fields["upper"])


def _dynamic_loop(fields: dict[str, Any]) -> Iterator[Step]:
    rest = dict(fields)
    body = rest.pop("body", [])
    yield from _dynamic(rest)
    yield Repeat(_block(body))


def _block(statements: list[dict[str, Any]]) -> Steps:
    return tuple(chain.from_iterable(map(_statement, statements)))


def _dynamic(fields: dict[str, Any]) -> Iterator[Step]:
    rest = dict(fields)
    query = rest.pop("query")
    yield from _expressions(rest)
    yield _execute(query)


def _execute(expression: dict[str, Any]) -> Execute:
    return Execute(expression["PLpgSQL_expr"]["query"])


def _inner_block(fields: dict[str, Any]) -> Iterator[Step]:
    body = _block(fields.get("body", []))
    exceptions = fields.get("exceptions")
    if not exceptions:
        yield from body
        return
    handlers = exceptions["PLpgSQL_exception_block"].get("exc_list", [])
    yield Either((body, *(_block(each["PLpgSQL_exception"].get("action", [])) for each in handlers)))


def _if(fields: dict[str, Any]) -> Iterator[Step]:
    branches = [_block(fields.get("then_body", []))]
    yield from _expressions(fields.get("cond", {}))
    for each in fields.get("elsif_list", []):
        yield from _expressions(each["PLpgSQL_if_elsif"].get("cond", {}))
        branches.append(_block(each["PLpgSQL_if_elsif"].get("stmts", [])))
    branches.append(_block(fields.get("else_body", [])))
    yield Either(tuple(branches))


def _case(fields: dict[str, Any]) -> Iterator[Step]:
    branches = [_block(fields.get("else_stmts", []))]
    yield from _expressions(fields.get("t_expr", {}))
    for each in fields.get("case_when_list", []):
        yield from _expressions(each["PLpgSQL_case_when"].get("expr", {}))
        branches.append(_block(each["PLpgSQL_case_when"].get("stmts", [])))
    yield Either(tuple(branches))


_STATEMENT, _EXPRESSION = 0, 2


def _expressions(fields: Any) -> Iterator[Step]:  # noqa: ANN401  # JSON
    """All that is evaluated, wherever it stands in fields without statements of their own."""
    pending = [fields]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(reversed(value))
        elif isinstance(value, dict):
            for key, inner in value.items():
                if key.startswith("PLpgSQL_stmt_"):
                    raise UnreadError(f"{key.removeprefix('PLpgSQL_stmt_')} stands where it is not expected")
                if key == "PLpgSQL_expr":
                    yield _run(inner["query"], int(inner.get("parseMode", _STATEMENT)))
                else:
                    pending.append(inner)


def _run(query: str, mode: int) -> Run:
    if mode == _STATEMENT:
        return Run(query)
    if mode == _EXPRESSION:
        return Run(f"SELECT {query}")
    assignment = assignment_in(query)
    if assignment is None or "(" in (assignment["index"] or ""):
        raise UnreadError("an assignment has an unusual target")
    return Run(f"SELECT {assignment['value']}")


_READERS: dict[str, Callable[[dict[str, Any]], Iterable[Step]]] = {
    "PLpgSQL_stmt_assert": _plain,
    "PLpgSQL_stmt_assign": _plain,
    "PLpgSQL_stmt_block": _inner_block,
    "PLpgSQL_stmt_call": _plain,
    "PLpgSQL_stmt_case": _case,
    "PLpgSQL_stmt_dynexecute": _dynamic,
    "PLpgSQL_stmt_dynfors": _dynamic_loop,
    "PLpgSQL_stmt_execsql": _plain,
    "PLpgSQL_stmt_exit": _leave,
    "PLpgSQL_stmt_fetch": _plain,
    "PLpgSQL_stmt_forc": _loop,
    "PLpgSQL_stmt_foreach_a": _foreach,
    "PLpgSQL_stmt_fori": _fori,
    "PLpgSQL_stmt_fors": _loop,
    "PLpgSQL_stmt_if": _if,
    "PLpgSQL_stmt_loop": _loop,
    "PLpgSQL_stmt_open": _plain,
    "PLpgSQL_stmt_perform": _plain,
    "PLpgSQL_stmt_raise": _plain,
    "PLpgSQL_stmt_return": _leave,
    "PLpgSQL_stmt_return_next": _plain,
    "PLpgSQL_stmt_return_query": _plain,
    "PLpgSQL_stmt_while": _loop,
}
"""Those that are not here, ROLLBACK among them, make a body unread."""
