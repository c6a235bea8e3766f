"""What a person does after an error, in a sentence. Most messages hold their remedy; these are the ones that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.api.reasons import Failure, Waiting

if TYPE_CHECKING:
    from dbmigrations.api.reasons import Refusal

_AGAIN = "run the same command again"

_NEXT: dict[Failure | Waiting, str] = {
    Failure.RELEASE_INVALID: f"mend the file, then {_AGAIN}; `dbmigrate validate` needs no database",
    Failure.MIGRATION_FAILED: (
        "what was applied before stays applied, and of this migration what ran in a transaction was taken back. Mend "
        f"the file or the data, then {_AGAIN}: it goes on here. `dbmigrate history` shows what happened"
    ),
    Failure.VERIFY_FAILED: f"mend the data or the assertion, then {_AGAIN}; `dbmigrate verify` only looks",
    Failure.BACKUP_FAILED: f"nothing was changed. Mend what the message names, then {_AGAIN}",
    Failure.QUERY_FAILED: f"no migration ran. Mend what the message names, then {_AGAIN}",
    Failure.PLAN_CHANGED: f"{_AGAIN}: it is planned anew",
    Failure.INTERNAL: "the database is as the last finished statement left it; the log and a report help to mend this",
    Waiting.DATABASE: f"see that the server runs and that this login may enter, then {_AGAIN}",
    Waiting.LOCK: f"wait for the other session to end (or end it), then {_AGAIN}; --wait waits longer",
    Waiting.SOURCE: "name the release directory with --dir, or make one with `dbmigrate init`",
    Waiting.STEP_LOST: _AGAIN,
}


def next_step(reason: Refusal | Failure | Waiting | None) -> str:
    """What to do next; empty where the message says so itself."""
    return _NEXT.get(reason, "") if isinstance(reason, Failure | Waiting) else ""
