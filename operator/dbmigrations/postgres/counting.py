"""Counting what a plan would lose: under row_security = off, 30 s for each question, then the planner's estimate."""

from collections.abc import Sequence
from dataclasses import dataclass

from dbmigrations.api.step import DataLoss
from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.sql.loss import Loss


@dataclass(frozen=True)
class CountedLoss:
    """The answer: a sum for the plan, and a line for each loss for people (`12 rows of projects`)."""

    total: DataLoss
    lines: tuple[str, ...] = ()


def count_losses(session: Session, losses: Sequence[Loss], *, seconds: float = 30.0) -> CountedLoss:
    """Count. Losses of what does not exist are none.

    Args:
        session: set up with row_security off and the application's search_path.
        losses: as read from the scripts, in order.
        seconds: time for each count before it is estimated.
    """
    raise NotImplementedError
