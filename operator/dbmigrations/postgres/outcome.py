"""What can happen to a migration, as the history says it."""

from enum import StrEnum


class RowOutcome(StrEnum):
    """What a history row says happened."""

    APPLIED = "Applied"
    UNDONE = "Undone"
    FAILED = "Failed"
    BASELINED = "Baselined"
    ACCEPTED = "Accepted"  # the file is another than the applied one, and counts from now on
    DOWN_REPLACED = "DownReplaced"  # another down is stored in place of a faulty one
