"""The published table of what each statement does is the judgement itself."""

from pathlib import Path

import pytest

import dbmigrations
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.kinds import EXECUTED, HARMLESS, SESSION
from dbmigrations.postgres.sql.tree import Unparsed, parse
from dbmigrations.runner.operations_forms import FORMS
from dbmigrations.runner.operations_reference import PATH, judged, reference

ROOT = Path(dbmigrations.__file__).parents[2]
STATEMENTS = [statement for every in FORMS.values() for statement in every]

UNKNOWABLE = {
    "ALTER EXTENSION x UPDATE",
    "CALL p()",
    "COPY t FROM PROGRAM 'x'",
    "DO $$ BEGIN EXECUTE current_setting('a.b'); END $$",
    "SELECT f()",
}
"""What runs that is not in the script."""


def test_the_page_is_as_generated() -> None:
    assert (ROOT / PATH).read_text(encoding="utf-8") == reference(), "run `make generate`"


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_of_the_page_is_known_but_for_the_unknowable(statement: str) -> None:
    (review,) = judged(statement)
    classes = {operation.operation_class for operation in review.operations}
    assert (OperationClass.UNKNOWN in classes) is (statement in UNKNOWABLE)
    assert all(operation.why for operation in review.operations)


def test_no_statement_is_shown_twice() -> None:
    assert len(STATEMENTS) == len(set(STATEMENTS))


def test_the_page_has_the_kinds_of_statements_that_change_something() -> None:
    """Those that are missing act on what few applications have; their answer stands in the code alone."""
    trees = [tree for statement in STATEMENTS if not isinstance(tree := parse(statement), Unparsed)]
    shown = {tree.kind for tree in trees}
    missing = (HARMLESS | EXECUTED) - SESSION - shown
    assert missing <= {
        "AlterDatabaseRefreshCollStmt",
        "AlterDatabaseStmt",
        "AlterExtensionContentsStmt",
        "AlterObjectDependsStmt",
        "AlterStatsStmt",
        "AlterTableMoveAllStmt",
        "AlterTypeStmt",
        "CreateAmStmt",
        "CreateConversionStmt",
        "CreateOpFamilyStmt",
        "CreatePLangStmt",
        "CreateRangeStmt",
        "CreateTransformStmt",
        "DeclareCursorStmt",
        "DropUserMappingStmt",
        "ExplainStmt",
    }
