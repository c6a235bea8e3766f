"""Runs a program to its end; a bad end is a CommandFailed that carries what the program said."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.harness.errors import CommandFailed, MissingRequirement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def run(
    command: Sequence[object],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    nice: bool = False,
) -> str:
    """Returns the standard output.

    Args:
        command: the program and its arguments; no shell is involved.
        env: variables in addition to this process's own.
        cwd: the working folder.
        stdin: text for the program's standard input; nothing where None.
        nice: lets everything else on the machine go first.

    Raises:
        CommandFailed: the program's code was not 0.
        MissingRequirement: there is no such program.
    """
    words = [str(word) for word in command]
    if nice:
        words = ["nice", "-n", "10", *words]
    try:
        done = subprocess.run(
            words,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise MissingRequirement(f"The program `{words[0]}` is not on this machine.") from error
    if done.returncode != 0:
        raise CommandFailed(words, done.returncode, done.stdout + done.stderr)
    return done.stdout
