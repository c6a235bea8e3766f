"""What a laptop asks for: a run, and the request of its preflight as the operator would send it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from dbmigrations.api.step import (
    RequestedBackfill,
    RequestedBackup,
    RequestedPolicy,
    RequestedTimeouts,
    Requester,
    StepRef,
    StepRequest,
)
from dbmigrations.api.words import BackupWhen, StepName
from dbmigrations.runner.commands.laptop import who

if TYPE_CHECKING:
    from dbmigrations.runner.commands.laptop import Laptop
    from dbmigrations.runner.commands.options import Changing, Planning
    from dbmigrations.runner.context import Wishes

NOBODY = Requester(cluster="", namespace="", name="", uid="", generation=0)
"""A laptop: it never owns a database."""


@dataclass(frozen=True)
class Run:
    """What is to be run, and how."""

    command: str
    request: StepRequest
    wishes: Wishes
    changing: Changing


def first_request(
    laptop: Laptop, version: str, planning: Planning | None, *, baseline: str, backfill: RequestedBackfill | None
) -> StepRequest:
    """The request of a new run's preflight."""
    place = laptop.place
    return StepRequest(
        step=StepRef(name=StepName.PREFLIGHT),
        run=str(uuid4()),
        requester=NOBODY,
        version=version,
        schema_name=laptop.schema,
        history_schema=place.history_schema,
        role=place.role,
        source=str(place.source.absolute()),
        policy=planning.policy if planning else RequestedPolicy(),
        backup=planning.backup if planning else RequestedBackup(when=BackupWhen.NEVER),
        timeouts=RequestedTimeouts(lock=place.lock_timeout, wait=place.wait, statement=place.statement_timeout, step=0),
        gates=place.gates,
        backfill=backfill,
        baseline=baseline,
        approved_plan=planning.approve if planning else "",
        requested_by=who(),
    )
