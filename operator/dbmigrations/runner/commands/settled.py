"""Whether a run has nothing to do, as a look before has found it: without another look.

The question is the release directory, byte by byte, the version that is asked for, where, and this program's version.
What else a command line says (policies, backups, times) concerns only runs that have something to do.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from dbmigrations.postgres import settled
from dbmigrations.postgres.errors import EngineError
from dbmigrations.release.content import content_digest
from dbmigrations.runner.interruption import Interrupted
from dbmigrations.runner.program import runner_version

if TYPE_CHECKING:
    from dbmigrations.runner.commands.asking import Run
    from dbmigrations.runner.commands.laptop import Laptop


def question(laptop: Laptop, version: str | None) -> str | None:
    """What is asked; None: the directory is not one that can be compared."""
    content = content_digest(laptop.place.source)
    if content is None:
        return None
    place = laptop.place
    words = (runner_version(), version or "newest", laptop.schema, place.history_schema, place.role, content)
    return sha256("\0".join(words).encode()).hexdigest()


def still_settled(laptop: Laptop, asked: str) -> str | None:
    """The database's version, where it was seen before that nothing is to be done; None: a look must tell.

    Raises:
        ReleaseInvalidError, SourceMissingError: no connection, and a directory that would not do either.
        EngineError: no connection.
    """
    try:
        with laptop.session("migrate") as (session, tables):
            return settled.recall(session, tables, laptop.schema, asked)
    except EngineError:
        laptop.sources.load(str(laptop.place.source))
        raise


def remember(laptop: Laptop, run: Run, asked: str, version: str | None) -> None:
    """Behind a run that succeeded: look whether anything is left, and if not, note it.

    Whatever keeps it from that is no matter: the run is over, and the next look takes its time.
    """
    from dbmigrations.runner.gather import gather
    from dbmigrations.runner.preflight.decision import Planned, decide
    from dbmigrations.runner.steps.session import locked, open_work

    context = laptop.context(run.wishes)
    try:
        with open_work(run.request, context, row_security=False) as work, locked(work, wait=0):
            before = settled.state(work.session, work.tables, laptop.schema)
            facts = gather(work, context.sources.load(run.request.source))
            decision = decide(facts)
            # The directory was read when the run began: it must still be what it was before that.
            same = question(laptop, version) == asked
            if before and same and facts.owner is None and isinstance(decision, Planned) and decision.next is None:
                settled.remember(work.session, work.tables, asked, before, facts.history.current_version)
    except EngineError:
        return
    except Interrupted:
        laptop.desk.interruption.answer()
