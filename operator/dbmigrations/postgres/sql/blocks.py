"""Bodies looked into: what DO blocks, and routines that the same batch made, do statement by statement.

Sound rather than clever. Where control may not reach a statement, what it made is not counted as made; where it may
have changed which object a name means, nothing is known of names afterwards (`Batch.clouded`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType

from dbmigrations.postgres.sql.arguments import texts_given
from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.dynamic import text_of
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.looks import LIMIT
from dbmigrations.postgres.sql.names import ANY, RelationName
from dbmigrations.postgres.sql.naming import function_name
from dbmigrations.postgres.sql.options import option, option_text
from dbmigrations.postgres.sql.plpgsql import steps_of_block, steps_of_function, steps_of_trigger
from dbmigrations.postgres.sql.routes import path_of
from dbmigrations.postgres.sql.routines import without_routine
from dbmigrations.postgres.sql.statements import split
from dbmigrations.postgres.sql.steps import Either, Execute, ForEach, Leave, Repeat, Run, Step, Steps, UnreadError
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse
from dbmigrations.postgres.sql.uncertainty import after_any, after_maybe, definitions_called

DEPTH = 3
"""How deep calls of routines are followed: each level is read anew wherever it is called."""

After = Callable[[Node | Unparsed, Batch], Batch]
"""`batch_after`, given from outside: it looks into bodies itself."""


@dataclass(frozen=True, slots=True)
class Inner:
    """A statement inside a body, and the batch as it finds it."""

    tree: Node
    batch: Batch


@dataclass(frozen=True, slots=True)
class Inside:
    """What a body does: its statements in order, and the batch afterwards."""

    statements: tuple[Inner, ...]
    after: Batch


def inside_block(tree: Node, batch: Batch, after: After) -> Inside:
    """A DO statement.

    Raises:
        UnreadError: another language, or something that cannot be read.
    """
    language = option(tree.nodes("args"), "language")
    if language is not None and option_text(language).lower() != "plpgsql":
        raise UnreadError(f"it is written in {option_text(language)}")
    body = option(tree.nodes("args"), "as")
    if body is None:
        raise UnreadError("it has no body")
    return _Walk(after).through(steps_of_block(option_text(body)), batch)


def inside_call(call: Node, batch: Batch, after: After) -> Inside | None:
    """A call of a function or procedure that the batch made, or that the database has; None: nobody knows which.

    Raises:
        UnreadError: its body cannot be read.
    """
    schema, name = function_name(call)
    routine = RelationName(schema or None, name)
    every = definitions_called(batch, routine, len(call.nodes("args")))
    if not every:
        return None
    if batch.depth >= DEPTH:
        raise UnreadError(f"routines call each other more than {DEPTH} deep")
    if not batch.looks.take():
        raise UnreadError(f"the statement runs routines, and these others, in more than {LIMIT} ways")
    within = without_routine(batch, routine)
    statements: list[Inner] = []
    ends: list[Batch] = []
    for definition in every:
        inside = _inside_routine(definition, within, after, texts_given(call, definition, batch))
        statements += inside.statements
        ends.append(replace(inside.after, routines=batch.routines, depth=batch.depth))
    return Inside(tuple(statements), after_any(batch, ends))


def inside_sql(definition: Node, batch: Batch, after: After) -> Inside:
    """The body of a function that is made in SQL; nothing of one in another language.

    Raises:
        UnreadError: it cannot be read.
    """
    language = option(definition.nodes("options"), "language")
    if language is not None and option_text(language).lower() != "sql":
        return Inside((), batch)
    return _inside_routine(definition, batch, after)


def _inside_routine(
    definition: Node, batch: Batch, after: After, given: Mapping[str, str] = MappingProxyType({})
) -> Inside:
    options = definition.nodes("options")
    path = [each.node("arg") for each in options if each.text("defname") == "set"]
    own = batch
    for setting in path:
        if setting is not None and setting.text("name") == "search_path":
            own = own.with_path(path_of(setting))
    language = option(options, "language")
    named = option_text(language).lower() if language else "sql"
    if named == "sql":
        inside = _Walk(after).through_trees(_trees_of_sql(definition), own)
    elif named == "plpgsql":
        inside = _Walk(after).through(_steps(definition, given), own)
    else:
        raise UnreadError(f"it is written in {named}")
    restored = replace(inside.after, path=batch.path, path_is_default=batch.path_is_default) if path else inside.after
    return Inside(inside.statements, restored)


def _trees_of_sql(definition: Node) -> tuple[Node | Unparsed, ...]:
    body = definition.node("sql_body")
    if body is None:
        return _trees(_source(definition))
    if body.kind == "ReturnStmt":
        return (body,)
    lists = (each.nodes("items") if each.kind == "List" else (each,) for each in body.nodes("items"))
    return tuple(chain.from_iterable(lists))


def _source(definition: Node) -> str:
    given = option(definition.nodes("options"), "as")
    body = given.node("arg") if given else None
    parts = body.texts("items") if body is not None and body.kind == "List" else ()
    if len(parts) != 1:
        raise UnreadError("its body is not in the script")
    return parts[0]


def _steps(definition: Node, given: Mapping[str, str]) -> Steps:
    names = [each.text("name") for each in definition.nodes("parameters")]
    returned = definition.node("return_type")
    if returned is not None and returned.texts("names")[-1:] in {("trigger",), ("event_trigger",)}:
        return steps_of_trigger(_source(definition))
    if definition.flag("is_procedure") or (returned is not None and returned.texts("names")[-1:] == ("void",)):
        returns = "void"
    else:
        outward = any(each.word("mode") == "FUNC_PARAM_TABLE" for each in definition.nodes("parameters"))
        returns = "SETOF int" if outward or (returned is not None and returned.flag("setof")) else "int"
    return steps_of_function(_source(definition), tuple(filter(None, names)), returns=returns, given=given)


def _trees(sql: str) -> tuple[Node | Unparsed, ...]:
    try:
        return tuple(parse(statement.text) for statement in split(sql))
    except SqlInvalidError as error:
        raise UnreadError(error.message) from None


@dataclass
class _Walk:
    """Gathers statements in order."""

    after: After
    found: list[Inner] = field(default_factory=list)
    leaves: bool = False

    def through(self, steps: Steps, batch: Batch) -> Inside:
        """All of a body."""
        end = self._steps(steps, batch)
        return Inside(tuple(self.found), after_maybe(batch, end) if self.leaves else end)

    def through_trees(self, trees: tuple[Node | Unparsed, ...], batch: Batch) -> Inside:
        """A body in SQL."""
        end = batch
        for tree in trees:
            end = self._run(tree, end)
        return Inside(tuple(self.found), end)

    def _steps(self, steps: Steps, batch: Batch) -> Batch:
        for step in steps:
            batch = self._step(step, batch)
        return batch

    def _step(self, step: Step, batch: Batch) -> Batch:
        match step:
            case Run(sql=sql, values=values):
                return self._run(parse(sql), batch, values)
            case Execute(expression=expression, values=values):
                return self._execute(expression, dict(values), batch)
            case Either(blocks=blocks):
                return after_any(batch, [self._steps(block, batch) for block in blocks])
            case Repeat(block=block) | ForEach(block=block):
                return self._repeat(block, batch)
            case Leave():
                self.leaves = True
                return batch

    def _repeat(self, block: Steps, batch: Batch) -> Batch:
        """A second round finds what the first one left."""
        before = len(self.found)
        once = after_maybe(batch, self._steps(block, batch))
        if once.is_clouded and not batch.is_clouded:
            del self.found[before:]
            self._steps(block, once)
        return once

    def _execute(self, expression: str, values: dict[str, str], batch: Batch) -> Batch:
        text = text_of(expression, values)
        self.found.extend(_evaluated(expression, batch))
        if text is None:
            raise UnreadError("the text of an EXECUTE is only known when it runs")
        end = batch
        for tree in _trees(text):
            end = self._run(tree, end)
        return after_maybe(batch, end) if ANY in text else end

    def _run(self, tree: Node | Unparsed, batch: Batch, values: tuple[tuple[str, str], ...] = ()) -> Batch:
        if isinstance(tree, Unparsed):
            raise UnreadError(f"it holds a statement that cannot be read: {tree.why}")
        if tree.kind == "TransactionStmt":
            raise UnreadError("it controls transactions")
        told = replace(batch, texts=values) if values and _names_variables_only(tree) else batch
        self.found.append(Inner(tree, told))
        after = self.after(tree, told)
        return batch if after is told else replace(after, texts=batch.texts)


def _names_variables_only(tree: Node) -> bool:
    """Whether nothing in it has columns, for which a name may stand."""
    return tree.kind == "SelectStmt" and not any(each.nodes("from_clause") for each in tree.find("SelectStmt"))


def _evaluated(expression: str, batch: Batch) -> Iterator[Inner]:
    """The expression itself may call functions."""
    tree = parse(f"SELECT {expression}")
    if not isinstance(tree, Unparsed):
        yield Inner(tree, batch)
