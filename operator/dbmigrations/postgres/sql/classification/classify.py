"""All families of statements put together."""

from collections.abc import Callable, Iterable

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classification import alteration, bodies, creation, maintenance, removal, rows
from dbmigrations.postgres.sql.classification.finding import Finding
from dbmigrations.postgres.sql.classification.tables import alter_table
from dbmigrations.postgres.sql.kinds import CREATING, EXECUTED, SESSION
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.naming import relation_in
from dbmigrations.postgres.sql.tree import Node, Unparsed

_Family = Callable[[Node, Batch], Iterable[Finding]]

_FAMILIES: dict[str, _Family] = {
    **dict.fromkeys(CREATING, creation.create),
    "AlterDefaultPrivilegesStmt": alteration.default_privileges,
    "AlterOpFamilyStmt": alteration.alter_operator_family,
    "AlterPublicationStmt": alteration.alter_publication,
    "AlterTableMoveAllStmt": alteration.move_all,
    "CommentStmt": alteration.comment,
    "AlterDomainStmt": alteration.alter_domain,
    "AlterEnumStmt": alteration.alter_enum,
    "AlterObjectSchemaStmt": alteration.set_schema,
    "AlterOwnerStmt": alteration.alter_owner,
    "AlterPolicyStmt": alteration.alter_policy,
    "AlterSeqStmt": alteration.alter_sequence,
    "AlterTableStmt": alter_table,
    "ClusterStmt": maintenance.cluster,
    "CreateFunctionStmt": creation.create_function,
    "CreatePolicyStmt": creation.create_policy,
    "CreateTableAsStmt": creation.create_table_as,
    "CreateTrigStmt": creation.create_trigger,
    "DropStmt": removal.drop,
    "GrantRoleStmt": alteration.grant,
    "GrantStmt": alteration.grant,
    "IndexStmt": creation.create_index,
    "LockStmt": rows.lock,
    "RefreshMatViewStmt": maintenance.refresh,
    "ReindexStmt": maintenance.reindex,
    "RenameStmt": alteration.rename,
    "RuleStmt": creation.create_rule,
    "TruncateStmt": removal.truncate,
    "VacuumStmt": maintenance.vacuum,
    "ViewStmt": creation.create_view,
}

_WORDS = {"ExecuteStmt": "execute a prepared statement"}


def classify(tree: Node | Unparsed, batch: Batch) -> tuple[Finding, ...]:
    """What a statement does; empty where it changes nothing in the database."""
    if isinstance(tree, Unparsed):
        return (bodies.unknown("run a statement that cannot be read", tree.why),)
    if tree.kind in SESSION:
        return ()
    if plain := alteration.PLAIN.get(tree.kind):
        return (Finding(*plain),)
    family = _FAMILIES.get(tree.kind)
    looked_into = _WITH_BODIES.get(tree.kind)
    if family is None and looked_into is None:
        word = _WORDS.get(tree.kind, "run another statement")
        return (bodies.unknown(word, "what it does to what exists is not known"),)
    about = _about(tree)
    found = tuple(each if each.relation else each.on(about, batch) for each in family(tree, batch)) if family else ()
    return (*found, *looked_into(tree, batch, classify)) if looked_into else found


_ABOUT = ("relation", "table", "sequence", "view")


def _about(tree: Node) -> RelationName:
    """The relation that a statement is about; an empty name where it names none."""
    name = next((relation_in(tree, field) for field in _ABOUT if tree.has(field)), None)
    return name or RelationName(None, "")


_WITH_BODIES: dict[str, Callable[[Node, Batch, bodies.Classify], Iterable[Finding]]] = {
    **dict.fromkeys(EXECUTED, rows.rows),
    "CallStmt": bodies.call,
    "DoStmt": bodies.do_block,
    "ReturnStmt": rows.rows,
}
"""Kinds that run functions, or are made of other statements."""
