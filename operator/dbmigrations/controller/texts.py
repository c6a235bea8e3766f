"""Texts within the limits of the status."""

STEP_MESSAGE = 2048
CONDITION_MESSAGE = 4096
EVENT_MESSAGE = 1024


def clip(text: str, limit: int) -> str:
    """The text, ending in an ellipsis where it was longer than `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
