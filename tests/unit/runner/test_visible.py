"""Nothing that a name or a comment holds reaches a terminal as more than text."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from dbmigrations.runner.report.rich_screen import RichScreen
from dbmigrations.runner.report.screen import PlainScreen
from dbmigrations.runner.report.visible import visible, visible_in_json

if TYPE_CHECKING:
    from dbmigrations.runner.report.screen import Screen

HOSTILE = "a\x1b[31mb\x9b2Jc\x00d\x7fe\N{RIGHT-TO-LEFT OVERRIDE}f"
SHOWN = r"a\x1b[31mb\x9b2Jc\x00d\x7fe\u202ef"


def test_what_a_terminal_would_obey_is_shown_as_what_it_is() -> None:
    assert visible(HOSTILE) == SHOWN
    assert visible("zwei\tÄpfel\n😀\r\n") == "zwei\tÄpfel\n😀\n"


def test_a_json_document_means_the_same_without_it() -> None:
    said = visible_in_json(json.dumps({"name": HOSTILE, "text": "ä\n"}, indent=2, ensure_ascii=False))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said)
    assert json.loads(said) == {"name": HOSTILE, "text": "ä\n"}


@pytest.mark.parametrize("kind", [PlainScreen, RichScreen])
def test_no_screen_lets_it_through(kind: type[PlainScreen | RichScreen], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = StringIO()
    shown: Screen = kind(stream)
    shown.line((HOSTILE, "bold"))
    shown.ask(HOSTILE)
    shown.table(("NAME",), [(HOSTILE,)])
    shown.move(HOSTILE)
    shown.stop()
    assert HOSTILE not in stream.getvalue()
    assert stream.getvalue().count(SHOWN) >= 3
