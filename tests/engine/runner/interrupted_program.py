"""Run as a script: `dbmigrate`, which is sent SIGTERM when it calls a certain function for the first time.

    python interrupted_program.py FUNCTION ARGUMENT…

FUNCTION: the qualified name of one that is called once the program hears signals.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from dbmigrations.runner.main import main

if TYPE_CHECKING:
    from types import FrameType


def interrupt_at(function: str) -> None:
    """Send SIGTERM to this process as its code begins to run that function."""

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        heard = signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        if event == "call" and heard and frame.f_code.co_qualname == function:
            sys.setprofile(None)
            os.kill(os.getpid(), signal.SIGTERM)

    sys.setprofile(watch)


if __name__ == "__main__":
    interrupt_at(sys.argv.pop(1))
    main()
