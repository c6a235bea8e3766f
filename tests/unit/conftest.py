"""What all unit tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# A machine with other work on it is slow now and then: that is no failure of the code. The examples are the same in
# every run, so that a change is judged by itself; `make soak` draws new ones.
settings.register_profile("patient", deadline=None, derandomize="EXPLORE" not in os.environ)
settings.load_profile("patient")
