"""The locks that are no operation's: the weak ones on what is only read, those of ANALYZE and of nextval()."""

from collections.abc import Iterator

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classification.bodies import bodies_of
from dbmigrations.postgres.sql.functions import calls
from dbmigrations.postgres.sql.names import RelationName, is_of_system
from dbmigrations.postgres.sql.naming import function_name, relation_in
from dbmigrations.postgres.sql.operations import LockMode
from dbmigrations.postgres.sql.options import constant, option
from dbmigrations.postgres.sql.tree import Node, Unparsed

_WRITERS = frozenset({"DeleteStmt", "InsertStmt", "MergeStmt", "UpdateStmt"})
_MADE = {
    "CompositeTypeStmt": "typevar",
    "CreateSeqStmt": "sequence",
    "CreateStmt": "relation",
    "IntoClause": "rel",
    "ViewStmt": "view",
}
"""Statements and clauses that name what they make."""
_GRANT_LOCKS = 18
"""The first major whose GRANT and REVOKE lock the relation, weakly."""
_NUMBERING = frozenset({"nextval", "setval"})


def lock_of_reading(tree: Node | Unparsed, batch: Batch) -> LockMode | None:
    """The strongest of the locks that are no operation's, on what existed before the batch; None: none."""
    if isinstance(tree, Unparsed):
        return None
    return max(_locks(tree, batch), default=None)


def _locks(tree: Node, batch: Batch) -> Iterator[LockMode]:
    if tree.kind == "VacuumStmt":
        yield from _of_vacuum(tree, batch)
    if _names_composite(tree) or (tree.kind == "GrantStmt" and (batch.known.major or _GRANT_LOCKS) < _GRANT_LOCKS):
        return
    if any(batch.exists(name) for name in _read(tree)):
        yield LockMode.ROW_SHARE if tree.find("LockingClause") else LockMode.ACCESS_SHARE
    if any(batch.exists(relation_in(node)) for node in tree.find(*_WRITERS)):
        yield LockMode.ROW_EXCLUSIVE
    if tree.kind == "SelectStmt" and any(_numbers(call, batch) for call in calls(tree)):
        yield LockMode.ROW_EXCLUSIVE
    if tree.kind in {"CallStmt", "CreateFunctionStmt", "DoStmt"} or batch.routines:
        yield from _in_bodies(tree, batch)
    if tree.kind == "CommentStmt":
        yield from _of_comment(tree, batch)
    if tree.kind == "CreateSeqStmt":
        yield from _of_owner(tree, batch)


def _in_bodies(tree: Node, batch: Batch) -> Iterator[LockMode]:
    """What bodies read when they run; a body in SQL is looked over when it is made, too."""
    for inside in bodies_of(tree, batch):
        for each in inside.statements:
            yield from _locks(each.tree, each.batch)


def _read(tree: Node) -> Iterator[RelationName]:
    """Every relation that is named, without the names that WITH gives and those that are made."""
    own = {node.text("ctename") for node in tree.find("CommonTableExpr")}
    made = {relation_in(node, _MADE[node.kind]) for node in tree.find(*_MADE)}
    for node in tree.find("RangeVar"):
        if not (node.text("relname") in own and not node.text("schemaname")):
            name = RelationName.of_range(node)
            if name not in made and not is_of_system(name):
                yield name


def _names_composite(tree: Node) -> bool:
    """ALTER TYPE names a composite type as if it were a relation."""
    return (tree.kind == "AlterTableStmt" and tree.word("objtype") == "OBJECT_TYPE") or (
        tree.kind == "RenameStmt" and tree.word("rename_type") == "OBJECT_ATTRIBUTE"
    )


def _of_vacuum(tree: Node, batch: Batch) -> Iterator[LockMode]:
    """VACUUM and ANALYZE, of some tables or of all."""
    named = [relation_in(each) for each in tree.nodes("rels")]
    if not named or any(batch.exists(name) for name in named):
        yield LockMode.SHARE_UPDATE_EXCLUSIVE


def _of_comment(tree: Node, batch: Batch) -> Iterator[LockMode]:
    """What belongs to a table locks the table weakly."""
    named = tree.node("object")
    of_table = tree.word("objtype") in {"OBJECT_POLICY", "OBJECT_RULE", "OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER"}
    if of_table and named and batch.exists(RelationName.of_parts(named.texts("items")[:-1])):
        yield LockMode.ACCESS_SHARE


def _of_owner(tree: Node, batch: Batch) -> Iterator[LockMode]:
    """The table that a new sequence belongs to."""
    owner = option(tree.nodes("options"), "owned_by")
    column = owner.node("arg") if owner else None
    if column and batch.exists(RelationName.of_parts(column.texts("items")[:-1])):
        yield LockMode.ACCESS_SHARE


def _numbers(call: Node, batch: Batch) -> bool:
    """Whether a sequence that existed may be set or counted on."""
    if function_name(call)[1] not in _NUMBERING:
        return False
    (first, *_) = call.nodes("args") or (None,)
    if first is not None and first.kind == "TypeCast":
        first = first.node("arg")
    name = constant(first) if first is not None else None
    parts = tuple((name or "").replace('"', "").split("."))
    return not name or batch.exists(RelationName.of_parts(parts))
