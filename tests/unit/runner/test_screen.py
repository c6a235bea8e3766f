"""Lines for files and pipes: nothing that moves, nothing that colours, no broken rows."""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING

from dbmigrations.runner.report.rich_screen import RichScreen
from dbmigrations.runner.report.screen import PlainScreen, screen

if TYPE_CHECKING:
    import pytest


def plain() -> tuple[PlainScreen, StringIO]:
    stream = StringIO()
    return PlainScreen(stream), stream


def test_a_styled_line_is_plain_text() -> None:
    shown, stream = plain()
    shown.line(("error: ", "bold red"), ("[red]no markup[/red]", ""))
    assert stream.getvalue() == "error: [red]no markup[/red]\n"


def test_a_line_cannot_move_the_cursor() -> None:
    shown, stream = plain()
    shown.line(("done\rFAILED\b\a", ""))
    assert stream.getvalue() == "doneFAILED\n"


def test_what_moves_is_not_shown() -> None:
    shown, stream = plain()
    shown.move("under way")
    shown.stop()
    assert not stream.getvalue()


def test_a_row_is_never_broken_however_long() -> None:
    shown, stream = plain()
    shown.table(("ID", "WHAT"), [("1", "x" * 500), ("22", "y")])
    assert stream.getvalue().splitlines() == ["ID  WHAT", f"1   {'x' * 500}", "22  y"]


def test_columns_stand_below_each_other_for_wide_and_combining_characters() -> None:
    shown, stream = plain()
    shown.table(("NAME", "N"), [("データ", "1"), ("e\u0301", "2"), ("", "3")])
    assert stream.getvalue().splitlines() == ["NAME    N", "データ  1", "e\u0301       2", "        3"]


def test_a_cell_of_several_lines_stays_in_its_column() -> None:
    shown, stream = plain()
    shown.table(("ID", "WHAT", "BY"), [("1", "a\nb", "me")])
    assert stream.getvalue().splitlines() == ["ID  WHAT  BY", "1   a     me", "    b"]


def test_a_file_gets_plain_lines_and_a_forced_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert isinstance(screen(StringIO()), PlainScreen)
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = StringIO()
    coloured = screen(stream)
    assert isinstance(coloured, RichScreen)
    coloured.line(("fine", "green"))
    assert "fine" in stream.getvalue()
    assert "\x1b[" in stream.getvalue()


def test_a_table_that_a_narrow_terminal_cannot_hold_is_told_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    shown = RichScreen(stream)
    columns = ("ID", "WHEN", "RELEASE", "KIND", "NAME", "WHAT")
    shown.table(columns, [("1", "2026-01-01 09:00:00", "1.0.0", "sql", "20260101_0900_a", "Applied"), ("2", *[""] * 5)])
    assert re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines() == [
        "ID 1",
        "WHEN 2026-01-01 09:00:00",
        "RELEASE 1.0.0",
        "KIND sql",
        "NAME 20260101_0900_a",
        "WHAT Applied",
        "",
        "ID 2",
    ]
    shown.table(("ID", "NAME"), [("1", "x" * 60)])
    assert "NAME xxx" not in stream.getvalue()
