"""What can go wrong in the harness.

HarnessError
├── MissingRequirement   the machine lacks something; the text says what, and how to get it
├── CommandFailed        a program that we ran ended badly; holds the end of its output
├── ProcessDied          a server that we started ended by itself; holds the end of its log
└── NotReady             something did not become ready in its time; holds what it last said
"""

from __future__ import annotations


class HarnessError(Exception):
    """An expected failure: its text is for a person, and no stack trace is needed beside it."""


class MissingRequirement(HarnessError):  # noqa: N818 - named by the fact, as all of this tree
    """This machine lacks something; the text says what, and how to get it."""


class CommandFailed(HarnessError):  # noqa: N818
    """A program that we ran ended with a code other than 0."""

    def __init__(self, command: list[str], code: int, output: str) -> None:
        self.command = command
        self.code = code
        self.output = output
        super().__init__(f"`{' '.join(command)}` ended with code {code}:\n{last_lines(output, 30)}")


class ProcessDied(HarnessError):  # noqa: N818
    """A server that we started ended by itself."""


class NotReady(HarnessError):  # noqa: N818
    """Something did not become ready within its time."""


def last_lines(text: str, count: int) -> str:
    """The end of a log, indented, for the text of an error."""
    lines = text.rstrip().splitlines()[-count:]
    return "\n".join(f"    {line}" for line in lines) if lines else "    (no output)"
