r"""psql's meta-commands: those of a dump's frame are ignored, the others refused with what to write instead.

`\restrict` and `\unrestrict` frame every plain dump of newer pg_dump versions and mean something to psql alone.
"""

import re

from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.position import locate

_COMMAND = re.compile(r"\\([A-Za-z_]++|[^\sA-Za-z]?)")
_IGNORED = frozenset({"restrict", "unrestrict"})

_INCLUDE = "list that file as a migration of its own, or put its SQL here"
_OUTPUT = "remove it: there is no terminal to print to"
_CONDITION = "write the condition in SQL: IF EXISTS, or IF … in a DO block"
_VARIABLE = "write the value itself: variables of psql are not known here"
_PARAMETER = "write the values into the statement: nothing is bound here"
_OBJECT = "write lo_from_bytea(…) or lo_unlink(…) in SQL: a migration reads no other file"
_ONE_DATABASE = "remove it: a migration runs in the one database that is configured"
_REMEDIES = {
    "i": _INCLUDE,
    "ir": _INCLUDE,
    "include": _INCLUDE,
    "include_relative": _INCLUDE,
    "copy": "write COPY … FROM STDIN with the data below it, ended by \\.",
    "c": _ONE_DATABASE,
    "connect": _ONE_DATABASE,
    "set": _VARIABLE,
    "unset": _VARIABLE,
    "gset": _VARIABLE,
    "prompt": _VARIABLE,
    "getenv": _VARIABLE,
    "setenv": _VARIABLE,
    "bind": _PARAMETER,
    "bind_named": _PARAMETER,
    "parse": _PARAMETER,
    "close_prepared": _PARAMETER,
    "lo_import": _OBJECT,
    "lo_export": _OBJECT,
    "lo_unlink": _OBJECT,
    "cd": "remove it: files are found in the release directory",
    "watch": "remove it: a statement runs once",
    "if": _CONDITION,
    "elif": _CONDITION,
    "else": _CONDITION,
    "endif": _CONDITION,
    "echo": "remove it, or write RAISE NOTICE in a DO block",
    "warn": "remove it, or write RAISE NOTICE in a DO block",
    "qecho": "remove it, or write RAISE NOTICE in a DO block",
    "g": "end the statement with a semicolon",
    "gx": "end the statement with a semicolon",
    "gexec": "write a DO block that EXECUTEs the statements",
    "encoding": "remove it: files are UTF-8",
    "password": "remove it: passwords do not belong into migrations",
    "q": "remove it: a migration runs to its end",
    "quit": "remove it: a migration runs to its end",
    "!": "remove it: a migration has no shell",
    ".": "remove it: it ends the data of COPY … FROM STDIN, and no such statement stands before it",
    "\\": "write a semicolon and a new line",
    "": "quote it, or remove it",
}


def is_ignored(text: str, offset: int) -> bool:
    """Whether a meta-command stands at `offset` that says nothing about the database."""
    command = _COMMAND.match(text, offset)
    if command is None or command[1] not in _IGNORED:
        return False
    behind = text[command.end() : command.end() + 1]
    return not behind or behind.isspace()  # what follows directly belongs to the name, as psql reads it


def refuse(text: str, offset: int) -> SqlInvalidError:
    """The error for the backslash at `offset`, with what to write instead."""
    command = _COMMAND.match(text, offset)
    name = "" if command is None else command[1]
    remedy = _REMEDIES.get(name, _OUTPUT)
    return SqlInvalidError(f"\\{name} is a command of psql, not SQL: {remedy}", locate(text, offset))


_FILLED_IN = r""":(?:[A-Za-z0-9_\x80-\U0010ffff]++|'[^'\n]++'|"[^"\n]++"|\{\?)"""
"""Compiled when it is needed, for that takes longer than all of this module."""


def variable_at(text: str, offset: int) -> str:
    """The variable that psql would fill in at `offset` (`:name`, `:'name'`, `:"name"`, `:{?name}`); empty: none."""
    found = re.compile(_FILLED_IN).match(text, offset)
    return "" if found is None else found.group()
