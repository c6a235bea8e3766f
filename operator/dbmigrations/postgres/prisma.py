"""`_prisma_migrations`, kept exactly as Prisma keeps it, so that `prisma migrate status` agrees at any time.

A row is written in the transaction of its migration, so Prisma never sees one without the other. Only a migration that
must run outside a transaction shows meanwhile as Prisma shows its own: begun, not finished.
"""

from dataclasses import dataclass
from uuid import uuid4

from psycopg import sql

from dbmigrations.postgres.application_schema import schema_standing
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.errors import PrivilegesMissingError, StatementError

_NOT_ALLOWED = "42501"
"""insufficient_privilege."""

_DDL = """
    CREATE TABLE IF NOT EXISTS {table} (
        id                  varchar(36) PRIMARY KEY NOT NULL,
        checksum            varchar(64) NOT NULL,
        finished_at         timestamptz,
        migration_name      varchar(255) NOT NULL,
        logs                text,
        rolled_back_at      timestamptz,
        started_at          timestamptz NOT NULL DEFAULT now(),
        applied_steps_count integer NOT NULL DEFAULT 0
    )
"""


@dataclass(frozen=True)
class PrismaRow:
    """A row of `_prisma_migrations`."""

    name: str
    checksum: str
    """Raw sha256, hex."""
    finished: bool
    rolled_back: bool


@dataclass(frozen=True)
class PrismaState:
    """Whether the table and its schema are there, and which migrations Prisma counts as begun and not finished."""

    exists: bool
    schema_exists: bool = True
    open: frozenset[str] = frozenset()


def prisma_table(schema: str) -> sql.Identifier:
    """The table's qualified name."""
    return sql.Identifier(schema, "_prisma_migrations")


def prisma_rows(session: Session, schema: str) -> tuple[PrismaRow, ...]:
    """The rows in the order in which they were started; none where the table is not there.

    Raises:
        PrivilegesMissingError: it is, and this role may not read it.
    """
    query = sql.SQL(
        "SELECT migration_name, checksum, finished_at IS NOT NULL, rolled_back_at IS NOT NULL"
        " FROM {} ORDER BY started_at, id"
    )
    try:
        if not _exists(session, schema):
            return ()
        found = session.execute(query.format(prisma_table(schema)))
    except StatementError as error:
        if error.details.sqlstate != _NOT_ALLOWED:
            raise
        raise PrivilegesMissingError(_unreadable(session, schema, error)) from None
    return tuple(PrismaRow(*row) for row in found)


def _unreadable(session: Session, schema: str, error: StatementError) -> str:
    standing = schema_standing(session, schema)
    what = f"USAGE, CREATE ON SCHEMA {sql.Identifier(schema).as_string(None)}"
    if standing.may_use:
        what = f"SELECT, INSERT, UPDATE ON {prisma_table(schema).as_string(None)}"
    return (
        f"role {standing.role} may not see whether Prisma was here: {error.details.primary}. Run as the owner of the "
        f'application, or let that run GRANT {what} TO "{standing.role}";'
    )


def begin(session: Session, schema: str, name: str, checksum: str) -> None:
    """Say that a migration has begun that cannot run in one transaction, unless that was said before.

    `checksum` is the raw one.
    """
    _prepare(session, schema)
    reopened = session.execute(
        sql.SQL("UPDATE {} SET checksum = %s, logs = NULL WHERE {} RETURNING id").format(prisma_table(schema), _OPEN),
        (checksum, name),
    ).fetchone()
    if reopened is None:
        session.execute(
            sql.SQL(
                "INSERT INTO {} (id, checksum, started_at, migration_name) VALUES (%s, %s, clock_timestamp(), %s)"
            ).format(prisma_table(schema)),
            (str(uuid4()), checksum, name),
        )


def finish(session: Session, schema: str, name: str, checksum: str, seconds: float) -> None:
    """Say that a migration is finished, which took so long. Call it in the migration's own transaction.

    Written at the end of the transaction: a script may have dropped and made the whole schema anew.
    """
    _prepare(session, schema)
    finished = session.execute(
        sql.SQL(
            "UPDATE {} SET checksum = %s, logs = NULL, applied_steps_count = applied_steps_count + 1,"
            " finished_at = clock_timestamp() WHERE {} RETURNING id"
        ).format(prisma_table(schema), _OPEN),
        (checksum, name),
    ).fetchone()
    if finished is None:
        session.execute(
            sql.SQL(
                "INSERT INTO {} (id, checksum, finished_at, migration_name, started_at, applied_steps_count)"
                " SELECT %s, %s, clock.now, %s, clock.now - %s * interval '1 second', 1"
                " FROM (SELECT clock_timestamp() AS now OFFSET 0) clock"
            ).format(prisma_table(schema)),
            (str(uuid4()), checksum, name, seconds),
        )


def state(session: Session, schema: str) -> PrismaState:
    """What `finish` would find."""
    if not _exists(session, schema):
        return PrismaState(exists=False, schema_exists=_schema_exists(session, schema))
    found = session.execute(
        sql.SQL("SELECT migration_name FROM {} WHERE finished_at IS NULL AND rolled_back_at IS NULL").format(
            prisma_table(schema)
        )
    )
    return PrismaState(exists=True, open=frozenset(name for (name,) in found))


def finished_row(schema: str) -> sql.Composed:
    """What `finish` does where the table is there and the migration is not open: sent before its script has run."""
    return sql.SQL(
        "INSERT INTO {} (id, checksum, finished_at, migration_name, started_at, applied_steps_count)"
        " SELECT %(id)s, %(checksum)s, clock_timestamp(), %(name)s,"
        " transaction_timestamp() - %(seconds)s * interval '1 second', 1"
    ).format(prisma_table(schema))


def finished_values(name: str, checksum: str, seconds: float) -> dict[str, object]:
    """Its parameters. `seconds`: how long the migration took until its transaction began."""
    return {"id": str(uuid4()), "checksum": checksum, "name": name, "seconds": seconds}


def fail(session: Session, schema: str, name: str, logs: str) -> None:
    """Say why it did not finish; Prisma then refuses to deploy until that is resolved, as it does after its own."""
    session.execute(sql.SQL("UPDATE {} SET logs = %s WHERE {}").format(prisma_table(schema), _OPEN), (logs, name))


def roll_back(session: Session, schema: str, name: str) -> None:
    """Say that it was undone, so that a later deploy applies it again."""
    if _exists(session, schema):
        session.execute(
            sql.SQL(
                "UPDATE {} SET rolled_back_at = clock_timestamp() WHERE migration_name = %s AND rolled_back_at IS NULL"
            ).format(prisma_table(schema)),
            (name,),
        )


_OPEN = sql.SQL("migration_name = %s AND finished_at IS NULL AND rolled_back_at IS NULL")


def _prepare(session: Session, schema: str) -> None:
    if not _exists(session, schema):
        for query in making(schema, schema_exists=_schema_exists(session, schema)):
            session.execute(query)


def making(schema: str, *, schema_exists: bool) -> list[sql.Composed]:
    """What makes the table where it is missing. A schema that is there is not made: that is not everybody's right."""
    table = sql.SQL(_DDL).format(table=prisma_table(schema))
    return [table] if schema_exists else [sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)), table]


def _schema_exists(session: Session, schema: str) -> bool:
    found = session.one("SELECT to_regnamespace(%s) IS NOT NULL", (sql.Identifier(schema).as_string(None),))
    return bool(found[0])


def _exists(session: Session, schema: str) -> bool:
    return bool(session.one("SELECT to_regclass(%s) IS NOT NULL", (prisma_table(schema).as_string(None),))[0])
