"""The bare loop: one file in one transaction, and nothing else. As a program: `python looping.py URL FILE...`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterable


def loop(connection: psycopg.Connection[Any], files: Iterable[str | Path]) -> None:
    """Apply them in order."""
    for file in files:
        text = Path(file).read_bytes()
        with connection.transaction():
            connection.execute(text)


if __name__ == "__main__":
    with psycopg.connect(sys.argv[1], autocommit=True) as own:
        loop(own, sys.argv[2:])
