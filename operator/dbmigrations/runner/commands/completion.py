"""`dbmigrate completion`: the script with which a shell completes commands, options and versions."""

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from dbmigrations.runner.commands.answers import document
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.exits import Exit

PROGRAM = "dbmigrate"
VARIABLE = "_DBMIGRATE_COMPLETE"

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
@laptop_command
def completion(desk: Desk, context: click.Context, shell: str) -> Exit:
    """Print the completion script of a shell, to be sourced by its start-up file.

    bash: `source <(dbmigrate completion bash)`. zsh: the same with zsh, after compinit. fish: `dbmigrate completion
    fish | source`.
    """
    complete = _SHELLS[shell](context.find_root().command, {}, PROGRAM, VARIABLE)
    script = complete.source_template % complete.source_vars()  # without asking a bash for its version
    if desk.terminal.as_json:
        desk.terminal.document(document("completion", shell=shell, script=script))
    else:
        desk.terminal.say(script.strip())
    return Exit.OK
