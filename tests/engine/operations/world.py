"""A database with one of everything, and what is read and seen of scripts on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.operations import Work
from dbmigrations.postgres.sql.review import StatementReview, review_script
from dbmigrations.postgres.sql.script import read
from tests.engine.operations.oracle import Observed

if TYPE_CHECKING:
    import psycopg

    from dbmigrations.postgres.known import KnownDatabase
    from dbmigrations.postgres.sql.known import Known
    from tests.harness.postgres import Server


@dataclass(frozen=True)
class World:
    """A database with one of everything, and who looks on."""

    server: Server
    database: str
    connection: psycopg.Connection[tuple[Any, ...]]
    known: KnownDatabase
    relations: list[int]
    names: dict[str, str]

    def said(self, script: str, known: Known) -> Observed:
        """What is read from the text."""
        statements = review_script(read(script), Batch.of("public", known)).statements
        locks = [each.lock for each in statements if each.lock is not None]
        return Observed(max(locks, default=None), max((each.work for each in statements), default=Work.NONE))

    def statements(self, script: str) -> tuple[StatementReview, ...]:
        """The whole answer."""
        return review_script(read(script), Batch.of("public", self.known)).statements


def filled(text: str, names: dict[str, str]) -> str:
    for word, name in names.items():
        text = text.replace(f"{{{word}}}", name)
    return text
