"""The parser behind our interface."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from postgast.pg_query_pb2 import DESCRIPTOR

from dbmigrations.postgres.sql.classification import alteration
from dbmigrations.postgres.sql.classification.commands import COMMANDS
from dbmigrations.postgres.sql.kinds import CREATING, EXECUTED, HARMLESS
from dbmigrations.postgres.sql.naming import function_name
from dbmigrations.postgres.sql.tree import MAX_LENGTH, Node, Unparsed, parse


def tree(statement: str) -> Node:
    found = parse(statement)
    assert isinstance(found, Node)
    return found


def test_a_node_has_postgresqls_names() -> None:
    table = tree("ALTER TABLE ONLY app.t DROP COLUMN a CASCADE, ADD CONSTRAINT c CHECK (b > 0)")
    assert table.kind == "AlterTableStmt"
    relation = table.node("relation")
    assert relation is not None
    assert (relation.text("schemaname"), relation.text("relname"), relation.flag("inh")) == ("app", "t", False)
    dropped, added = table.nodes("cmds")
    assert (dropped.word("subtype"), dropped.word("behavior")) == ("AT_DropColumn", "DROP_CASCADE")
    assert dropped.node("def") is None
    definition = added.node("def")
    assert definition is not None
    assert definition.word("contype") == "CONSTR_CHECK"


def test_everything_below_a_node_is_walked() -> None:
    found = [
        node.kind for node in tree("WITH d AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT f(x) FROM d").walk()
    ]
    assert {"InsertStmt", "DeleteStmt", "FuncCall", "RangeVar"} <= set(found)
    assert "Node" not in found


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("SELECT FROM WHERE", "does not know it"),
        ("", "several statements"),
        ("SELECT 1; SELECT 2", "several statements"),
        ("SELECT " + "||".join("a" * 1000), "nested too deeply"),
        ("SELECT '" + "a" * MAX_LENGTH + "'", "longer than 2,000,000"),
    ],
)
def test_what_has_no_tree_says_why(statement: str, why: str) -> None:
    found = parse(statement)
    assert isinstance(found, Unparsed)
    assert why in found.why


ROW = "(1, 'it''s (a; b)', NULL, -2.5e3, true, DEFAULT, '{}'::jsonb)"


@pytest.mark.parametrize("head", ["INSERT INTO t VALUES", 'insert into "a"."b c" ("x y", z)\nvalues '])
def test_an_insert_of_many_constants_has_the_tree_of_one_row(head: str) -> None:
    rows = ",\n".join([ROW] * (MAX_LENGTH // len(ROW)))
    found = tree(f"{head} {rows} ON CONFLICT DO NOTHING")
    assert found.kind == "InsertStmt"
    assert found.node("on_conflict_clause") is not None
    query = found.node("select_stmt")
    assert query is not None
    assert len(query.nodes("values_lists")) == 1


@pytest.mark.parametrize("other", ["(f())", "(1) , (f())", "(E'\\'')", "((SELECT f()))", "($$f()$$)", "('a'\n'b')"])
def test_a_row_that_is_no_constant_stays(other: str) -> None:
    rows = ", ".join([ROW] * 200)
    found = tree(f"INSERT INTO t VALUES {rows}, {other}, {rows}")
    query = found.node("select_stmt")
    assert query is not None
    assert len(query.nodes("values_lists")) == 202


def test_several_threads_may_parse_at_once() -> None:
    statements = [f"CREATE TABLE t{number} (a int)" for number in range(400)]
    with ThreadPoolExecutor(8) as pool:
        names = [node.text("relname") for found in pool.map(tree, statements) if (node := found.node("relation"))]
    assert names == [f"t{number}" for number in range(400)]


def test_the_kinds_that_we_name_are_the_parsers() -> None:
    known = {field.message_type.name for field in DESCRIPTOR.message_types_by_name["Node"].fields}
    assert HARMLESS | EXECUTED | CREATING.keys() | alteration.PLAIN.keys() <= known
    assert COMMANDS.keys() <= set(DESCRIPTOR.enum_types_by_name["AlterTableType"].values_by_name)


def test_nodes_are_found_by_kind_in_a_whole_tree_and_in_a_part_of_it() -> None:
    whole = tree("SELECT f(g(1)), (SELECT h() FROM t)")
    (part,) = whole.find("SubLink")

    assert sorted(function_name(call)[1] for call in whole.find("FuncCall")) == ["f", "g", "h"]
    assert [function_name(call)[1] for call in part.find("FuncCall")] == ["h"]
    assert [node.kind for node in part.find("RangeVar", "FuncCall")] == ["RangeVar", "FuncCall"]
    assert whole.find("InsertStmt") == ()
