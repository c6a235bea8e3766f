"""`python -m dbmigrations.runner.reference [ROOT]`: write docs/reference from the commands and their documents."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from dbmigrations.runner.documents import DOCUMENTS, schema_file, schema_of
from dbmigrations.runner.exits import MEANINGS
from dbmigrations.runner.main import cli

PATH = "docs/reference/cli.md"
"""From the root of the repository."""

SCHEMAS = "docs/reference/json"
"""The folder of the schemas of `--json`, from the root of the repository."""

_HEAD = """\
<!-- Generated from the commands by `make generate`; edit those. -->
# The command line: `dbmigrate`

`--dir` says where the release directory is. The answer goes to standard output, everything else to standard error.
With `--json` the answer is one JSON document with a `format` and a `command`, or with an `error` of `outcome`,
`reason`, `message` and `exit`; fields are only ever added under the same `format`, and [json](json) holds a schema for
each command. Progress and colours appear on a terminal only, colours not where `NO_COLOR` is set. Commands that change
something write `migration_YYYYMMDD_HHMM.log` (`--log-dir`) as well.

A laptop never owns a database. Commands that change one which a DatabaseMigration owns refuse, unless forced.

## Where the database is

The first that is given: `--url`, `DATABASE_URL`, a service file (`PGSERVICE`, `PGSERVICEFILE`), the variables `PGHOST`,
`PGPORT`, `PGDATABASE`, `PGUSER`, `PGPASSWORD`, `PGSSLMODE`, `PGSSLROOTCERT`. What a URL leaves open, libpq fills from
the service file and the variables; a password that nobody gives is looked for in the password file (`PGPASSFILE`,
`~/.pgpass`). A URL may name a service (`postgresql://?service=shop`), a socket
(`postgresql://user@%2Fvar%2Frun%2Fpostgresql/shop`) or an IPv6 address (`[::1]`); what is special in user, password and
name is percent-encoded. Prisma's parameters (`?schema=`, `sslaccept`, `pgbouncer`, …) are understood.

## Exit codes

| code | meaning |
|---|---|
"""

_STREAMS = """
That nobody reads stops nothing: where the reader of standard output or standard error went away (`| head`), or one of
them was closed, a command does its work to the end, quietly, and ends with the code that it would have had.
"""


def reference() -> str:
    """The whole page."""
    codes = "".join(f"| {int(code)} | {meaning} |\n" for code, meaning in MEANINGS.items())
    return f"{_HEAD}{codes}{_STREAMS}\n## Commands\n{''.join(_commands(cli, 'dbmigrate'))}".rstrip() + "\n"


def _commands(group: click.Group, path: str) -> Iterator[str]:
    for name, command in commands_of(group):
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield _section(command, f"{path} {name}")
            yield from _commands(command, f"{path} {name}")
        else:
            yield _section(command, f"{path} {name}")


def commands_of(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """The commands of a group with their names, in the order of its help."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            yield name, command


def _section(command: click.Command, path: str) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    rows = [_row(option, context) for option in command.params if isinstance(option, click.Option)]
    table = "| option | |\n|---|---|\n" + "".join(rows)
    return f"\n### `{path}`\n\n`{path} {usage}`\n\n{_prose(command.help or '')}\n\n{table}"


def _row(option: click.Option, context: click.Context) -> str:
    names, text = option.get_help_record(context) or ("", "")
    return f"| `{_cell(names)}` | {_cell(text)} |\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _prose(text: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def pages() -> dict[str, str]:
    """Every generated file, by its path from the root of the repository."""
    schemas = {f"{SCHEMAS}/{schema_file(command)}": _schema_text(command) for command in DOCUMENTS}
    return {PATH: reference(), **schemas}


def _schema_text(command: str) -> str:
    return json.dumps(schema_of(command), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the pages that changed, and remove the schemas of commands that are gone."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    wanted = pages()
    for name, text in wanted.items():
        path = root / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {name}\n")
    for path in (root / SCHEMAS).glob("*.schema.json"):
        if f"{SCHEMAS}/{path.name}" not in wanted:
            path.unlink()
            sys.stdout.write(f"removed {path.name}\n")


if __name__ == "__main__":
    main()
