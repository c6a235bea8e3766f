"""All families of statements put together."""

from collections.abc import Callable, Iterable

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification import alteration, creation, maintenance, removal, rows
from dbmigrations.postgres.sql.classification.finding import Finding
from dbmigrations.postgres.sql.classification.tables import alter_table
from dbmigrations.postgres.sql.kinds import CREATING, EXECUTED, SESSION
from dbmigrations.postgres.sql.operations import LockMode
from dbmigrations.postgres.sql.tree import Node, Unparsed

_Family = Callable[[Node, Batch], Iterable[Finding]]

_FAMILIES: dict[str, _Family] = {
    **dict.fromkeys(CREATING, creation.create),
    **dict.fromkeys(EXECUTED, rows.rows),
    "AlterDefaultPrivilegesStmt": alteration.default_privileges,
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

_WORDS = {"CallStmt": "call a procedure", "DoStmt": "run a DO block", "ExecuteStmt": "execute a prepared statement"}


def classify(tree: Node | Unparsed, batch: Batch) -> tuple[Finding, ...]:
    """What a statement does; empty where it changes nothing in the database."""
    if isinstance(tree, Unparsed):
        return (_unknown("run a statement that cannot be read", tree.why),)
    if tree.kind in SESSION:
        return ()
    if plain := alteration.PLAIN.get(tree.kind):
        return (Finding(*plain),)
    family = _FAMILIES.get(tree.kind)
    if family is None:
        return (_unknown(_WORDS.get(tree.kind, "run another statement"), "what it does to what exists is not known"),)
    if tree.kind == "CreateTableAsStmt":
        return (*family(tree, batch), *rows.rows(tree, batch))
    return tuple(family(tree, batch))


def _unknown(what: str, why: str) -> Finding:
    """It may be DDL that makes others wait behind it: the wait for locks is bounded."""
    return Finding(OperationClass.UNKNOWN, what, why).on_existing(LockMode.ACCESS_EXCLUSIVE)
