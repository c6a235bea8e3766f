"""Findings as workflow commands of GitHub Actions, which become annotations of a pull request. Pure.

Escaping as github.com/actions/toolkit does it (packages/core/src/command.ts): in messages `%`, CR and LF, in properties
`:` and `,` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.runner.report.findings import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dbmigrations.runner.report.findings import Finding

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def github_commands(findings: Iterable[Finding]) -> tuple[str, ...]:
    """One line for each finding."""
    return tuple(_command(finding) for finding in findings)


def _command(finding: Finding) -> str:
    properties = {
        "file": finding.file,
        "line": str(finding.line or ""),
        "col": str(finding.column or ""),
        "title": f"dbmigrate {finding.rule}",
    }
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{_COMMANDS[finding.level]} {listed}::{_message(finding.message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
