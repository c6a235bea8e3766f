"""The JSON documents of commands, and how refusals are told. A document carries its format; fields are only added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbmigrations.runner.exits import Exit

if TYPE_CHECKING:
    from dbmigrations.api.step import StepRequest, StepResult
    from dbmigrations.runner.commands.looking import Look
    from dbmigrations.runner.report.terminal import Terminal

FORMAT = 1
"""The version of the documents' shape."""


def document(command: str, **fields: object) -> dict[str, Any]:
    """The document of a command that did what it was asked for."""
    return {"format": FORMAT, "command": command, **fields}


def run_document(
    command: str, request: StepRequest, seen: Look, results: tuple[StepResult, ...], code: Exit
) -> dict[str, Any]:
    """The document of a run: the plan, and each step with its result."""
    last = results[-1]
    return document(
        command,
        run=request.run,
        exit=int(code),
        version=last.current_version,
        plan=seen.document(),
        steps=[_step(result) for result in results],
    )


def tell_nothing_to_do(terminal: Terminal, command: str, seen: Look) -> Exit:
    """Say that the database is where it should be: nothing was run, and nothing is written."""
    if terminal.as_json:
        fields = {"exit": int(Exit.OK), "version": seen.current_version, "plan": seen.document()}
        terminal.document(document(command, run=None, steps=[], **fields))
        return Exit.OK
    for note in seen.notes:
        terminal.aside(f"note: {note}")
    return tell_settled(terminal, seen.current_version)


def tell_settled(terminal: Terminal, version: str) -> Exit:
    """The same in words, where nobody looked again."""
    terminal.say(f"the database is at {version}: nothing to do", "bold green")
    return Exit.OK


def tell_refusal(terminal: Terminal, command: str, seen: Look) -> Exit:
    """Say why a run is refused: the plan as far as there is one, then the reason with its remedy."""
    if terminal.as_json:
        terminal.document(document(command, exit=int(Exit.REFUSED), version=seen.current_version, plan=seen.document()))
        return Exit.REFUSED
    for line in seen.lines():
        terminal.aside(f"  {line}")
    if seen.refusal is not None:
        terminal.error(f"{seen.refusal.reason}: {seen.refusal.message}")
    return Exit.REFUSED


def tell_dry_run(terminal: Terminal, command: str, seen: Look) -> Exit:
    """Say what a run would do: the answer is the plan."""
    if terminal.as_json:
        fields = {"exit": int(Exit.OK), "version": seen.current_version, "plan": seen.document()}
        terminal.document(document(command, dry_run=True, **fields))
        return Exit.OK
    for line in seen.lines():
        terminal.say(line)
    terminal.aside("dry run: nothing was changed")
    return Exit.OK


def _step(result: StepResult) -> dict[str, Any]:
    return {
        "name": result.step.name.value,
        "release": result.step.release,
        "outcome": result.outcome.value,
        "reason": result.reason.value if result.reason else None,
        "message": result.message,
        "applied": result.applied,
        "backup": result.backup.to_wire() if result.backup else None,
    }
