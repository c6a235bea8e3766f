"""What a call gives to the parameters of a routine, where it gives constants: partitions are made by such helpers."""

import re

from dbmigrations.postgres.sql.asking import is_enumeration
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.options import constant, option
from dbmigrations.postgres.sql.tree import Node

_TEXTS = frozenset({"name", "text", "varchar"})
_NUMBERS = frozenset({"int2", "int4", "int8"})
_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
_INWARD = frozenset({"FUNC_PARAM_DEFAULT", "FUNC_PARAM_IN", "FUNC_PARAM_INOUT"})
_LONGEST_NAME = 63


def texts_given(call: Node, definition: Node, batch: Batch) -> dict[str, str]:
    """The parameters that have a value told by the call, as text, by their names; nothing of others."""
    parameters = tuple(each for each in definition.nodes("parameters") if each.word("mode") != "FUNC_PARAM_TABLE")
    inward = tuple(each for each in parameters if each.word("mode") in _INWARD)
    arguments = call.nodes("args")
    is_plain = call.kind == "FuncCall" and not call.flag("func_variadic")
    if not is_plain or any(each.word("mode") == "FUNC_PARAM_VARIADIC" for each in parameters):
        return {}
    if definition.flag("is_procedure") and len(inward) != len(parameters):
        return {}  # CALL has arguments for OUT parameters too
    given: dict[str, str] = {}
    by_name = {each.text("name"): each for each in inward}
    for at, argument in enumerate(arguments):
        if argument.kind == "NamedArgExpr":
            parameter, value = by_name.get(argument.text("name")), argument.node("arg")
        else:
            parameter, value = (inward[at] if at < len(inward) else None), argument
        text = _text(parameter, value, batch) if parameter is not None and value is not None else None
        if parameter is not None and text is not None:
            given[parameter.text("name")] = text
    given.pop("", None)
    return given


Given = tuple[tuple[str, str | None], ...]
"""What is known of arguments, beside their names where these are given."""


def constants_in(call: Node, batch: Batch) -> Given:
    """The names of the arguments, as far as they are given by name, and what is known of each."""
    named = ((each, each.kind == "NamedArgExpr") for each in call.nodes("args"))
    return tuple(
        (each.text("name"), _constant(each.node("arg"), batch)) if is_named else ("", _constant(each, batch))
        for each, is_named in named
    )


def may_depend_on_arguments(definition: Node) -> bool:
    """Whether what a routine does to which object may be in what it is given."""
    given = option(definition.nodes("options"), "as")
    body = given.node("arg") if given else None
    sources = body.texts("items") if body is not None and body.kind == "List" else ()
    return any(word in each.lower() for each in sources for word in ("execute", "perform"))


def _text(parameter: Node, value: Node, batch: Batch) -> str | None:
    """As the parameter's type prints it; None where that may be otherwise than it is written."""
    type_name = parameter.node("arg_type")
    text = _constant(value, batch)
    if type_name is None or text is None or type_name.nodes("array_bounds") or type_name.flag("setof"):
        return None
    name = _builtin(type_name)
    if name in _NUMBERS:
        return text if _NUMBER.fullmatch(text) else None
    if name not in _TEXTS and not is_enumeration(batch, type_name):
        return None
    return text if len(text.encode()) <= _LONGEST_NAME or name != "name" else None


def _builtin(type_name: Node) -> str:
    """The name of a type that comes with PostgreSQL."""
    *schema, name = type_name.texts("names") or ("",)
    return name if schema in ([], ["pg_catalog"]) else ""


def _constant(value: Node | None, batch: Batch) -> str | None:
    if value is not None and value.kind == "TypeCast":
        type_name = value.node("type_name")
        is_text = type_name and not type_name.nodes("typmods") and _builtin(type_name) in {"text", "varchar"}
        value = value.node("arg") if is_text else None
    if value is not None and value.kind == "ColumnRef":
        fields = value.texts("fields")
        return dict(batch.texts).get(fields[0]) if len(fields) == len(value.nodes("fields")) == 1 else None
    return None if value is None else constant(value)
