"""`dbmigrate rehearse`: does every down undo its up? On a scratch database."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from dbmigrations.postgres.credentials import from_environment
from dbmigrations.postgres.errors import CredentialsMissingError
from dbmigrations.postgres.facts import read_history
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.laptop import at_laptop
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.options import Place, place_options
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.rehearsal.pairs import find_pairs
from dbmigrations.runner.rehearsal.rehearse import Stage, perform
from dbmigrations.runner.rehearsal.verdict import Finding, Verdict, rate
from dbmigrations.runner.report.words import count
from dbmigrations.runner.source import load_source, require_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbmigrations.postgres.settings import ConnectionSettings
    from dbmigrations.release.migration import Migration
    from dbmigrations.runner.commands.laptop import Laptop


@dataclass(frozen=True)
class _Programme:
    """What is rehearsed, and what comes before it."""

    before: Sequence[Migration]
    migrations: Sequence[Migration]
    lone_downs: Sequence[str] = ()
    """Files that look like downs of something that is not there."""


@click.command("rehearse", cls=Leaf)
@click.option("--all", "every", is_flag=True, help="Every migration, not only those that the database lacks.")
@click.option("--scratch-url", default="", metavar="URL", help="Server of the scratch database. Default: as --url.")
@click.option("--up-glob", default="", metavar="GLOB", help="Rehearse any folder: ups, such as `*.up.sql`.")
@click.option("--down-glob", default="", metavar="GLOB", help="With --up-glob: downs, such as `*.down.sql`.")
@place_options
@laptop_command
def rehearse(  # noqa: PLR0913  one for each option
    desk: Desk, place: Place, scratch_url: str, up_glob: str, down_glob: str, *, every: bool
) -> Exit:
    """Run every pending migration up, down and up again on a scratch database, and say which down is no inverse.

    After each turn the whole catalog is compared: what a down leaves behind or does not bring back is named. What is
    applied already is applied first, from the release directory; no data is copied. The scratch database is made on
    the same server (or that of --scratch-url; the login needs CREATEDB) and dropped afterwards.

    With --up-glob and --down-glob it takes any folder of pairs: what `*` stands for is the migration's name, and a
    number that it begins with is enough to find the down. With --up-glob alone each file holds both directions, marked
    as goose, dbmate, sql-migrate, rambler, node-pg-migrate, tern and MyBatis do it.

    The exit code is 1 where a down is no inverse, fails, or an up fails.
    """
    if down_glob and not up_glob:
        raise click.UsageError("--down-glob needs --up-glob")
    laptop = at_laptop(desk, place)
    programme = _programme(laptop, up_glob, down_glob, every=every)
    stage = Stage(_server(laptop, scratch_url), laptop.schema, place.role, place.lock_timeout, place.statement_timeout)
    if not desk.terminal.as_json:
        for path in programme.lone_downs:
            desk.terminal.say(f"{path}: no up: nothing in the folder has its name or number", "yellow")
    verdicts: list[Verdict] = []
    for verdict in perform(stage, programme.before, programme.migrations, desk.terminal.moving):
        verdicts.append(verdict)
        desk.terminal.moving("")
        if not desk.terminal.as_json:
            _show(desk, verdict)
    _sum_up(desk, verdicts, programme.lone_downs)
    return Exit.OK if all(each.is_good for each in verdicts) else Exit.FINDINGS


def _programme(laptop: Laptop, up_glob: str, down_glob: str, *, every: bool) -> _Programme:
    source = require_source(str(laptop.place.source))
    if up_glob:
        found = find_pairs(source, up_glob, down_glob)
        return _Programme((), found.migrations, found.lone_downs)
    migrations = load_source(str(source)).migrations
    applied = frozenset() if every else _applied(laptop)
    before = [each for each in migrations if each.key in applied]
    return _Programme(before, [each for each in migrations if each.key not in applied])


def _applied(laptop: Laptop) -> frozenset[object]:
    with laptop.session("rehearse") as (session, tables):
        return frozenset(each.key for each in read_history(session, tables).applied)


def _server(laptop: Laptop, scratch_url: str) -> ConnectionSettings:
    if not scratch_url:
        return laptop.settings
    try:
        return laptop.desk.redactor.hiding(from_environment(os.environ, scratch_url))
    except CredentialsMissingError as error:
        raise click.UsageError(f"--scratch-url: {error}") from None


def _show(desk: Desk, verdict: Verdict) -> None:
    style = "" if verdict.is_good else "red"
    desk.terminal.say(f"{verdict.path}: {verdict.finding}", style)
    for detail in verdict.details:
        desk.terminal.say(f"    {detail}")
    for table in verdict.moved:
        desk.terminal.say(f"    note: the columns of {table} stand in another order afterwards")
    for routine in verdict.laid_out:
        desk.terminal.say(f"    note: {routine} differs in white space and comments afterwards")


def _sum_up(desk: Desk, verdicts: Sequence[Verdict], lone_downs: Sequence[str]) -> None:
    numbers = Counter(each.finding for each in verdicts)
    if desk.terminal.as_json:
        desk.terminal.document(
            document(
                "rehearse",
                rehearsed=len(verdicts),
                findings={finding.value: numbers[finding] for finding in Finding},
                not_inverse_rate=round(rate(verdicts), 4),
                lone_downs=list(lone_downs),
                migrations=[_row(each) for each in verdicts],
            )
        )
        return
    if not verdicts:
        desk.terminal.say("there is nothing to rehearse: every migration is applied (--all takes them all)")
        return
    parts = [f"{numbers[finding]} {finding.value}" for finding in Finding if numbers[finding]]
    good = all(each.is_good for each in verdicts)
    desk.terminal.say(f"{count(len(verdicts), 'migration')}: {', '.join(parts)}", "green" if good else "red")


def _row(verdict: Verdict) -> dict[str, object]:
    migration = verdict.migration
    return {
        "kind": migration.kind.value,
        "name": migration.name,
        "release": migration.release.text,
        "up": migration.up.path,
        "down": migration.down.path if migration.down else None,
        "finding": verdict.finding.value,
        "details": list(verdict.details),
        "moved": list(verdict.moved),
        "laid_out": list(verdict.laid_out),
    }
