"""`dbmigrate history`: what happened to the database, by whom, and with which exceptions."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from dbmigrations.postgres import history as rows
from dbmigrations.postgres.catalog.acceptances import acceptances
from dbmigrations.postgres.tables import installed
from dbmigrations.postgres.tampering import accepted_rows
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.laptop import at_laptop
from dbmigrations.runner.commands.leaf import Fork
from dbmigrations.runner.commands.options import Place, place_options
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.report import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.postgres.records import HistoryRow

REASON_SHOWN = 60
"""Characters of a reason that the table shows; `--json` has the whole."""

_COLUMNS = ("ID", "WHEN", "RELEASE", "KIND", "NAME", "WHAT", "TOOK", "BY")
_EXCEPTION = re.compile(
    r"(?P<line>\d+):(?P<column>\d+) (?P<directive>allow|class)=(?P<classes>[a-z,]+): (?P<reason>.*)"
)


class _BelowHistory(Fork):
    """The command below `history`, loaded when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names."""
        return ["replace-down"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """It; None where there is none of that name."""
        if cmd_name != "replace-down":
            return None
        found = import_module("dbmigrations.runner.commands.replace_down").replace_down_command
        return found if isinstance(found, click.Command) else None


@click.group("history", cls=_BelowHistory, invoke_without_command=True)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1), help="Rows, newest first.")
@place_options
@laptop_command
def history(desk: Desk, limit: int, place: Place) -> Exit:
    """Show what happened to the database, newest first: each migration, direction, outcome, by whom and when.

    WHY, where there is anything to say: the reason of what was recorded without being run (`version set`, `check
    --accept`, `history replace-down`), and the exceptions that a script declares. Accepted drift stands below, for it
    is of no migration, and so do rows that were changed by hand and accepted.
    """
    laptop = at_laptop(desk, place)
    with laptop.session("history") as (session, tables):
        is_there = installed(session, tables)
        found = rows.rows(session, tables, limit) if is_there else ()
        accepted = acceptances(session, tables, limit) if is_there else ()
        as_they_are = accepted_rows(session, tables, limit) if is_there else ()
    if desk.terminal.as_json:
        drift = [vars(each) | {"taken_at": each.taken_at.isoformat()} for each in accepted]
        as_accepted = [vars(each) | {"accepted_at": each.accepted_at.isoformat()} for each in as_they_are]
        desk.terminal.document(
            document("history", rows=[_row(row) for row in found], accepted_drift=drift, accepted_rows=as_accepted)
        )
    elif not found:
        desk.terminal.say("this database has no history yet")
    else:
        why = ["\n".join(_why(row)) for row in found]
        cells = [_cells(row) for row in found]
        if any(why):
            desk.terminal.table((*_COLUMNS, "WHY"), [(*each, said) for each, said in zip(cells, why, strict=True)])
        else:
            desk.terminal.table(_COLUMNS, cells)
    for each in () if desk.terminal.as_json else accepted:
        when = f"{each.taken_at:%Y-%m-%d %H:%M:%S}"
        desk.terminal.say(
            f"drift accepted at {each.version or 'no version'}, {when}, by {each.taken_by}: {each.reason}"
        )
    for row in () if desk.terminal.as_json else as_they_are:
        when = f"{row.accepted_at:%Y-%m-%d %H:%M:%S}"
        desk.terminal.say(f"rows up to {row.up_to} accepted as they are, {when}, by {row.accepted_by}: {row.reason}")
    return Exit.OK


def _cells(row: HistoryRow) -> tuple[str, ...]:
    what = row.outcome.value if not row.error else f"{row.outcome.value}: {row.error}"
    return (
        str(row.id),
        f"{row.applied_at:%Y-%m-%d %H:%M:%S}",
        row.release,
        row.kind.value,
        row.name,
        what,
        words.seconds(row.duration.total_seconds()),
        row.owner or row.requested_by or row.database_user,
    )


def _why(row: HistoryRow) -> Iterator[str]:
    if row.reason:
        yield _short(row.reason)
    for each in _exceptions(row):
        yield _short(f"{each['directive']}={','.join(each['classes'])}: {each['reason']}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= REASON_SHOWN else f"{line[: REASON_SHOWN - 1]}…"


def _exceptions(row: HistoryRow) -> list[dict[str, Any]]:
    found = (_EXCEPTION.fullmatch(line) for line in (row.exceptions or "").splitlines())
    return [
        {
            "line": int(each["line"]),
            "column": int(each["column"]),
            "directive": each["directive"],
            "classes": each["classes"].split(","),
            "reason": each["reason"],
        }
        for each in found
        if each is not None
    ]


def _row(row: HistoryRow) -> dict[str, Any]:
    plain = vars(row) | {
        "kind": row.kind.value,
        "direction": row.direction.value,
        "outcome": row.outcome.value,
        "applied_at": row.applied_at.isoformat(),
        "duration": row.duration.total_seconds(),
        "exceptions": _exceptions(row),
    }
    return dict(plain)
