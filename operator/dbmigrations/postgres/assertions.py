"""Assertions: stored beside the history when a release is applied, so that going down can verify without its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from dbmigrations.postgres.tables import Tables, installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.postgres.connection import Session
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
    """Make these the stored assertions of a release; writes nothing where they already are.

    Call it in the transaction that applies a migration of the release.
    """
    if read_assertions(session, tables, release) == tuple(scripts):
        return
    session.execute(tables.query("DELETE FROM {schema}.release_assertion WHERE release = %s"), (release,))
    for ordinal, script in enumerate(scripts):
        session.execute(
            tables.query(
                "INSERT INTO {schema}.release_assertion (release, ordinal, name, path, script, checksum, run_id)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)"
            ),
            (release, ordinal, script.name, script.path, script.text, script.checksum, run),
        )


def stored_assertions(session: Session, tables: Tables, release: str) -> tuple[AssertionScript, ...]:
    """The assertions that were stored when the release was applied, in order."""
    return read_assertions(session, tables, release) if installed(session, tables) else ()


def read_assertions(session: Session, tables: Tables, release: str) -> tuple[AssertionScript, ...]:
    """The same, where our tables are known to be there."""
    found = session.execute(
        tables.query(
            "SELECT name, path, script, checksum FROM {schema}.release_assertion WHERE release = %s ORDER BY ordinal"
        ),
        (release,),
    )
    return tuple(AssertionScript(*row) for row in found)
