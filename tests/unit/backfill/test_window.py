"""Which rows a batch has."""

from psycopg import sql

from dbmigrations.postgres.backfill.window import KeyColumn, Keyset

ID = KeyColumn("id", "bigint", "int8")
DAY = KeyColumn("Day's", "date", "date")
ORDERS = sql.Identifier("shop", "orders")


def test_the_first_batch_has_no_lower_end_and_the_next_begins_behind_it() -> None:
    keyset = Keyset(ORDERS, (ID,))
    assert keyset.condition(None, ("10",), "o").as_string(None) == """("o"."id" <= '10'::bigint)"""
    following = keyset.condition(("10",), ("20",), "o").as_string(None)
    assert following == """("o"."id" > '10'::bigint AND "o"."id" <= '20'::bigint)"""


def test_several_columns_are_compared_as_a_row_that_an_index_can_follow() -> None:
    keyset = Keyset(ORDERS, (ID, DAY))
    assert keyset.condition(("1", "2026-01-01"), ("2", "infinity"), "orders").as_string(None) == (
        """(ROW("orders"."id", "orders"."Day's") > ROW('1'::bigint, '2026-01-01'::date)"""
        """ AND ROW("orders"."id", "orders"."Day's") <= ROW('2'::bigint, 'infinity'::date))"""
    )


def test_values_are_quoted_whatever_they_hold() -> None:
    keyset = Keyset(ORDERS, (KeyColumn("name", "text", "text"),))
    assert "'''; DROP TABLE orders; --'::text" in keyset.condition(None, ("'; DROP TABLE orders; --",), "o").as_string(
        None
    )


def test_rows_are_never_skipped_by_counting() -> None:
    keyset = Keyset(ORDERS, (ID, DAY))
    query = keyset.boundary(("1", "2026-01-01"), ("9", "2026-01-01"), 100).as_string(None)
    assert "OFFSET" not in query
    assert "LIMIT 100" in query
    assert '"batch"."id", "batch"."Day\'s" LIMIT' in query


def test_the_order_is_that_of_the_column_and_not_of_its_text() -> None:
    assert 'ORDER BY "batch"."id" DESC' in Keyset(ORDERS, (ID,)).last().as_string(None)


def test_people_are_told_which_rows_they_are() -> None:
    assert Keyset(ORDERS, (ID,)).in_words(None, ("10",)) == "id <= 10"
    assert (
        Keyset(ORDERS, (ID, DAY)).in_words(("1", "a"), ("2", "b")) == "(id, Day's) > (1, a) and (id, Day's) <= (2, b)"
    )
