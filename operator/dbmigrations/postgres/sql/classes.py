"""The classes of operations, in the order of what they ask of a person."""

from enum import StrEnum


class OperationClass(StrEnum):
    """What a statement does to what exists."""

    ADDITIVE = "additive"  # something new beside what exists
    WIDENING = "widening"  # what exists accepts more than before
    DATA = "data"  # rows are written, read from the statement itself
    RESTRICTING = "restricting"  # what exists accepts less, or answers to another name
    REWRITING = "rewriting"  # a table is written anew under an exclusive lock
    UNKNOWN = "unknown"  # it cannot be read from the statement
    DESTRUCTIVE = "destructive"  # data, or what holds data, is gone
