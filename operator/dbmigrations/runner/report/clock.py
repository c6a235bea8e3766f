"""The time, as something that is given: tests give their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""The time now, with its time zone."""
