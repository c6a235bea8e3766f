"""Characters that a terminal would obey, shown as what they are: names and comments may hold any.

An escape sequence in the name of a table could colour, hide or overwrite what is told about it; so could the marks that
turn the direction of a text. Line ends and tabs stay.
"""

from __future__ import annotations

import re

_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\N{ARABIC LETTER MARK}\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}"
    "\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}\N{LEFT-TO-RIGHT EMBEDDING}-\N{RIGHT-TO-LEFT OVERRIDE}"
    "\N{LEFT-TO-RIGHT ISOLATE}-\N{POP DIRECTIONAL ISOLATE}]"
)

_MOVES = frozenset("\a\b\v\f\r")
"""They would only move or ring: left out, for a line of a file may end in one."""


def visible(text: str) -> str:
    """The text for a terminal, a file or a pipe; where an escape sequence would begin stands its number."""
    return _OBEYED.sub(lambda found: "" if found[0] in _MOVES else _shown(found[0]), text)


def visible_in_json(text: str) -> str:
    """A JSON document with the same characters escaped; it means what it meant."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _shown(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"  # noqa: PLR2004 - as Python writes them
