"""What EXECUTE of a variable may run: a text that the body assigns to it, where it has none from elsewhere."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from dbmigrations.postgres.sql.dynamic import DIGITS, elements_of, piece_of
from dbmigrations.postgres.sql.readings import assignment_of, everything, is_set_wherever_read, loops_around
from dbmigrations.postgres.sql.steps import Either, Execute, ForEach, Repeat, Run, Step, Steps

Texts = dict[str, tuple[str, ...]]
"""The expressions that a variable may have its value from, by its name."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What is known of the variables of a body.

    Attributes:
        texts: the expressions that a variable may have its value from, by its name.
        constants: the only value that one of these is ever read with, as text.
        around: of each of these the variables of loops outside of which it is neither set nor read.
        looping: the names of those that nothing but the heads of loops sets, by what these call them.
        numbers: those of them that hold numbers.
    """

    texts: Texts
    constants: dict[str, str]
    around: dict[str, frozenset[str]]
    looping: dict[str, str]
    numbers: frozenset[str]


_PLACES = 2
"""The row of an INTO is there twice: among the variables, and in its statement."""


def name_of(number: int) -> str:
    """Stands for the name of a variable of which the parser gives the number."""
    return f"#{number}"


def variables_of(function: dict[str, Any], parameters: frozenset[str], given: Mapping[str, str]) -> Variables:
    """Of the variables of a parsed body that are only ever set by assignments and their declarations, or by loops.

    Not of `parameters`, which the caller sets, but for the texts `given` to them, nor of names that are declared more
    than once.
    """
    datums = function.get("datums", [])
    names = [each.get("refname") for datum in datums for each in datum.values()]
    assigned: dict[int, list[str]] = {}
    looping: set[int] = set()
    counting: dict[str, list[int]] = {}
    otherwise: set[int] = set()
    rows: Counter[int] = Counter()
    for kind, fields in _everything([datums, function["action"]]):
        if told := assignment_of(kind, fields):
            assigned.setdefault(told[0], []).append(told[1])
            rows[told[0]] -= _PLACES if kind == "PLpgSQL_stmt_execsql" else 0
        elif kind == "PLpgSQL_row":
            rows.update(each["varno"] for each in fields.get("fields", ()))
        elif kind == "PLpgSQL_diag_item":
            otherwise.add(fields["target"])
        elif kind == "PLpgSQL_stmt_call":
            return Variables({}, {}, {}, {}, frozenset())  # an argument may be set by the procedure
        elif kind == "PLpgSQL_stmt_foreach_a":
            looping.add(fields["varno"])
        elif kind == "PLpgSQL_stmt_fori":
            variable = fields["var"]["PLpgSQL_var"]
            counting.setdefault(variable["refname"], []).append(variable.get("lineno", 0))
        else:
            otherwise.update({fields["varno"]} if "varno" in fields else ())
    otherwise.update(number for number, places in rows.items() if places)
    counters = {name: _counters(name, datums, lines) for name, lines in counting.items()}
    looping.update(chain.from_iterable(counters.values()))
    own = {
        number: each
        for number, datum in enumerate(datums)
        if (each := datum.get("PLpgSQL_var"))
        and number not in otherwise
        and names.count(each["refname"]) == 1
        and each["refname"] not in parameters
    }
    texts = {
        each["refname"]: tuple(values)
        for number, each in own.items()
        if number not in looping and (values := [*_declared(each), *assigned.get(number, ())])
    }
    heads = {
        number: each
        for number, each in own.items()
        if number in looping and number not in assigned and _is_told_by_text(each)
    }
    called = {name_of(number): each["refname"] for number, each in heads.items()}
    numbers = frozenset(each["refname"] for each in heads.values() if _is_number(each))
    steady = {name for name, every in counters.items() if every and every.isdisjoint(otherwise | assigned.keys())}
    lasting = {
        number: each
        for number, each in own.items()
        if number not in assigned or is_set_wherever_read(function, number, each["refname"])
    }
    called |= {name: name for name in steady - parameters}
    around = {
        each["refname"]: _named(loops_around(function, number, each["refname"]), called)
        for number, each in own.items()
        if called and number in assigned and not any(_declared(each))
    }
    steady_parameters = {
        each["refname"]: given[each["refname"]]
        for number, datum in enumerate(datums)
        if (each := datum.get("PLpgSQL_var"))
        and each["refname"] in given
        and number not in otherwise | assigned.keys() | looping
        and names.count(each["refname"]) == 1
    }
    return Variables(texts, _constants(texts, lasting, steady_parameters), around, called, numbers)


def _named(heads: frozenset[str], called: dict[str, str]) -> frozenset[str]:
    return frozenset(called[each] for each in heads if each in called)


def _counters(name: str, datums: list[dict[str, Any]], loops: list[int]) -> frozenset[int]:
    """The variables that loops over numbers make for themselves; none where another may be meant within one.

    The body may have declared one of the same name before, which is not seen in the loop. One that is declared within
    the loop stands behind the loop's own: it has another line, or a type or value that a counter has not.
    """
    named = {
        number: each for number, datum in enumerate(datums) for each in datum.values() if each.get("refname") == name
    }
    before, own = list(named.values())[: -len(loops)], list(named.values())[-len(loops) :]
    as_told = sorted(each.get("lineno", 0) for each in own) == sorted(loops) and all(map(_may_count, own))
    is_before = len(before) <= 1 and all(each.get("lineno", 0) <= min(loops) for each in before)
    return frozenset(tuple(named)[-len(loops) :]) if as_told and is_before else frozenset()


def _may_count(variable: dict[str, Any]) -> bool:
    """As PL/pgSQL makes one for a loop over numbers."""
    return "default_val" not in variable and _is_number(variable)


_TOLD_BY_TEXT = frozenset({"int2", "int4", "int8", "name", "text", "varchar"})
_NUMBER = re.compile(r"0|-?[1-9][0-9]*")


def _is_told_by_text(variable: dict[str, Any]) -> bool:
    """Whether its value is printed as it is written: not so dates."""
    return variable.get("datatype", {}).get("PLpgSQL_type", {}).get("typname") in _TOLD_BY_TEXT


def _constants(texts: Texts, own: dict[int, dict[str, Any]], given: dict[str, str]) -> dict[str, str]:
    """Each may be made of others, and of what is given: found round by round."""
    constants = dict(given)
    pending = {each["refname"]: each for each in own.values() if _is_told_by_text(each)}
    while True:
        found: dict[str, str] = {}
        for name, each in pending.items():
            made_of = texts.get(name, ())
            value = piece_of(made_of[0], constants) if len(made_of) == 1 else None
            if value is not None and (_NUMBER.fullmatch(value) or not _is_number(each)):
                found[name] = value
        if not found:
            return constants
        constants |= found
        pending = {name: each for name, each in pending.items() if name not in found}


def _is_number(variable: dict[str, Any]) -> bool:
    return str(variable.get("datatype", {}).get("PLpgSQL_type", {}).get("typname")).startswith("int")


def _declared(variable: dict[str, Any]) -> Iterator[str]:
    text = variable.get("default_val", {}).get("PLpgSQL_expr", {}).get("query", "NULL")
    if text.strip().upper() != "NULL":  # EXECUTE of NULL is an error
        yield text


def _everything(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401  # JSON
    """Every node of the parsed body with its kind."""
    for each in everything(value):
        if isinstance(each, dict):
            yield from ((key, inner) for key, inner in each.items() if isinstance(inner, dict))


MOST = 100
"""How often a loop is followed round by round, those within it counted together."""
MOST_CALLS = 16
"""The same where only calls may depend on the round: the bodies of all of them are looked into, and that is limited."""


def with_texts(steps: Steps, variables: Variables) -> Steps:
    """EXECUTE of a variable is EXECUTE of one of its texts; a loop over known values is each of its rounds."""
    return _Known(variables, variables.constants).steps(steps)


@dataclass(frozen=True, slots=True)
class _Known:
    variables: Variables
    values: dict[str, str]
    rounds: int = 1

    def steps(self, steps: Steps) -> Steps:
        return tuple(chain.from_iterable(map(self._step, steps)))

    def _step(self, step: Step) -> Iterator[Step]:
        match step:
            case Execute(expression=expression):
                found, values = self._assigned(expression)
                first, *others = (Execute(text, tuple(values.items())) for text in found)
                yield Either(((first,), *((each,) for each in others))) if others else first
            case Run(sql=sql) if self.values and "(" in sql:
                yield Run(sql, tuple(self.values.items()))
            case Either(blocks=blocks):
                yield Either(tuple(self.steps(block) for block in blocks))
            case Repeat(block=block):
                yield Repeat(self.steps(block))
            case ForEach():
                yield from self._rounds(step)
            case _:
                yield step

    def _assigned(self, expression: str) -> tuple[tuple[str, ...], dict[str, str]]:
        """What an expression stands for, where it is a variable, and the values that were read to make that."""
        name = expression.strip().lower()
        found = self.variables.texts.get(name)
        if found is None:
            return (expression,), self.values
        known = self.variables.constants.keys() | self.variables.around.get(name, frozenset())
        return found, {each: value for each, value in self.values.items() if each in known}

    def _rounds(self, loop: ForEach) -> Iterator[Step]:
        name = self.variables.looping.get(loop.variable, "")
        most = _most_rounds(loop.block, name) if name and name not in self.values else 0
        values = self._values(loop, name) if most else None
        rounds = self.rounds * max(1, len(values or ()))
        if values is None or rounds > most:
            kept = {each: value for each, value in self.values.items() if each != name}
            counted = {name: DIGITS} if most and self._counts_upwards(loop) else {}
            yield Repeat(replace(self, values=kept | counted).steps(loop.block))
            return
        for value in values:
            yield from replace(self, values=self.values | {name: value}, rounds=rounds).steps(loop.block)

    def _counts_upwards(self, loop: ForEach) -> bool:
        """Whether the counter is never negative: its value is digits then."""
        first, *others = (self.values.get(each.strip().lower(), each.strip()) for each in loop.sources)
        return bool(others) and _NUMBER.fullmatch(first) is not None and int(first) >= 0

    def _values(self, loop: ForEach, name: str) -> tuple[str, ...] | None:
        if len(loop.sources) == 1:
            texts, known = self._assigned(loop.sources[0])
            elements = elements_of(texts[0], known) if len(texts) == 1 else None
            as_it_is = name not in self.variables.numbers or all(map(_NUMBER.fullmatch, elements or ()))
            return elements if as_it_is else None
        bounds = [self.values.get(each.strip().lower(), each.strip()) for each in loop.sources]
        if not all(map(_NUMBER.fullmatch, bounds)):
            return None
        first, last = map(int, bounds)
        return tuple(map(str, range(first, last + 1))) if first <= last < first + MOST else None


def _most_rounds(steps: Steps, name: str) -> int:
    """How many rounds are worth following: none where nothing in it may depend on the round."""
    most = 0
    for step in steps:
        match step:
            case Execute():
                return MOST
            case Run(sql=sql) if name in sql.lower() and sql.lstrip()[:6].upper() == "SELECT" and "(" in sql:
                most = max(most, MOST_CALLS)
            case Either(blocks=blocks):
                most = max((most, *(_most_rounds(block, name) for block in blocks)))
            case ForEach(block=block) | Repeat(block=block):
                most = max(most, _most_rounds(block, name))
            case _:
                pass
    return most
