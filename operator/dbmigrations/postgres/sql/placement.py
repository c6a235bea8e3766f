"""Where one statement may run: inside a transaction block, outside only, or as a border of one. From the tree.

The list is the server's own (PreventInTransactionBlock). What depends on the database (CALL of a procedure that may
commit, REINDEX or CLUSTER of a table that may be partitioned) and what has no tree may be tried inside: the server
refuses it there before it has any effect.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.lexer import Kind
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.options import is_on, option, option_text
from dbmigrations.postgres.sql.probes import (
    IndexBuilt,
    IndexDropped,
    PartitionDetached,
    Probe,
    Reindexed,
    ReindexedKind,
    Repeatable,
    Unprobeable,
)
from dbmigrations.postgres.sql.tree import Node, Unparsed


@dataclass(frozen=True, slots=True)
class Inside:
    """May run in a transaction block.

    Attributes:
        if_outside: None where nothing is gained by running it outside. Else it is only tried inside, and this is
            how to probe it where the author wants it outside (`tx=none`).
    """

    if_outside: Probe | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """Must not run in a transaction block."""

    what: str
    probe: Probe


@dataclass(frozen=True, slots=True)
class Opens:
    """BEGIN or START TRANSACTION."""

    read_only: bool


@dataclass(frozen=True, slots=True)
class Commits:
    """COMMIT or END. `chain`: opens the next transaction at once."""

    chain: bool


@dataclass(frozen=True, slots=True)
class Undoes:
    """ROLLBACK or PREPARE TRANSACTION: what stands before it would not take effect."""

    what: str


Placement = Inside | Outside | Opens | Commits | Undoes

_NOBODY_KNOWS = "whether it was finished cannot be seen in the catalog"


def placement_of(tree: Node | Unparsed) -> Placement:
    """Where the statement may run."""
    if isinstance(tree, Unparsed):
        return Inside(Unprobeable("it cannot be read, so " + _NOBODY_KNOWS))
    decide = _DECISIONS.get(tree.kind)
    return Inside() if decide is None else decide(tree)


def _transaction(tree: Node) -> Placement:
    match tree.word("kind"):
        case "TRANS_STMT_BEGIN" | "TRANS_STMT_START":
            read_only = is_on(tree.nodes("options"), "transaction_read_only", default=False)
            return Opens(read_only)
        case "TRANS_STMT_COMMIT":
            return Commits(chain=tree.flag("chain"))
        case "TRANS_STMT_ROLLBACK":
            return Undoes("ROLLBACK")
        case "TRANS_STMT_PREPARE":
            return Undoes("PREPARE TRANSACTION")
        case "TRANS_STMT_COMMIT_PREPARED" | "TRANS_STMT_ROLLBACK_PREPARED":
            return Outside("the end of a prepared transaction", Unprobeable(_NOBODY_KNOWS))
        case _:  # savepoints
            return Inside()


def _create_index(tree: Node) -> Placement:
    relation = tree.node("relation")
    if not tree.flag("concurrent") or relation is None:
        return Inside()
    table = RelationName.of_range(relation)
    name = tree.text("idxname")
    what = "CREATE INDEX CONCURRENTLY"
    if not name:
        return Outside(what, Unprobeable("the index has no name by which to find it: give it one"))
    return Outside(what, IndexBuilt(RelationName(table.schema, name), table))


def _drop(tree: Node) -> Placement:
    if not tree.flag("concurrent"):
        return Inside()
    indexes = tuple(RelationName.of_parts(each.texts("items")) for each in tree.nodes("objects"))
    return Outside("DROP INDEX CONCURRENTLY", IndexDropped(indexes))


def _alter_table(tree: Node) -> Placement:
    relation = tree.node("relation")
    for command in tree.nodes("cmds"):
        detached = command.node("def") if command.word("subtype") == "AT_DetachPartition" else None
        partition = detached.node("name") if detached and detached.flag("concurrent") else None
        if relation and partition:
            probe = PartitionDetached(RelationName.of_range(relation), RelationName.of_range(partition))
            return Outside("DETACH PARTITION … CONCURRENTLY", probe)
    return Inside()


def _reindex(tree: Node) -> Placement:
    concurrently = is_on(tree.nodes("params"), "concurrently", default=False)
    again = Repeatable(leftovers=_reindexed(tree) if concurrently else None)
    if concurrently:
        return Outside("REINDEX … CONCURRENTLY", again)
    if tree.word("kind") in {"REINDEX_OBJECT_INDEX", "REINDEX_OBJECT_TABLE"}:
        return Inside(again)
    return Outside("REINDEX of a schema, database or system", again)


def _reindexed(tree: Node) -> Reindexed:
    relation = tree.node("relation")
    if relation is None:
        kind = ReindexedKind.SCHEMA if tree.word("kind") == "REINDEX_OBJECT_SCHEMA" else ReindexedKind.EVERYTHING
        return Reindexed(kind, RelationName(None, tree.text("name")))
    kind = ReindexedKind.INDEX if tree.word("kind") == "REINDEX_OBJECT_INDEX" else ReindexedKind.TABLE
    return Reindexed(kind, RelationName.of_range(relation))


def _call(_: Node) -> Placement:
    return Inside(Unprobeable("a procedure may commit by itself, and " + _NOBODY_KNOWS))


def _do(tree: Node) -> Placement:
    body = option(tree.nodes("args"), "as")
    language = option(tree.nodes("args"), "language")
    unknown = Unprobeable(f"the block may commit by itself, and {_NOBODY_KNOWS}")
    if (
        body
        and (language is None or option_text(language).lower() == "plpgsql")
        and _ends_transactions(option_text(body))
    ):
        return Outside("a DO block with its own COMMIT or ROLLBACK", unknown)
    return Inside(unknown)


_BEFORE_STATEMENT = frozenset({"begin", "then", "else", "loop"})


def _ends_transactions(body: str) -> bool:
    """Whether COMMIT or ROLLBACK stands where a statement of PL/pgSQL begins."""
    at_start = False
    for token in lexer.tokens(body, detail=True):
        if token.kind is Kind.WORD:
            word = body[token.start : token.end].lower()
            if at_start and word in {"commit", "rollback"}:
                return True
            at_start = word in _BEFORE_STATEMENT
        elif token.kind not in lexer.COMMENTS:
            at_start = token.kind is Kind.SEMICOLON
    return False


def _create_subscription(tree: Node) -> Placement:
    options = tree.nodes("options")
    connects = is_on(options, "connect", default=True)
    if not is_on(options, "create_slot", default=connects):
        return Inside()
    return Outside("CREATE SUBSCRIPTION with a slot", Unprobeable(_NOBODY_KNOWS))


def _alter_subscription(tree: Node) -> Placement:
    what = "ALTER SUBSCRIPTION that refreshes or changes its slot"
    options = tree.nodes("options")
    refreshes = is_on(options, "refresh", default=True)
    match tree.word("kind"):
        case "ALTER_SUBSCRIPTION_REFRESH":
            return Outside(what, Repeatable())
        case "ALTER_SUBSCRIPTION_SET_PUBLICATION" if refreshes:
            return Outside(what, Repeatable())
        case "ALTER_SUBSCRIPTION_ADD_PUBLICATION" | "ALTER_SUBSCRIPTION_DROP_PUBLICATION" if refreshes:
            return Outside(what, Unprobeable(_NOBODY_KNOWS))
        case "ALTER_SUBSCRIPTION_OPTIONS" if option(options, "failover") or option(options, "two_phase"):
            return Outside(what, Repeatable())
        case _:
            return Inside()


def _vacuum(tree: Node) -> Placement:
    return Outside("VACUUM", Repeatable()) if tree.flag("is_vacuumcmd") else Inside()


def _cluster(tree: Node) -> Placement:
    return Inside(Repeatable()) if tree.node("relation") else Outside("CLUSTER of all tables", Repeatable())


def _alter_database(tree: Node) -> Placement:
    if option(tree.nodes("options"), "tablespace"):
        return Outside("ALTER DATABASE … SET TABLESPACE", Repeatable())
    return Inside()


def _discard(tree: Node) -> Placement:
    return Outside("DISCARD ALL", Repeatable()) if tree.word("target") == "DISCARD_ALL" else Inside()


def _alter_system(_: Node) -> Placement:
    return Outside("ALTER SYSTEM", Repeatable())


def _creates(what: str) -> Callable[[Node], Placement]:
    return lambda _: Outside(what, Unprobeable(_NOBODY_KNOWS))


def _drops(what: str) -> Callable[[Node], Placement]:
    """With IF EXISTS it may be run again. DROP SUBSCRIPTION usually needs to be outside, and always may be."""
    return lambda tree: Outside(what, Repeatable() if tree.flag("missing_ok") else Unprobeable(_NOBODY_KNOWS))


_DECISIONS: dict[str, Callable[[Node], Placement]] = {
    "AlterDatabaseStmt": _alter_database,
    "AlterSubscriptionStmt": _alter_subscription,
    "AlterSystemStmt": _alter_system,
    "AlterTableStmt": _alter_table,
    "CallStmt": _call,
    "ClusterStmt": _cluster,
    "CreateSubscriptionStmt": _create_subscription,
    "CreateTableSpaceStmt": _creates("CREATE TABLESPACE"),
    "CreatedbStmt": _creates("CREATE DATABASE"),
    "DiscardStmt": _discard,
    "DoStmt": _do,
    "DropStmt": _drop,
    "DropSubscriptionStmt": _drops("DROP SUBSCRIPTION"),
    "DropTableSpaceStmt": _drops("DROP TABLESPACE"),
    "DropdbStmt": _drops("DROP DATABASE"),
    "IndexStmt": _create_index,
    "ReindexStmt": _reindex,
    "TransactionStmt": _transaction,
    "VacuumStmt": _vacuum,
}
