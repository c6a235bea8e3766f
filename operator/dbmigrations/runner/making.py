"""Whether a plan can make in the application's schema what it makes: read from its scripts, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.words import Direction
from dbmigrations.postgres.application_schema import schema_standing
from dbmigrations.postgres.sql.first_made import first_made
from dbmigrations.postgres.sql.script import read
from dbmigrations.release.migration import Kind
from dbmigrations.runner.preflight.facts import SchemaFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.postgres.connection import Session
    from dbmigrations.runner.analysis import PlannedScript


def unusable_schema(session: Session, schema: str, scripts: Sequence[PlannedScript]) -> SchemaFacts | None:
    """The schema, where it is certain that the first thing made in it cannot be made; None: it can, or may."""
    standing = schema_standing(session, schema)
    if standing.may_use and standing.may_create:
        return None
    made_at = _first_made_at(schema, scripts, exists=standing.exists)
    return SchemaFacts(schema, standing.exists, standing.role, made_at) if made_at else None


def _first_made_at(schema: str, scripts: Sequence[PlannedScript], *, exists: bool) -> str:
    for script in scripts:
        kind, _, direction = script.ref
        if direction is Direction.DOWN:
            continue
        found = first_made(read(script.text, script.bulk), schema)
        if found.statement is not None:
            position = found.statement.position
            return f"{script.path}:{position.line}:{position.column}"
        if not found.is_certain or (
            kind is Kind.SCHEMA and not exists
        ):  # Prisma's table is ours to make, and its schema
            return ""
    return ""
