"""The kinds of migrations, and what identifies one."""

from __future__ import annotations

from enum import StrEnum

from dbmigrations.api.words import StepName


class Kind(StrEnum):
    """The three kinds of migrations, as the ledger names its lists."""

    SCHEMA = "schema"  # Prisma's: prisma/migrations/<name>/migration.sql
    SQL = "sql"  # migrations/sql/<name>.sql
    DATA = "data"  # migrations/data/<name>.sql

    @property
    def step(self) -> StepName:
        """The step that applies and undoes migrations of this kind."""
        match self:
            case Kind.SCHEMA:
                return StepName.SCHEMA
            case Kind.SQL:
                return StepName.SQL
            case Kind.DATA:
                return StepName.DATA


Key = tuple[Kind, str]
"""What identifies a migration everywhere: kind and name. The release is where it stands, not what it is."""
