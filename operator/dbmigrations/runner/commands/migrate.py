"""`dbmigrate migrate` and `dbmigrate rollback`: a run on a laptop, step by step as a cluster would do it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import click

from dbmigrations.api.words import Direction
from dbmigrations.runner.commands.answers import tell_dry_run, tell_nothing_to_do, tell_refusal, tell_settled
from dbmigrations.runner.commands.laptop import Laptop, at_laptop
from dbmigrations.runner.commands.leaf import Leaf
from dbmigrations.runner.commands.option_kinds import version_option
from dbmigrations.runner.commands.options import (
    Changing,
    Place,
    Planning,
    backfill_options,
    changing_options,
    place_options,
    planning_options,
    to_option,
)
from dbmigrations.runner.commands.running import Desk, laptop_command
from dbmigrations.runner.exits import Exit
from dbmigrations.runner.report.words import count
from dbmigrations.runner.source import newest_version

if TYPE_CHECKING:
    from dbmigrations.api.step import RequestedBackfill
    from dbmigrations.runner.commands.asking import Run
    from dbmigrations.runner.commands.looking import Look


@click.command("migrate", cls=Leaf)
@to_option
@place_options
@planning_options
@backfill_options
@changing_options
@laptop_command
def migrate(  # noqa: PLR0913 - one for each group of options
    desk: Desk,
    *,
    version: str | None,
    place: Place,
    planning: Planning,
    backfill: RequestedBackfill | None,
    changing: Changing,
) -> Exit:
    """Bring the database up to a version.

    The same steps as in a cluster: preflight, backup, then release by release schema, SQL, data and verify. What was
    interrupted or failed goes on where it stopped. Going down is `dbmigrate rollback`.

    It asks before it begins only where data would be lost, or something undone: on a terminal with the plan; elsewhere
    --yes says that it is meant, or nothing is done.
    """
    from dbmigrations.runner.commands.settled import question, still_settled

    laptop = at_laptop(desk, place)
    asked = question(laptop, version)
    if asked is not None and not changing.dry_run and not desk.terminal.as_json:
        at = still_settled(laptop, asked)
        if at is not None:
            return tell_settled(desk.terminal, at)
    from dbmigrations.runner.commands.asking import Run
    from dbmigrations.runner.commands.settled import remember
    from dbmigrations.runner.context import Wishes

    target = version or newest_version(laptop.sources.load(str(laptop.place.source)))
    wishes = Wishes(force_owned=changing.force_owned)
    run = Run("migrate", laptop.request(target, planning, backfill=backfill), wishes, changing)
    ended = carry_out(laptop, run)
    if ended.changed and ended.code is Exit.OK and asked is not None:
        remember(laptop, run, asked, version)
    return ended.code


@click.command("rollback", cls=Leaf)
@version_option("--to-version", "version", "Where to go back to.", also=("--to",), required=True)
@place_options
@planning_options
@backfill_options
@changing_options
@laptop_command
def rollback(  # noqa: PLR0913 - one for each group of options
    desk: Desk,
    *,
    version: str,
    place: Place,
    planning: Planning,
    backfill: RequestedBackfill | None,
    changing: Changing,
) -> Exit:
    """Go back to an earlier version: undo what was applied since, newest first, by the down scripts in the database.

    It takes a backup, says what would be lost, and asks before it begins (or needs --yes).
    """
    from dbmigrations.runner.commands.asking import Run
    from dbmigrations.runner.context import Wishes

    laptop = at_laptop(desk, place)
    wishes = Wishes(force_owned=changing.force_owned, down_is_asked=True)
    run = Run("rollback", laptop.request(version, planning, backfill=backfill), wishes, changing)
    return carry_out(laptop, run).code


class Ended(NamedTuple):
    """How a command ended, and whether it ran any step."""

    code: Exit
    changed: bool = False


def carry_out(laptop: Laptop, run: Run) -> Ended:
    """Look, ask where something would be undone or lost, run, tell.

    Where another run took the place of this one, it is waited for, and then all of that again with a new run.

    Raises:
        LockHeldError: other runs went first for as long as locks are waited for.
    """
    from dbmigrations.runner.commands.turns import await_turn

    deadline = None
    while (ended := _attempt(laptop, run)) is None:
        deadline = deadline or time.monotonic() + run.request.timeouts.wait
        await_turn(run.request, laptop.context(run.wishes), deadline)
        run = replace(run, request=run.request.model_copy(update={"run": str(uuid4())}))
    return ended


def _attempt(laptop: Laptop, run: Run) -> Ended | None:
    """One run from look to end; None: another took its place."""
    from dbmigrations.runner.commands.looking import look

    terminal = laptop.desk.terminal
    context = laptop.context(run.wishes)
    seen = look(run.request, context, context.sources.load(run.request.source))
    if run.request.baseline:
        _check_baseline(seen)
    if seen.refusal is not None:
        return Ended(tell_refusal(terminal, run.command, seen))
    _check_way(seen, goes_down=run.wishes.down_is_asked)
    if run.changing.dry_run:
        return Ended(tell_dry_run(terminal, run.command, seen))
    if seen.nothing_to_do:
        return Ended(tell_nothing_to_do(terminal, run.command, seen))
    from dbmigrations.runner.commands.running_steps import run_to_its_end, without_plan
    from dbmigrations.runner.context import Seen

    if _must_ask(run, seen):
        if not _ask(laptop, seen):
            terminal.aside("nothing was changed")
            return Ended(Exit.REFUSED)
        context = replace(context, report=without_plan(context.report))
    else:
        context = replace(context, seen=Seen(seen.facts, time.monotonic()))
    code = run_to_its_end(laptop, run, seen, context)
    return None if code is None else Ended(code, changed=True)


def _check_baseline(seen: Look) -> None:
    """`baseline` runs nothing: what would be run instead is the other commands' business, whatever else forbids it."""
    if seen.plan is None or not seen.plan.migrations:
        return
    version = seen.facts.version
    up = f"`dbmigrate migrate --to {version}`"
    if not seen.facts.history.exists:
        raise click.UsageError(f"a baseline runs nothing, and this database is empty: {up} builds it")
    going = f"`dbmigrate rollback --to-version {version}` goes back" if seen.plan.downs else f"{up} goes on from there"
    raise click.UsageError(
        f"a baseline is for a database without a history, and this one has one ({seen.current_version or 'no version'})"
        f": {going}; `dbmigrate version set {version} --reason …` records what was done by hand"
    )


