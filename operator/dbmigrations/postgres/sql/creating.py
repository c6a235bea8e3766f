"""What CREATE changes in what the batch knows: the objects that it makes, and the ways that lead on from them."""

from collections.abc import Callable
from dataclasses import replace

from dbmigrations.postgres.sql import tying
from dbmigrations.postgres.sql.asking import routine_may_exist
from dbmigrations.postgres.sql.batch import CAST, ENUMERATION, Batch, Fate
from dbmigrations.postgres.sql.functions import strange_calls
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import is_temporary, parts_of, relation_in
from dbmigrations.postgres.sql.noting import with_guarded, with_reference
from dbmigrations.postgres.sql.options import option
from dbmigrations.postgres.sql.plain_types import is_plain
from dbmigrations.postgres.sql.routines import with_routine
from dbmigrations.postgres.sql.ties import Event
from dbmigrations.postgres.sql.tree import Node

After = Callable[[Node, Batch], Batch]
"""`batch_after`, given from outside: CREATE SCHEMA is made of other statements."""


def create_sequence(tree: Node, batch: Batch) -> Batch:
    """CREATE SEQUENCE."""
    return _made(tree, "sequence", batch)


def _passing(batch: Batch, action: str) -> Batch:
    return replace(batch, is_passing=True) if action == "ONCOMMIT_DROP" else batch


def _made(tree: Node, field: str, batch: Batch) -> Batch:
    return batch.with_made(
        relation_in(tree, field),
        temporary=is_temporary(tree, field),
        unless_exists=tree.flag("if_not_exists"),
    )


def create_foreign_table(tree: Node, batch: Batch) -> Batch:
    """CREATE FOREIGN TABLE: all that is written to it is written elsewhere."""
    base = tree.node("base_stmt")
    if base is None:
        return batch
    return tying.window(create_table(base, batch), relation_in(base), Event.CHANGE ^ Event.INSERT)


def import_foreign_schema(tree: Node, batch: Batch) -> Batch:
    """IMPORT FOREIGN SCHEMA: the tables' names are not known."""
    return tying.windows_in(batch, tree.text("local_schema"))


def create_index(tree: Node, batch: Batch) -> Batch:
    """CREATE INDEX."""
    relation = relation_in(tree)
    batch = tying.indexed(with_guarded(batch, relation), relation, tree)
    name = tree.text("idxname")
    if not name:
        return batch
    table = batch.place(relation)
    return batch.with_made(RelationName(table.schema, name), unless_exists=tree.flag("if_not_exists"))


def create_statistics(tree: Node, batch: Batch) -> Batch:
    """CREATE STATISTICS: its expressions are evaluated by ANALYZE."""
    for node in tree.nodes("relations"):
        if node.kind == "RangeVar":
            batch = tying.evaluated(batch, RelationName.of_range(node), tree)
    return batch


def create_view(tree: Node, batch: Batch) -> Batch:
    """CREATE VIEW: perhaps it replaces one, and then it shows something else from now on."""
    name = relation_in(tree, "view")
    made = batch.with_made(name, temporary=is_temporary(tree, "view"), unless_exists=tree.flag("replace"))
    return tying.view(tying.window(made, name), name, tree.node("query"))


def create_table_as(tree: Node, batch: Batch) -> Batch:
    """CREATE TABLE AS, CREATE MATERIALIZED VIEW."""
    into = tree.node("into")
    if into is None:
        return batch
    name = relation_in(into, "rel")
    made = batch.with_made(name, temporary=is_temporary(into, "rel"), unless_exists=tree.flag("if_not_exists"))
    made = _passing(made, into.word("on_commit"))
    is_view = tree.word("objtype") == "OBJECT_MATVIEW"
    return tying.view(made, name, tree.node("query")) if is_view else made


def create_schema(tree: Node, batch: Batch, after: After) -> Batch:
    """CREATE SCHEMA, with what it is made of: names without a schema are in it."""
    schema = tree.text("schemaname")
    if schema and not tree.flag("if_not_exists"):
        batch = batch.with_schema(schema, Fate.MADE)
    elements = tree.nodes("schema_elts")
    if not elements:
        return batch
    within = batch.with_path((schema,)) if schema else batch.with_path(None)
    for each in elements:
        within = after(each, within)
    return replace(within, path=batch.path, path_is_default=batch.path_is_default)


def create_type(tree: Node, batch: Batch) -> Batch:
    """CREATE TYPE … AS RANGE."""
    return batch.with_other("OBJECT_TYPE", RelationName.of_parts(tree.texts("type_name")))


def create_enumeration(tree: Node, batch: Batch) -> Batch:
    """CREATE TYPE … AS ENUM."""
    return create_type(tree, batch).with_other(ENUMERATION, RelationName.of_parts(tree.texts("type_name")))


