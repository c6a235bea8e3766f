"""What scripts say about themselves."""

import pytest

from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.directives import (
    Allowance,
    Declaration,
    Directives,
    StatementDirectives,
    TransactionDirective,
)
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.script import exceptions_of, read


def directives(script: str) -> Directives:
    return read(script).directives


def test_a_script_need_not_say_anything() -> None:
    assert directives("SELECT 1") == Directives(statements=(StatementDirectives(),))


@pytest.mark.parametrize("value", list(TransactionDirective))
def test_how_to_run_the_file_stands_before_its_first_statement(value: TransactionDirective) -> None:
    assert directives(f"-- A title\n/* more */ -- migrate: tx={value}\nSELECT 1").transaction is value


def test_a_down_script_may_be_safe_after_half_an_up() -> None:
    assert directives("-- migrate: down=partial-safe\nDROP TABLE IF EXISTS t").partial_safe
    assert directives("-- migrate: down=partial-safe\n").partial_safe


def test_several_directives_may_share_a_line_and_free_text_takes_the_rest_of_it() -> None:
    found = directives(
        "-- migrate: tx=none class=data reason=it = fills, in batches\n-- migrate: check=SELECT a = 'b'\nCALL f()"
    )
    assert found.transaction is TransactionDirective.NONE
    assert found.statements == (
        StatementDirectives(Declaration(OperationClass.DATA, "it = fills, in batches"), "SELECT a = 'b'"),
    )


def test_before_the_first_statement_they_hold_for_all_and_before_a_later_one_for_that() -> None:
    found = directives(
        "-- migrate: class=data reason=all\nCALL a();\n-- migrate: class=additive reason=own\n"
        "-- migrate: check=SELECT true\n"
        "CALL b();\nCALL c()"
    )
    everywhere = Declaration(OperationClass.DATA, "all")
    assert found.statements == (
        StatementDirectives(everywhere),
        StatementDirectives(Declaration(OperationClass.ADDITIVE, "own"), "SELECT true"),
        StatementDirectives(everywhere),
    )


def test_an_exception_names_its_classes_and_its_reason_and_covers_the_next_statement() -> None:
    found = directives(
        "SELECT 1;\n-- migrate: allow=destructive,rewriting reason=read by nobody\nDROP TABLE t; SELECT 2"
    )
    allowance = Allowance((OperationClass.DESTRUCTIVE, OperationClass.REWRITING), "read by nobody")
    assert [each.allowance for each in found.statements] == [None, allowance, None]


def test_the_history_is_told_what_was_excepted_where_and_why() -> None:
    head = "-- migrate: class=data reason=fills it\n"
    script = f"{head}CALL f();\n-- migrate: allow=destructive reason=read by nobody\nDROP TABLE t;\nCALL g()"
    assert exceptions_of(script) == "2:1 class=data: fills it\n4:1 allow=destructive: read by nobody"
    assert exceptions_of("DROP TABLE t") is None
    assert exceptions_of("-- migrate: nonsense") is None


@pytest.mark.parametrize(
    "script",
    [
        "SELECT '-- migrate: nonsense'",
        "SELECT $$\n-- migrate: nonsense\n$$",
        "/*\n-- migrate: nonsense\n*/ SELECT 1",
        "COPY t FROM stdin;\n-- migrate: nonsense\n\\.\n",
        "-- to migrate: read the manual\nSELECT 1",
        "-- Migrate: everybody\nSELECT 1",
    ],
)
def test_other_texts_are_no_directives(script: str) -> None:
    assert directives(script).transaction is None


@pytest.mark.parametrize(
    ("script", "message", "place"),
    [
        ("-- migrate: allow=destructive\nDROP TABLE t", "an exception needs its reason", "1:13"),
        ("-- migrate: allow=not-valid\nALTER TABLE t ADD CHECK (a) NOT VALID", "an exception needs its reason", "1:13"),
        ("-- migrate: allow=invalid reason=y\nDROP TABLE t", "use additive, .* or not-valid", "1:13"),
        ("-- migrate: allow=destructive,x reason=y\nDROP TABLE t", "there is no class x to allow", "1:13"),
        ("-- migrate: allow=unknown reason=y\nCALL f()", "there is no class unknown to allow", "1:13"),
        ("-- migrate: speed=high\nSELECT 1", "no directive speed", "1:13"),
        ("-- x\n--migrate:tx=maybe\nSELECT 1", "no tx=maybe: use auto, file, statement or none", "2:11"),
        ("-- migrate:\nSELECT 1", "key=value", "1:12"),
        ("-- migrate: no transaction\nSELECT 1", "key=value", "1:13"),
        ("-- migrate: tx=none please\nSELECT 1", "key=value", "1:21"),
        ("-- migrate: tx=\nSELECT 1", "key=value", "1:13"),
        ("-- migrate: tx=none\n-- migrate: tx=file\nSELECT 1", "given twice", "2:13"),
        ("-- migrate: down=safe\nSELECT 1", "use partial-safe", "1:13"),
        ("-- migrate: class=data\nSELECT 1", "needs its reason", "1:13"),
        ("-- migrate: reason=why\nSELECT 1", "needs a class", "1:13"),
        ("-- migrate: class=unknown reason=why\nSELECT 1", "no class unknown", "1:13"),
        ("SELECT 1;\n-- migrate: tx=none\nSELECT 2", "before the first statement", "2:13"),
        ("SELECT 1;\n-- migrate: down=partial-safe\nSELECT 2", "before the first statement", "2:13"),
        ("SELECT\n  -- migrate: tx=none\n 1", "move it up", "2:3"),
        ("SELECT 1;\n-- migrate: tx=none\n", "move it up", "2:13"),
        ("COPY t FROM stdin;\n1\n\\.\n-- migrate: check=SELECT true", "move it up", "4:13"),
    ],
)
def test_a_directive_that_would_be_ignored_is_an_error_at_its_place(script: str, message: str, place: str) -> None:
    with pytest.raises(SqlInvalidError, match=message) as caught:
        read(script)
    assert caught.value.position.reference == place


@pytest.mark.parametrize("mark", ["-- migrate:up", "--migrate:down", "-- migrate:up transaction:false"])
def test_the_marks_of_dbmate_are_no_directives(mark: str) -> None:
    script = read(f"{mark}\nSELECT 1;\n")
    assert script.directives.transaction is None
    assert [each.text for each in script.statements] == ["SELECT 1"]
