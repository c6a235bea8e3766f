"""Where the program `dbmigrate` starts.

Ctrl-C ends it at once and without a word until a command listens: nothing was begun, and Python would show a trace of
whatever it was loading.
"""

import signal


def main() -> None:
    """Run the command line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dbmigrations.runner import main as command_line

    command_line.main()
