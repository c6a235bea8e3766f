"""What can be said of a backfill before it runs, in a plan."""

from dbmigrations.postgres.backfill.key import KeyUnfitError, estimated_rows, keyset_of
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.sql.backfill import Backfill


def outlook(session: Session, backfill: Backfill) -> str:
    """About how many rows it walks; or what is missing today, which an earlier migration of the plan may still make.

    Raises:
        EngineError: the server does not answer.
    """
    try:
        keyset = keyset_of(session, backfill)
    except KeyUnfitError as error:
        return f"today {error.why}"
    rows = estimated_rows(session, keyset.table)
    return "number of rows unknown" if rows is None else f"about {rows:,} rows"