def _check_way(seen: Look, *, goes_down: bool) -> None:
    """`migrate` never goes down, `rollback` never only up: the words on the command line mean what they say."""
    directions = {migration.direction for migration in seen.plan.migrations} if seen.plan else set()
    if goes_down and directions == {Direction.UP}:
        raise click.UsageError(
            f"{seen.facts.version} is ahead of the database ({seen.current_version or 'no version'}): "
            f"`dbmigrate migrate --to {seen.facts.version}` goes there"
        )
    if not goes_down and directions == {Direction.DOWN}:
        raise click.UsageError(
            f"the database is ahead of {seen.facts.version}: `dbmigrate rollback --to-version {seen.facts.version}`"
        )


def _must_ask(run: Run, seen: Look) -> bool:
    """Whether a person decides: something would be undone or lost."""
    if run.changing.yes or seen.plan is None or seen.summary is None:
        return False
    return bool(seen.plan.downs) or seen.summary.data_loss.any


def _ask(laptop: Laptop, seen: Look) -> bool:
    """Show the plan, and ask."""
    terminal = laptop.desk.terminal
    if not terminal.is_interactive:
        from dbmigrations.runner.report.plan_text import loss_words

        downs = len(seen.plan.downs) if seen.plan else 0
        undone = f"undoes {count(downs, 'migration')} (data loss: " if downs else "may lose data ("
        loss = loss_words(seen.summary.data_loss) if seen.summary else "none"
        raise click.UsageError(f"this {undone}{loss}); nobody can be asked here: --yes says that it is meant")
    for line in seen.lines():
        terminal.aside(line)
    return terminal.confirm(f"Run this plan on {laptop.settings}?")
