"""`dbmigrate validate`: is the release directory right? Asks no database."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from dbmigrations.postgres.unvalidated import vain
from dbmigrations.release import directory, files, layout
from dbmigrations.release.directory import Inspection, ReleaseDirectory, Unreleased
from dbmigrations.release.migration import Script
from dbmigrations.release.problems import Problem, Severity
from dbmigrations.runner.analysis import read_script, unread_statements
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.formats import Format, check_one_answer, format_option, tell_findings
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.options import source_option
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.excerpts import with_excerpts
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.report.findings import of_problems
from dbmigrations.runner.report.words import count
from dbmigrations.runner.source import read_large, require_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dbmigrations.release.directory import Inspection, ReleaseDirectory, Unreleased
    from dbmigrations.release.migration import Kind, Script


@click.command("validate", cls=Leaf)
@source_option
@format_option
@click.option("--require-down", is_flag=True, help="A migration without a way back is an error, not a warning.")
@click.option("--against", default="", metavar="REF", help="A Git ref: what its releases contain may not change.")
@laptop_command
def validate(desk: Desk, source: Path, form: Format, against: str, *, require_down: bool) -> Exit:
    """Check the release directory: the ledger, its files, and whether every script can be run as it is written.

    With --against (a tag, a branch, a commit), also whether anything that was released there has changed since: files
    of its releases, their lines in the ledger, and the order of these.

    Each finding is one line, `file:line:column: what (remedy)`; below an error stand the lines that it is about, with
    a caret under the place. The exit code is 1 where there is an error.
    """
    check_one_answer(desk, form)
    root = require_source(str(source))
    seen = directory.examine(root, require_down=require_down, read_large=read_large)
    found = seen.valid
    problems = with_excerpts(root, (*seen.problems, *(_in_scripts(found) if found else ())))
    if against:
        problems = (*problems, *_edits(source, seen, against))
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if desk.terminal.as_json:
        desk.terminal.document(
            document(
                "validate",
                valid=not errors,
                releases=list(found.versions) if found else [],
                migrations=len(found.migrations) if found else 0,
                unreleased=[_unreleased(each) for each in found.unreleased] if found else [],
                problems=[asdict(problem) for problem in problems],
            )
        )
    elif form is not Format.TEXT:
        tell_findings(desk, form, of_problems(problems, root))
    else:
        _show(desk, found, problems, errors)
    return Exit.FINDINGS if errors else Exit.OK


def _edits(source: Path, seen: Inspection, ref: str) -> tuple[Problem, ...]:
    """What was released at a ref and is not so any more, as far as the directory can be read.

    A ref that nothing can be compared with is a wrong command line, beside errors of the directory one more of them.
    """
    from dbmigrations.release.edits import edits
    from dbmigrations.runner.git_ref import GitRefError, folder_at

    try:
        with folder_at(source, ref) as folder:
            then, faults = directory.inspect(folder, read_large=read_large)
            if then is not None:
                return tuple(edits(then, seen.readable, ref, lists_all=seen.lists_all))
        worst = "; ".join(str(fault) for fault in faults[:3] if fault.severity is Severity.ERROR)
        why = f"the release directory at {ref} is not valid itself, so nothing compares: {worst}"
    except GitRefError as error:
        why = str(error)
    if seen.valid is None:
        return (Problem(f"--against {ref}", why),)
    raise click.UsageError(why)


def _in_scripts(found: ReleaseDirectory) -> Iterator[Problem]:
    """What the parser says of each script: what cannot be run, and why."""
    problems: list[Problem] = []
    for script, kind in (*_scripts(found), *_unreleased_scripts(found, problems)):
        parsed = read_script(script.path, script.text, problems, script.bulk, kind)
        if parsed is not None:
            problems.extend(unread_statements(script.path, parsed))
            problems.extend(
                Problem(script.path, why, remedy, each.position.line, each.position.column)
                for each, why, remedy in vain(parsed)
            )
    yield from problems


def _scripts(found: ReleaseDirectory) -> Iterator[tuple[Script, Kind | None]]:
    for release in found.releases:
        for migration in release.migrations:
            yield migration.up, migration.kind
            if migration.down:
                yield migration.down, migration.kind
        for assertion in release.assertions:
            yield assertion.script, None


def _unreleased_scripts(found: ReleaseDirectory, problems: list[Problem]) -> Iterator[tuple[Script, Kind]]:
    """What no release lists yet is read too: a pull request adds it before anybody cuts a release."""
    for each in found.unreleased:
        for path, reader in ((each.path, read_large), (layout.down_path(each.kind, each.name), None)):
            try:
                yield files.read_script(found.root, path, reader), each.kind
            except files.AbsentError:  # a missing down is judged with the release that will list it
                continue
            except files.UnreadableError as error:
                problems.append(Problem(path, error.message, error.remedy, error.line, error.column))


def _show(desk: Desk, found: ReleaseDirectory | None, problems: tuple[Problem, ...], errors: int) -> None:
    for problem in problems:
        is_error = problem.severity is Severity.ERROR
        where, _, rest = str(problem).partition(": ")
        desk.terminal.say(f"{where}: {problem.severity}: {rest}", "red" if is_error else "yellow")
        if problem.excerpt:
            desk.terminal.say(problem.excerpt)
    for each in found.unreleased if found else ():
        desk.terminal.say(f"{each.path}: unreleased: `dbmigrate release cut` puts it into a release")
    what = count(errors, "error") if errors else "no errors"
    if len(problems) > errors:
        what += f", {count(len(problems) - errors, 'warning')}"
    if found:
        size = f"{count(len(found.migrations), 'migration')} in {count(len(found.releases), 'release')}"
        desk.terminal.say(f"{size}: {what}", "red" if errors else "green")
    else:
        desk.terminal.say(what, "red")
    if errors:
        desk.terminal.aside("next: mend what is named, then run the same command again")


def _unreleased(each: Unreleased) -> dict[str, str]:
    return {"kind": each.kind.value, "name": each.name, "path": each.path}
