"""Kinds of statements, by PostgreSQL's names of their nodes, as far as they share an answer."""

EXECUTED = frozenset(
    {
        "CopyStmt",
        "CreateTableAsStmt",
        "DeclareCursorStmt",
        "DeleteStmt",
        "ExplainStmt",
        "InsertStmt",
        "MergeStmt",
        "SelectStmt",
        "UpdateStmt",
    }
)
"""They read and write rows, and run the functions that they name."""

ROWS = frozenset({"DeleteStmt", "InsertStmt", "UpdateStmt"})
"""Those of them that most scripts have."""

CATALOG = frozenset(
    {
        *("AlterDefaultPrivilegesStmt", "AlterEnumStmt", "AlterFunctionStmt", "AlterObjectSchemaStmt"),
        *("AlterOwnerStmt", "AlterPolicyStmt", "AlterSeqStmt", "AlterTableStmt", "AlterTypeStmt", "CommentStmt"),
        *("CompositeTypeStmt", "CreateDomainStmt", "CreateEnumStmt", "CreateFunctionStmt", "CreatePolicyStmt"),
        *("CreateRangeStmt", "CreateSchemaStmt", "CreateSeqStmt", "CreateStmt", "CreateTrigStmt", "DropStmt"),
        *("GrantStmt", "IndexStmt", "RenameStmt", "RuleStmt", "ViewStmt"),
    }
)
"""They change what is in a schema; they set nothing in the session, and run no routine by name."""

SESSION = frozenset(
    {
        "CheckPointStmt",
        "ClosePortalStmt",
        "ConstraintsSetStmt",
        "DeallocateStmt",
        "DiscardStmt",
        "FetchStmt",
        "ListenStmt",
        "LoadStmt",
        "NotifyStmt",
        "PrepareStmt",
        "TransactionStmt",
        "UnlistenStmt",
        "VariableSetStmt",
        "VariableShowStmt",
    }
)
"""They change nothing in the database."""

CREATING = {
    "CompositeTypeStmt": "type",
    "CreateAmStmt": "access method",
    "CreateCastStmt": "cast",
    "CreateConversionStmt": "conversion",
    "CreateDomainStmt": "domain",
    "CreateEnumStmt": "type",
    "CreateExtensionStmt": "extension",
    "CreateFdwStmt": "foreign-data wrapper",
    "CreateForeignServerStmt": "server",
    "CreateForeignTableStmt": "foreign table",
    "CreateOpClassStmt": "operator class",
    "CreateOpFamilyStmt": "operator family",
    "CreatePLangStmt": "language",
    "CreatePublicationStmt": "publication",
    "CreateRangeStmt": "type",
    "CreateRoleStmt": "role",
    "CreateSchemaStmt": "schema",
    "CreateSeqStmt": "sequence",
    "CreateStatsStmt": "statistics",
    "CreateStmt": "table",
    "CreateSubscriptionStmt": "subscription",
    "CreateTableSpaceStmt": "tablespace",
    "CreateTransformStmt": "transform",
    "CreateUserMappingStmt": "user mapping",
    "CreatedbStmt": "database",
    "DefineStmt": "object",
    "ImportForeignSchemaStmt": "foreign tables",
}
"""They make something beside what exists; said as people call it."""

_OBJECTS = {
    "OBJECT_DOMCONSTRAINT": "constraint",
    "OBJECT_FDW": "foreign-data wrapper",
    "OBJECT_FOREIGN_SERVER": "server",
    "OBJECT_LARGEOBJECT": "large object",
    "OBJECT_MATVIEW": "materialized view",
    "OBJECT_OPCLASS": "operator class",
    "OBJECT_OPFAMILY": "operator family",
    "OBJECT_STATISTIC_EXT": "statistics",
    "OBJECT_TABCONSTRAINT": "constraint",
    "OBJECT_TSCONFIGURATION": "text search configuration",
    "OBJECT_TSDICTIONARY": "text search dictionary",
    "OBJECT_TSPARSER": "text search parser",
    "OBJECT_TSTEMPLATE": "text search template",
}


def object_word(kind: str) -> str:
    """What people call an object of this kind (`OBJECT_MATVIEW`): `materialized view`."""
    return _OBJECTS.get(kind) or kind.removeprefix("OBJECT_").lower().replace("_", " ")


HARMLESS = (
    SESSION
    | CREATING.keys()
    | {
        "AlterCollationStmt",
        "AlterDatabaseRefreshCollStmt",
        "AlterDatabaseSetStmt",
        "AlterDatabaseStmt",
        "AlterDefaultPrivilegesStmt",
        "AlterDomainStmt",
        "AlterEnumStmt",
        "AlterEventTrigStmt",
        "AlterExtensionContentsStmt",
        "AlterFunctionStmt",
        "AlterObjectDependsStmt",
        "AlterObjectSchemaStmt",
        "AlterOpFamilyStmt",
        "AlterOperatorStmt",
        "AlterOwnerStmt",
        "AlterPolicyStmt",
        "AlterPublicationStmt",
        "AlterRoleSetStmt",
        "AlterRoleStmt",
        "AlterSeqStmt",
        "AlterStatsStmt",
        "AlterTSConfigurationStmt",
        "AlterTSDictionaryStmt",
        "AlterTableMoveAllStmt",
        "AlterTypeStmt",
        "ClusterStmt",
        "CommentStmt",
        "CreateEventTrigStmt",
        "CreateFunctionStmt",
        "CreatePolicyStmt",
        "CreateTrigStmt",
        "DropRoleStmt",
        "DropUserMappingStmt",
        "GrantRoleStmt",
        "GrantStmt",
        "IndexStmt",
        "LockStmt",
        "ReassignOwnedStmt",
        "RefreshMatViewStmt",
        "ReindexStmt",
        "RenameStmt",
        "RuleStmt",
        "SecLabelStmt",
        "VacuumStmt",
        "ViewStmt",
    }
)
"""They lose neither rows nor values, whatever else they do."""
