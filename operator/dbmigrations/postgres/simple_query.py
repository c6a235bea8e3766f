"""Several statements in one message: the protocol's simple query.

A message of a dozen short statements costs about what one of them does. The server reads all of it before it runs any
of them, so none may change how the next one is read; and it answers when all are done.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.errors import error_from_result

from dbmigrations.postgres.answers import Answers, does_nothing
from dbmigrations.postgres.exchange import REFUSED, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg.pq.abc import PGresult

    from dbmigrations.postgres.errors import EngineError

_BETWEEN = b"\n;\n"
"""The text of a statement may end with a comment, which the end of its line ends."""


def simple_query(
    connection: psycopg.Connection[Any],
    statements: Sequence[bytes],
    *,
    translate: Callable[[psycopg.Error], EngineError],
    meanwhile: Callable[[], bool] = does_nothing,
) -> list[PGresult]:
    """Have all statements done, in order, and return their results.

    Args:
        connection: in autocommit; without a transaction that is open or among the statements, all are one.
        statements: what is to be done, in the connection's encoding; each exactly one.
        translate: makes an error of ours of one that the server sent.
        meanwhile: does a short piece of other work while the server has not answered; whether it did any.

    Raises:
        RefusedError: nothing behind the refused statement was done; the transaction is the caller's to roll back.
        psycopg.OperationalError: the connection was lost.
        BaseException: whatever `meanwhile` or a signal raised; what ran was cancelled.
    """
    connection.pgconn.send_query(_BETWEEN.join(statements))
    answers = Answers(connection)
    try:
        return _results(answers, translate, meanwhile)
    except (psycopg.Error, RefusedError):
        raise
    except BaseException:
        with suppress(psycopg.Error):
            if not answers.cancel(lambda result: result is None):
                connection.close()
        raise
    finally:
        answers.close()


def _results(
    answers: Answers, translate: Callable[[psycopg.Error], EngineError], meanwhile: Callable[[], bool]
) -> list[PGresult]:
    results: list[PGresult] = []
    while (result := answers.next(meanwhile)) is not None:
        if result.status in REFUSED:
            error = error_from_result(result, answers.connection.info.encoding)
            with suppress(psycopg.Error):  # the server may have ended the session with it
                while answers.next() is not None:
                    pass
            raise RefusedError(len(results), translate(error))
        results.append(result)
    return results
