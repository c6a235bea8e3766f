"""Commands as a person would type them: printed before they run, with what they say after."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from textwrap import indent
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.text import Text

from tests.harness.command import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

Json = dict[str, Any]


@dataclass(frozen=True)
class Shell:
    """Runs programs against one cluster.

    Attributes:
        console: where commands and their output are shown.
        programs: where `kubectl` and `helm` are found; they are shown by these names alone.
        kubeconfig: the cluster.
    """

    console: Console
    programs: Mapping[str, Path]
    kubeconfig: Path

    def show(self, *words: str, typed: str = "") -> str:
        """Runs a command and shows it and what it says.

        Args:
            words: the program and its arguments.
            typed: how a person would type it, where that differs.

        Raises:
            CommandFailed: its exit code was not 0.
        """
        self.announce(typed or shlex.join(words))
        said = self.read(*words)
        self.console.print(Text(indent(said.rstrip("\n"), "    "), style="dim"), soft_wrap=True)
        return said

    def announce(self, command: str) -> None:
        """Shows a command that is about to run."""
        self.console.print(f"  [bold green]$[/] [bold]{escape(command)}[/]", soft_wrap=True)

    def read(self, *words: str, stdin: str | None = None) -> str:
        """Runs a command without showing it; what it says.

        Raises:
            CommandFailed: its exit code was not 0.
        """
        program = self.programs.get(words[0])
        return run([program or words[0], *words[1:]], env={"KUBECONFIG": str(self.kubeconfig)}, stdin=stdin)

    def object(self, *words: str) -> Json:
        """What kubectl says of an object, read.

        Raises:
            CommandFailed: its exit code was not 0; there may be no such object.
        """
        answer: Json = json.loads(self.read("kubectl", *words, "--output=json"))
        return answer
