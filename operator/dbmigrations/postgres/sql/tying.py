"""The ways that a statement makes from one relation to another, or to code that runs: see ties.py."""

from collections.abc import Iterable
from dataclasses import replace

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.functions import calls, strange_calls
from dbmigrations.postgres.sql.names import ANY, RelationName
from dbmigrations.postgres.sql.naming import relation_in
from dbmigrations.postgres.sql.ties import Event, Tie, with_tie
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse
from dbmigrations.postgres.sql.uncertainty import definitions

_HARMLESS = Event.READ | Event.REBUILD
"""What changes no row of a table: it is only told to what runs there."""

_EVALUATED = Event.WRITE | Event.REBUILD
_TRIGGERS = {4: Event.INSERT, 8: Event.DELETE, 16: Event.UPDATE, 32: Event.TRUNCATE | Event.CASCADE}
_RULES = {"CMD_INSERT": Event.INSERT, "CMD_UPDATE": Event.UPDATE, "CMD_DELETE": Event.DELETE, "CMD_SELECT": Event.READ}
_IMMUTABLE = frozenset({"CONSTR_EXCLUSION", "CONSTR_GENERATED", "CONSTR_PRIMARY", "CONSTR_UNIQUE"})
_ACTS = {"c": None, "d": Event.UPDATE, "n": Event.UPDATE}


def child(batch: Batch, parent: RelationName, below: RelationName) -> Batch:
    """A table's rows are found, emptied and dropped through its parent, and are checked as the parent's are."""
    (source, *_) = batch.places(parent)
    (target, *_) = batch.places(below)
    batch = with_tie(batch, Tie(target, Event.ANY, source, is_quiet=True))
    origins = batch.origins(below)
    if not origins:
        return _each_place(batch, parent, Tie(source, Event.ANY, target))
    batch = _each_place(batch, parent, Tie(source, _HARMLESS, target))
    return _each_place(batch, parent, Tie(source, Event.ANY ^ _HARMLESS, target, origins))


def window(batch: Batch, name: RelationName, events: Event = Event.UPDATE | Event.DELETE) -> Batch:
    """What is written to a view or foreign table is written elsewhere."""
    return _each_place(batch, name, Tie(name, events, is_window=True))


def windows_in(batch: Batch, schema: str) -> Batch:
    """Foreign tables whose names are not known."""
    return with_tie(batch, Tie(RelationName(schema, ANY), Event.CHANGE, is_window=True))


def view(batch: Batch, name: RelationName, query: Node | None) -> Batch:
    """A view: its query runs when it is read, and what it shows is written through it."""
    if query is None:
        return batch
    runs = strange_calls(query, batch)
    if runs:
        batch = _each_place(batch, name, Tie(name, Event.ANY, runs=runs))
    own = {node.text("ctename") for node in query.walk() if node.kind == "CommonTableExpr"}
    for node in query.walk():
        if node.kind == "RangeVar" and (node.text("schemaname") or node.text("relname") not in own):
            (target, *_) = batch.places(RelationName.of_range(node))
            batch = _each_place(batch, name, Tie(name, Event.READ | Event.CHANGE, target, is_quiet=True))
    return batch


def foreign_key(batch: Batch, relation: RelationName, constraint: Node, column: str = "") -> Batch:
    """Rows that refer to others go, or change, with them."""
    referenced = relation_in(constraint, "pktable")
    (target, *_) = batch.places(relation)
    origins = batch.origins(relation)
    batch = _each_place(batch, referenced, Tie(referenced, Event.CASCADE, target, origins))
    own = (column,) if column else constraint.texts("fk_attrs")
    deleting, updating = constraint.text("fk_del_action"), constraint.text("fk_upd_action")
    if deleting == "c":
        batch = _each_place(batch, referenced, Tie(referenced, Event.DELETE, target, origins))
    elif deleting in _ACTS:
        written = constraint.texts("fk_del_set_cols") or own
        batch = _each_place(batch, referenced, _writing(batch, relation, Event.DELETE, written))
    if updating in _ACTS:
        on = frozenset(constraint.texts("pk_attrs"))
        batch = _each_place(batch, referenced, _writing(batch, relation, Event.UPDATE, own, on))
    return batch


