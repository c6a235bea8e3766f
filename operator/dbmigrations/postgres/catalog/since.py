"""The scripts that took effect, wholly or in part, since the catalog was last recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.release.kind import Kind

if TYPE_CHECKING:
    from dbmigrations.postgres.connection import Session
    from dbmigrations.postgres.tables import Tables

UpScript = Callable[[Kind, str, str], str | None]
"""The text of an up by kind, name and checksum; None: nobody has it."""


def scripts_since(session: Session, tables: Tables, history_id: int, up_script: UpScript) -> tuple[str, ...] | None:
    """Their texts in order; None: one of them is not at hand.

    Args:
        session: any.
        tables: the history schema.
        history_id: the newest row of the history that the record saw.
        up_script: downs are stored, ups are not.
    """
    rows = session.execute(
        tables.query(
            "SELECT kind, name, direction, checksum, down_script FROM {schema}.migration_history"
            " WHERE id > %s AND outcome IN ('Applied', 'Undone') ORDER BY id"
        ),
        (history_id,),
    ).fetchall()
    # A half-done one, also where it was begun before.
    rows += session.execute(
        tables.query(
            "SELECT kind, name, direction, checksum, down_script FROM {schema}.migration_journal"
            " WHERE state IN ('running', 'failed') ORDER BY id"
        )
    ).fetchall()
    texts: list[str] = []
    for kind, name, direction, checksum, down in rows:
        text = up_script(Kind(kind), name, checksum) if direction == Direction.UP.value else down
        if text is None:
            return None
        texts.append(text)
    return tuple(texts)