def create_composite_type(tree: Node, batch: Batch) -> Batch:
    """CREATE TYPE … AS (…)."""
    return batch.with_other("OBJECT_TYPE", relation_in(tree, "typevar"))


def create_domain(tree: Node, batch: Batch) -> Batch:
    """CREATE DOMAIN."""
    name = RelationName.of_parts(tree.texts("domainname"))
    batch = tying.anywhere(batch.with_other("OBJECT_DOMAIN", name), strange_calls(tree, batch))
    checks = {each.word("contype") for each in tree.nodes("constraints")} - {"CONSTR_DEFAULT", "CONSTR_NULL"}
    base = tree.node("type_name")
    plain = base is not None and is_plain(base, batch)
    return batch if plain and not checks else batch.with_constrained_domain(name)


def alter_domain(tree: Node, batch: Batch) -> Batch:
    """ALTER DOMAIN: what it checks, and its default, are evaluated from now on."""
    name = RelationName.of_parts(tree.texts("type_name"))
    batch = tying.anywhere(batch, strange_calls(tree, batch))
    return batch.with_constrained_domain(name) if tree.text("subtype") in {"O", "C"} else batch


def create_table(tree: Node, batch: Batch) -> Batch:
    """CREATE TABLE."""
    relation = relation_in(tree)
    made = _made(tree, "relation", batch)
    is_new = made is not batch
    batch = _passing(made, tree.word("oncommit"))
    for node in tree.nodes("table_elts"):
        if node.kind == "TableLikeClause":
            batch = tying.like(batch, relation, relation_in(node))
        elif node.kind == "ColumnDef":
            for constraint in node.nodes("constraints"):
                batch = foreign_key(batch, relation, constraint, node.text("colname"), is_new=is_new)
        elif node.kind == "Constraint":
            batch = foreign_key(batch, relation, node, is_new=is_new)
    for constraint in tree.nodes("constraints"):
        batch = foreign_key(batch, relation, constraint, is_new=is_new)
    for parent in tree.nodes("inh_relations"):
        batch = tying.child(batch, RelationName.of_range(parent), relation)
    return tying.evaluated(batch, relation, tree)


def foreign_key(batch: Batch, relation: RelationName, constraint: Node, column: str = "", *, is_new: bool) -> Batch:
    """A foreign key, if the constraint is one, of a table or of one column."""
    if constraint.word("contype") != "CONSTR_FOREIGN":
        return batch
    if is_new and not batch.origins(relation):
        batch = with_reference(batch, relation, relation_in(constraint, "pktable"))
    return tying.foreign_key(batch, relation, constraint, column)


def create_function(tree: Node, batch: Batch) -> Batch:
    """CREATE FUNCTION or PROCEDURE."""
    name = RelationName.of_parts(tree.texts("funcname"))
    kind = "OBJECT_PROCEDURE" if tree.flag("is_procedure") else "OBJECT_FUNCTION"
    made = with_routine(batch, name, tree)
    if not tree.flag("replace") or not routine_may_exist(batch, kind, name):
        return made.with_other(kind, name)
    returned = tree.node("return_type")
    existed = batch.known.routine_exists(name) is True
    fires = existed and returned is not None and returned.texts("names")[-1:] == ("trigger",)
    return tying.replaced_trigger(made, tree.texts("funcname")) if fires else made


def create_trigger(tree: Node, batch: Batch) -> Batch:
    """CREATE TRIGGER."""
    return tying.trigger(batch, tree)


def create_event_trigger(tree: Node, batch: Batch) -> Batch:
    """CREATE EVENT TRIGGER."""
    return tying.anywhere(batch, tying.called(tree.texts("funcname")))


def create_rule(tree: Node, batch: Batch) -> Batch:
    """CREATE RULE."""
    return tying.rule(batch, tree)


def write_policy(tree: Node, batch: Batch) -> Batch:
    """CREATE or ALTER POLICY."""
    return tying.policed(batch, relation_in(tree, "table"), tree)


def create_cast(tree: Node, batch: Batch) -> Batch:
    """CREATE CAST."""
    function, target = tree.node("func"), tree.node("targettype")
    if target:
        batch = batch.with_other(CAST, RelationName.of_parts(target.texts("names")))
    return tying.anywhere(batch, tying.called(parts_of(function))) if function else batch


def define(tree: Node, batch: Batch) -> Batch:
    """CREATE OPERATOR, and whatever else is defined by functions; an aggregate is called by its own name."""
    if tree.word("kind") not in {"OBJECT_OPERATOR", "OBJECT_TYPE"}:
        return batch
    for option_name in ("function", "procedure", "input", "output", "receive", "send", "typmod_in"):
        given = option(tree.nodes("definition"), option_name)
        value = given.node("arg") if given else None
        if value is not None:
            batch = tying.anywhere(batch, tying.called(parts_of(value)))
    return batch
