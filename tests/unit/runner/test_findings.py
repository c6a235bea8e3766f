"""Findings become lines that no text of a file can break out of."""

from __future__ import annotations

from pathlib import Path

from dbmigrations.release.problems import Problem, Severity
from dbmigrations.runner.report.findings import Finding, Level, of_problems
from dbmigrations.runner.report.github import github_commands
from dbmigrations.runner.report.sarif import sarif_log


def test_a_hostile_message_or_name_stays_one_command() -> None:
    finding = Finding("script", Level.ERROR, "100%\r\n::error::b", "a,b:c\nd%.sql", 3, 4)
    (line,) = github_commands([finding])
    assert line == ("::error file=a%2Cb%3Ac%0Ad%25.sql,line=3,col=4,title=dbmigrate script::100%25%0D%0A::error::b")


def test_what_is_about_no_file_names_none() -> None:
    (line,) = github_commands([Finding("refused", Level.NOTE, "no")])
    assert line == "::notice title=dbmigrate refused::no"
    (result,) = sarif_log([Finding("refused", Level.NOTE, "no")], "1")["runs"][0]["results"]
    assert "locations" not in result


def test_a_file_in_sarif_is_a_uri() -> None:
    (result,) = sarif_log([Finding("script", Level.ERROR, "m", "a b/ä#?.sql")], "1")["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/%C3%A4%23%3F.sql"


def test_a_finding_keeps_its_print_when_its_line_moves() -> None:
    moved = [Finding("script", Level.ERROR, "m", "a.sql", line) for line in (3, 9)]
    first, second = sarif_log(moved, "1")["runs"][0]["results"]
    assert first["partialFingerprints"] == second["partialFingerprints"]


def test_problems_become_findings_by_their_weight() -> None:
    problems = (
        Problem("releases.yaml", "is wrong", "mend it", 3, 5, "sql"),
        Problem("a.sql", "is odd", severity=Severity.WARNING),
    )
    first, second = of_problems(problems, Path("database"))
    assert (first.rule, first.level, first.file) == ("ledger", Level.ERROR, "database/releases.yaml")
    assert first.message == "sql: is wrong (mend it)"
    assert (second.rule, second.level, second.line) == ("script", Level.WARNING, 0)
