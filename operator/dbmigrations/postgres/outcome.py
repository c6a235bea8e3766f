"""What can happen to a migration, as the history says it."""

from enum import StrEnum


class RowOutcome(StrEnum):
    """What a history row says happened."""

    APPLIED = "Applied"
    UNDONE = "Undone"
    FAILED = "Failed"
    BASELINED = "Baselined"