def _writing(
    batch: Batch, relation: RelationName, event: Event, columns: tuple[str, ...], on: frozenset[str] = frozenset()
) -> Tie:
    (target, *_) = batch.places(relation)
    before = tuple(found for column in columns for found in batch.column_origins(relation, column))
    return Tie(target, event, target, becomes=Event.UPDATE, on=on, sets=columns, columns=before)


def trigger(batch: Batch, tree: Node) -> Batch:
    """CREATE TRIGGER."""
    events = Event(0)
    for bit, event in _TRIGGERS.items():
        events |= event if tree.number("events") & bit else Event(0)
    runs = called(tree.texts("funcname"))
    when = strange_calls(condition, batch) if (condition := tree.node("when_clause")) else ()
    relation = relation_in(tree)
    return _each_place(batch, relation, Tie(relation, events, runs=(*runs, *when)))


def replaced_trigger(batch: Batch, names: tuple[str, ...]) -> Batch:
    """A trigger function that may have existed is another one now: whatever fires it runs the new one."""
    return with_tie(batch, Tie(RelationName(ANY, ANY), Event.CHANGE, runs=called(names)))


def rule(batch: Batch, tree: Node) -> Batch:
    """CREATE RULE: its actions are statements."""
    relation = relation_in(tree)
    if tree.word("event") == "CMD_SELECT":  # it makes a view of an empty table, before major 16
        batch = window(batch, relation)
    actions = tuple(each for node in tree.nodes("actions") for each in _listed(node))
    return _each_place(batch, relation, Tie(relation, _RULES.get(tree.word("event"), Event.ANY), runs=actions))


def evaluated(batch: Batch, relation: RelationName, tree: Node) -> Batch:
    """Defaults, checks and expressions of a table."""
    fixed = [call for node in tree.find("Constraint") if node.word("contype") in _IMMUTABLE for call in calls(node)]
    runs = tuple(call for call in strange_calls(tree, batch) if call not in fixed or _is_own(call, batch))
    return _each_place(batch, relation, Tie(relation, _EVALUATED, runs=runs)) if runs else batch


def policed(batch: Batch, relation: RelationName, tree: Node) -> Batch:
    """Expressions of a policy.

    Functions that existed decide already what other tables show: calling one of them is no news. Data steps run without
    policies.
    """
    runs = own_calls(tree, batch)
    return _each_place(batch, relation, Tie(relation, Event.READ | Event.CHANGE, runs=runs)) if runs else batch


def indexed(batch: Batch, relation: RelationName, tree: Node) -> Batch:
    """Expressions of an index. Those of functions that existed must be immutable, which then may not write."""
    runs = own_calls(tree, batch)
    return _each_place(batch, relation, Tie(relation, _EVALUATED, runs=runs)) if runs else batch


def like(batch: Batch, relation: RelationName, other: RelationName) -> Batch:
    """A table is made with another one's defaults and checks."""
    (target, *_) = batch.places(other)
    return _each_place(batch, relation, Tie(relation, _EVALUATED, target, is_quiet=True))


def anywhere(batch: Batch, runs: tuple[Node, ...]) -> Batch:
    """What any later statement may run: an operator, a cast, the checks of a domain, an event trigger."""
    return with_tie(batch, Tie(RelationName(ANY, ANY), Event.ANY, runs=runs)) if runs else batch


def own_calls(tree: Node, batch: Batch) -> tuple[Node, ...]:
    """The calls of functions that the batch made."""
    return tuple(call for call in strange_calls(tree, batch) if _is_own(call, batch))


def called(names: tuple[str, ...]) -> tuple[Node, ...]:
    """A call without arguments, as triggers make it."""
    quoted = ".".join('"' + name.replace('"', '""') + '"' for name in names)
    tree = parse(f"SELECT {quoted}()")
    return () if isinstance(tree, Unparsed) else tuple(node for node in tree.walk() if node.kind == "FuncCall")


def _is_own(call: Node, batch: Batch) -> bool:
    names = call.texts("funcname")
    return bool(definitions(batch, RelationName.of_parts(names), len(call.nodes("args"))))


def _listed(node: Node) -> Iterable[Node]:
    return node.nodes("items") if node.kind == "List" else (node,)


def _each_place(batch: Batch, source: RelationName, tie: Tie) -> Batch:
    return with_tie(batch, *(replace(tie, source=place) for place in batch.places(source)))
