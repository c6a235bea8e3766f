"""What a stopped run left behind, as the database says it, and what to do: nobody should have to guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.step import Direction
from dbmigrations.postgres.errors import EngineError
from dbmigrations.postgres.facts import read_history
from dbmigrations.runner.report.words import count, half_words
from dbmigrations.runner.steps.session import open_work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbmigrations.api.step import StepRequest
    from dbmigrations.release.history import DatabaseHistory
    from dbmigrations.runner.commands.laptop import Laptop
    from dbmigrations.runner.commands.looking import Look


def state_after(laptop: Laptop, command: str, request: StepRequest, seen: Look) -> tuple[str, ...]:
    """The state of the database now, in lines. Where it cannot be asked, that is said, and why it does not matter."""
    try:
        with open_work(request, laptop.context(), row_security=True) as work:
            history = read_history(work.session, work.tables)
    except EngineError as error:
        return (
            f"the database could not be asked for its state: {error}",
            "what was begun in a transaction is taken back by the server; the same command finds out and goes on",
        )
    return tuple(_state(command, request.version, seen, history))


def _state(command: str, version: str, seen: Look, history: DatabaseHistory) -> Iterator[str]:
    planned = seen.plan.migrations if seen.plan else ()
    applied = {row.key for row in history.applied}
    done = [m for m in planned if (m.key in applied) is (m.direction is Direction.UP)]
    yield (
        f"the database is at {history.current_version or 'no version'}; "
        f"{len(done)} of {count(len(planned), 'migration')} of the plan took effect"
    )
    for half in history.partial:
        yield half_words(half)
    if not history.partial:
        yield "nothing is half-done"
    words = {"rollback": f"rollback --to-version {version}", "baseline": f"baseline {version}"}
    yield f"next: `dbmigrate {words.get(command, f'migrate --to {version}')}` goes on from here"
