"""Which Jobs of a resource were heard of: only to decide whether they need be listed, never what is to be done.

A resource at rest that has only the finished Jobs of its last run's steps has nothing for the plan to find in a LIST,
and a LIST by label may cost the API server every Job of the namespace. Whatever is heard beside that, right or wrong,
leads to a LIST; and what that LIST found replaces what was heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbmigrations.controller.snapshot import JobState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dbmigrations.controller.snapshot import JobFacts

Key = tuple[str, str]
"""Namespace and name of a DatabaseMigration."""

UNFINISHED = ""
"""Stands for any Job that may still run."""


class Hearsay:
    """The names of finished Jobs, and whether there are others, by resource."""

    def __init__(self) -> None:
        self._jobs: dict[Key, set[str]] = {}

    def heard(self, key: Key, job: str, *, finished: bool) -> None:
        """An event told of a Job."""
        self._jobs.setdefault(key, set()).add(job if finished else UNFINISHED)

    def heard_end(self, key: Key, job: str) -> None:
        """An event told that a Job is gone."""
        self._jobs.get(key, set()).discard(job)

    def listed(self, key: Key, jobs: Iterable[JobFacts]) -> None:
        """These are its Jobs."""
        self._jobs[key] = {UNFINISHED if job.state is JobState.ACTIVE else job.name for job in jobs}

    def only_finished(self, key: Key, jobs: Iterable[str]) -> bool:
        """Whether nothing was heard of but that these have finished."""
        return self._jobs.get(key, set()) <= set(jobs)

    def forget(self, key: Key) -> None:
        """The resource is gone."""
        self._jobs.pop(key, None)
