"""`_prisma_migrations`, kept exactly as Prisma keeps it, so that `prisma migrate status` agrees at any time."""

from dataclasses import dataclass

from dbmigrations.postgres.connection import Session


@dataclass(frozen=True)
class PrismaRow:
    """A row of `_prisma_migrations`."""

    name: str
    checksum: str
    """Raw sha256, hex."""
    finished: bool
    rolled_back: bool


def prisma_rows(session: Session, schema: str) -> tuple[PrismaRow, ...]:
    """The rows in the order in which they were started; none where the table is not there."""
    raise NotImplementedError
