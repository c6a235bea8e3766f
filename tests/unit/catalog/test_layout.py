"""When the text of a routine says the same, laid out otherwise."""

from __future__ import annotations

import pytest

from dbmigrations.postgres.catalog.difference import Difference
from dbmigrations.postgres.catalog.layout import is_of_layout
from dbmigrations.postgres.catalog.snapshot import CatalogObject


def function(body: str, language: str = "plpgsql", kind: str = "function", **others: str) -> CatalogObject:
    head = f"CREATE OR REPLACE FUNCTION public.f()\n RETURNS void\n LANGUAGE {language}\n"
    return CatalogObject(kind, "public.f()", "", {"definition": f"{head}AS $function${body}$function$\n", **others})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("BEGIN x := 1; END", "\n  BEGIN\n    x:=1;\n  END\n"),
        ("BEGIN -- why\n x := 1; END", "BEGIN x := 1; /* what */ END"),
    ],
)
def test_white_space_and_comments_are_layout(before: str, after: str) -> None:
    assert is_of_layout(Difference(function(before), function(after)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("BEGIN x := 'a b'; END", "BEGIN x := 'a  b'; END"),
        ("BEGIN x := $q$a b$q$; END", "BEGIN x := $q$a  b$q$; END"),
        ('BEGIN x := "a b"; END', 'BEGIN x := "a  b"; END'),
        ("BEGIN x := a b; END", "BEGIN x := ab; END"),
        ("BEGIN x := a > = b; END", "BEGIN x := a >= b; END"),
        ("BEGIN x := 1; END", "BEGIN x := 2; END"),
    ],
)
def test_what_is_quoted_or_another_word_is_not(before: str, after: str) -> None:
    assert not is_of_layout(Difference(function(before), function(after)))


def test_white_space_means_something_in_other_languages() -> None:
    assert not is_of_layout(Difference(function("a\n  b", "plpython3u"), function("a\nb", "plpython3u")))


def test_another_owner_is_no_layout() -> None:
    assert not is_of_layout(Difference(function("a", owner="x"), function("a ", owner="y")))
    assert not is_of_layout(Difference(function("a"), None))
    assert not is_of_layout(Difference(function("a", kind="view"), function("a ", kind="view")))
