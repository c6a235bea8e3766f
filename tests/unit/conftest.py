"""What all unit tests share."""

from __future__ import annotations

from hypothesis import settings

# A machine with other work on it is slow now and then: that is no failure of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
