"""The commands of ALTER TABLE that need one line each: class, words, lock."""

from dataclasses import dataclass

from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.finding import Finding
from dbmigrations.postgres.sql.names import RelationName
from dbmigrations.postgres.sql.operations import LockMode, Work

_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
_UPDATES = LockMode.SHARE_UPDATE_EXCLUSIVE
_WRITES = LockMode.SHARE_ROW_EXCLUSIVE


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table. `{table}` and `{name}` in `what` are filled in."""

    operation_class: OperationClass
    what: str
    why: str
    lock: LockMode = _EXCLUSIVE
    safer: str = ""
    work: Work = Work.NONE

    def finding(self, relation: RelationName, name: str) -> Finding:
        """The finding for one table, and the column, constraint or trigger that the command names."""
        what = self.what.format(table=relation, name=name)
        return Finding(self.operation_class, what, self.why, self.safer).on_existing(self.lock).working(self.work)


def _setting(what: str, lock: LockMode = _UPDATES) -> Command:
    return Command(OperationClass.ADDITIVE, what, "it changes how rows are kept from now on, not what they say", lock)


def _rewriting(what: str, safer: str = "") -> Command:
    why = "the table is written anew while nobody can use it"
    return Command(OperationClass.REWRITING, what, why, safer=safer, work=Work.REWRITTEN)


def _rule(what: str) -> Command:
    return Command(OperationClass.RESTRICTING, what, "statements on the table do something else from now on")


def _triggers(what: str) -> Command:
    why = "writes no longer do what they did"
    return Command(OperationClass.RESTRICTING, what, why, _WRITES)


COMMANDS = {
    "AT_SetNotNull": Command(
        OperationClass.RESTRICTING,
        "set {table}.{name} not null",
        "rows without it are refused, and all rows are read to see that there are none",
        safer="ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, VALIDATE it, and then SET NOT NULL",
        work=Work.READ,
    ),
    "AT_DropNotNull": Command(
        OperationClass.WIDENING, "let {table}.{name} be null", "rows without it are accepted; readers may meet NULL"
    ),
    "AT_DropConstraint": Command(
        OperationClass.WIDENING, "drop constraint {name} of {table}", "more rows are accepted than before"
    ),
    "AT_ValidateConstraint": Command(
        OperationClass.ADDITIVE,
        "validate constraint {name} of {table}",
        "new rows were held to it already",
        _UPDATES,
        work=Work.READ,
    ),
    "AT_AlterConstraint": Command(
        OperationClass.RESTRICTING, "alter constraint {name} of {table}", "it may be checked at another time"
    ),
    "AT_AddIdentity": Command(
        OperationClass.WIDENING, "number {table}.{name} by identity", "rows may be written without it"
    ),
    "AT_SetIdentity": Command(
        OperationClass.RESTRICTING, "change identity of {table}.{name}", "other numbers, or none of the writer's own"
    ),
    "AT_DropIdentity": Command(
        OperationClass.RESTRICTING, "drop identity of {table}.{name}", "rows written without it are refused"
    ),
    "AT_DropExpression": Command(
        OperationClass.RESTRICTING, "no longer generate {table}.{name}", "writers must give its value themselves"
    ),
    "AT_SetExpression": Command(
        OperationClass.REWRITING,
        "generate {table}.{name} anew",
        "its value is computed and written for each row",
        work=Work.REWRITTEN,
    ),
    "AT_EnableRowSecurity": Command(
        OperationClass.RESTRICTING, "enable row security on {table}", "rows that no policy allows are hidden"
    ),
    "AT_ForceRowSecurity": Command(
        OperationClass.RESTRICTING, "force row security on {table}", "its owner is bound by the policies too"
    ),
    "AT_DisableRowSecurity": Command(
        OperationClass.WIDENING, "disable row security on {table}", "all rows are seen, whatever the policies say"
    ),
    "AT_NoForceRowSecurity": Command(
        OperationClass.WIDENING, "no longer force row security on {table}", "its owner sees all rows"
    ),
    "AT_ChangeOwner": Command(
        OperationClass.RESTRICTING, "change owner of {table}", "the owner before may lose its rights"
    ),
    "AT_DetachPartitionFinalize": Command(
        OperationClass.RESTRICTING,
        "finish detaching a partition from {table}",
        "its rows are no longer found through the parent",
        _UPDATES,
    ),
    "AT_AddInherit": Command(
        OperationClass.ADDITIVE, "let {table} inherit", "its rows are found through the parent too"
    ),
    "AT_DropInherit": Command(
        OperationClass.RESTRICTING, "let {table} no longer inherit", "its rows are no longer found through the parent"
    ),
    "AT_SetLogged": _rewriting("set {table} logged"),
    "AT_SetUnLogged": Command(
        OperationClass.REWRITING,
        "set {table} unlogged",
        "the table is written anew, and empty after a crash",
        work=Work.REWRITTEN,
    ),
    "AT_SetTableSpace": _rewriting("move {table} to another tablespace"),
    "AT_SetAccessMethod": _rewriting("change access method of {table}"),
    "AT_SetStatistics": _setting("set statistics of {table}"),
    "AT_SetOptions": _setting("set options of {table}.{name}"),
    "AT_ResetOptions": _setting("reset options of {table}.{name}"),
    "AT_SetStorage": _setting("set storage of {table}.{name}", _EXCLUSIVE),
    "AT_SetCompression": _setting("set compression of {table}.{name}", _EXCLUSIVE),
    "AT_SetRelOptions": _setting("set options of {table}"),
    "AT_ResetRelOptions": _setting("reset options of {table}"),
    "AT_ClusterOn": _setting("mark {table} for CLUSTER"),
    "AT_DropCluster": _setting("unmark {table} for CLUSTER"),
    "AT_ReplicaIdentity": _setting("set replica identity of {table}", _EXCLUSIVE),
    "AT_DisableRule": _rule("disable rule {name} of {table}"),
    "AT_EnableRule": _rule("enable rule {name} of {table}"),
    "AT_EnableAlwaysRule": _rule("always apply rule {name} of {table}"),
    "AT_EnableReplicaRule": _rule("apply rule {name} of {table} on replicas only"),
    "AT_DropOids": _setting("set {table} without oids", _EXCLUSIVE),
    "AT_AddOf": _setting("give {table} a type", _EXCLUSIVE),
    "AT_DropOf": _setting("take the type from {table}", _EXCLUSIVE),
    "AT_GenericOptions": Command(
        OperationClass.RESTRICTING, "set options of foreign table {table}", "it shows other rows, or none"
    ),
    "AT_AlterColumnGenericOptions": Command(
        OperationClass.RESTRICTING, "set options of {table}.{name}", "it shows other values, or none"
    ),
    "AT_DisableTrig": _triggers("disable trigger {name} of {table}"),
    "AT_DisableTrigAll": _triggers("disable all triggers of {table}"),
    "AT_DisableTrigUser": _triggers("disable the triggers of {table}"),
    "AT_EnableTrig": _triggers("enable trigger {name} of {table}"),
    "AT_EnableTrigAll": _triggers("enable all triggers of {table}"),
    "AT_EnableTrigUser": _triggers("enable the triggers of {table}"),
    "AT_EnableAlwaysTrig": _triggers("always fire trigger {name} of {table}"),
    "AT_EnableReplicaTrig": _triggers("fire trigger {name} of {table} on replicas only"),
}
