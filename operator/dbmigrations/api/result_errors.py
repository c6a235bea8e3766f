"""What can be wrong with the result of a step.

ResultTooLargeError      the writer's
ResultInvalidError       the reader's
└── ResultCutOffError
"""


class ResultTooLargeError(Exception):
    """A result that does not fit the termination message."""


class ResultInvalidError(Exception):
    """A termination message that is not a result of this contract."""


class ResultCutOffError(ResultInvalidError):
    """A result of which the node kept the beginning: its Pod has more containers than we gave it."""
