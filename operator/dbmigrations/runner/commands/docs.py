"""`dbmigrate docs`: the ledger as a page for people. Asks no database."""

import difflib
from pathlib import Path

import click

from dbmigrations.release import files
from dbmigrations.release.version_page import PAGE, version_page
from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.options import source_option
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.source import load_source

_DIFFERENCES_SHOWN = 20
"""Lines of difference that --check shows."""

_LIMIT = 32 << 20
"""Bytes of the page."""


@click.command("docs", cls=Leaf)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where the page is not what the ledger says.")
@source_option
@laptop_command
def docs(desk: Desk, source: Path, *, check: bool) -> Exit:
    """Write DATABASE_VERSION.md from the ledger: every release with what it is about, its migrations, its way back."""
    directory = load_source(str(source))
    text = version_page(directory)
    before = _present(directory.root)
    agrees = before == text
    if not check and not agrees:
        _write(directory.root / PAGE, text)
    if desk.terminal.as_json:
        desk.terminal.document(
            document("docs", file=PAGE, agrees=agrees or not check, written=not check and not agrees)
        )
    elif agrees:
        desk.terminal.say(f"{PAGE} says what the ledger says", "green")
    elif check:
        _show_difference(desk, before, text)
    else:
        desk.terminal.say(f"wrote {PAGE}", "green")
    return Exit.FINDINGS if check and not agrees else Exit.OK


def _present(root: Path) -> str | None:
    """The page as it is, whatever line ends Git gave it; None: there is none, or none that can be read."""
    try:
        return files.decode(files.read_bytes(root, PAGE, _LIMIT)).replace("\r\n", "\n")
    except files.UnreadableError:
        return None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise click.UsageError(f"{PAGE} cannot be written: {error.strerror}") from None


def _show_difference(desk: Desk, before: str | None, text: str) -> None:
    if before is None:
        desk.terminal.say(f"{PAGE} is not there: `dbmigrate docs` writes it", "red")
        return
    desk.terminal.say(f"{PAGE} is not what the ledger says: `dbmigrate docs` writes it anew", "red")
    difference = list(difflib.unified_diff(before.splitlines(), text.splitlines(), "as it is", "as it should be", n=1))
    for line in difference[:_DIFFERENCES_SHOWN]:
        desk.terminal.say(line.rstrip("\n"))
    if len(difference) > _DIFFERENCES_SHOWN:
        desk.terminal.say(f"… and {len(difference) - _DIFFERENCES_SHOWN} lines more")
