"""search_path as statements set it."""

import re

from dbmigrations.postgres.sql.options import constant
from dbmigrations.postgres.sql.tree import Node

_PLAIN = re.compile(r'\s*(?:"(?P<quoted>[^"$]+)"|(?P<plain>[A-Za-z_][\w$]*))\s*')


def path_of(setting: Node) -> tuple[str, ...] | None:
    """That of SET search_path; None where it depends on the user ("$user") or cannot be read."""
    values = [constant(each) for each in setting.nodes("args")]
    return path_in([value for value in values if value is not None])


def path_in(values: list[str]) -> tuple[str, ...] | None:
    """A search_path in its parts; None where it cannot be read."""
    schemas: list[str] = []
    for value in values:
        if not value.strip():
            continue
        found = _PLAIN.fullmatch(value)
        if found is None:
            return None
        schemas.append(found["quoted"] or found["plain"])
    return tuple(schemas)
