"""Findings as a SARIF 2.1.0 log, which code scanning shows beside the lines of a pull request. Pure."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dbmigrations.runner.report.findings import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.runner.report.findings import Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_BASE = "%SRCROOT%"


def sarif_log(findings: Sequence[Finding], version: str) -> dict[str, Any]:
    """The log of one run. `version`: of this program."""
    rules = list(RULES)
    driver = {
        "name": "dbmigrate",
        "version": version,
        "rules": [{"id": rule, "shortDescription": {"text": text}} for rule, text in RULES.items()],
    }
    results = [_result(finding, rules.index(finding.rule)) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": finding.level.value,
        "message": {"text": finding.message},
        # The same finding keeps its print when lines above it are added.
        "partialFingerprints": {"dbmigrate/v1": _print(finding)},
    }
    if finding.file:
        result["locations"] = [{"physicalLocation": _place(finding)}]
    return result


def _place(finding: Finding) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(os.fsencode(finding.file)), "uriBaseId": _BASE}}
    if finding.line:
        column = {"startColumn": finding.column} if finding.column else {}
        place["region"] = {"startLine": finding.line, **column}
    return place


def _print(finding: Finding) -> str:
    said = f"{finding.rule}\n{finding.file}\n{finding.message}"
    return sha256(said.encode(errors="surrogateescape")).hexdigest()
