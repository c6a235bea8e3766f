"""What the API server may answer, as errors of this domain.

ClusterError
├── NotFoundError         404: the object, or its kind, is not there
├── ConflictError         409: the object changed since it was read
├── AlreadyExistsError    409: an object of this name is there
├── GoneError             410: the version asked for is no longer kept
├── RefusedError          400, 401, 403, 405, 422 …, and admission by a webhook that does not answer (500)
├── ThrottledError        429: ask again after `retry_after` seconds
└── UnavailableError      5xx, no connection, no answer in time: whether it took effect is unknown
"""


class ClusterError(Exception):
    """The API server did not do what it was asked. The text is for people and holds no credentials."""


class NotFoundError(ClusterError):
    """The object, or its kind, does not exist."""


class ConflictError(ClusterError):
    """The object changed since it was read: read again and decide again."""


class AlreadyExistsError(ClusterError):
    """An object of this name exists: look whether it is the one that was meant."""


class GoneError(ClusterError):
    """The requested version of a collection is no longer kept: list again."""


class RefusedError(ClusterError):
    """Not allowed, not valid, not let through by admission or quota; `reason` and `answer` are the server's words."""

    def __init__(self, message: str, *, reason: str = "", answer: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.answer = answer


class ThrottledError(ClusterError):
    """Too many requests; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(ClusterError):
    """No usable answer. A write may have taken effect all the same."""
