"""Assertions: stored beside the history when a release is applied, so that going down can verify without its files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.tables import Tables
from dbmigrations.release.migration import Assertion


@dataclass(frozen=True)
class AssertionScript:
    """A file of assertions: each of its statements must return one row, one column, true."""

    name: str
    path: str
    text: str
    checksum: str

    @classmethod
    def of(cls, assertion: Assertion) -> Self:
        """As the release directory has it."""
        script = assertion.script
        return cls(name=assertion.name, path=script.path, text=script.text, checksum=script.checksum)


def store_assertions(
    session: Session, tables: Tables, release: str, scripts: Sequence[AssertionScript], run: str
) -> None:
    """Make these the stored assertions of a release; writes nothing where they already are."""
    raise NotImplementedError


def stored_assertions(session: Session, tables: Tables, release: str) -> tuple[AssertionScript, ...]:
    """The assertions that were stored when the release was applied, in order."""
    raise NotImplementedError
