"""`--format`: findings for a pull request in place of the answer for people."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import click

from dbmigrations.runner.program import runner_version
from dbmigrations.runner.report.github import github_commands
from dbmigrations.runner.report.sarif import sarif_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbmigrations.runner.commands.running import Desk
    from dbmigrations.runner.report.findings import Finding


class Format(StrEnum):
    """How findings are told."""

    TEXT = "text"
    GITHUB = "github"
    SARIF = "sarif"


def format_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--format`, as the parameter `form`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice([each.value for each in Format]),
        default=Format.TEXT.value,
        show_default=True,
        callback=lambda _context, _option, value: Format(value),
        help="Findings for a pull request: annotations of GitHub Actions, or SARIF 2.1.0.",
    )(function)


def check_one_answer(desk: Desk, form: Format) -> None:
    """One answer is given, not two.

    Raises:
        click.UsageError: --json and another format.
    """
    if desk.terminal.as_json and form is not Format.TEXT:
        raise click.UsageError(f"--format {form.value} and --json are two answers: choose one")


def tell_findings(desk: Desk, form: Format, findings: tuple[Finding, ...]) -> None:
    """Show the findings as a pull request wants them."""
    match form:
        case Format.GITHUB:
            for line in github_commands(findings):
                desk.terminal.say(line)
        case Format.SARIF:
            desk.terminal.document(sarif_log(findings, runner_version()))
        case Format.TEXT:
            raise AssertionError("people are told in sentences")
