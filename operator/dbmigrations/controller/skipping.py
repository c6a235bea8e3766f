"""Steps that had nothing to do, shown as Skipped. For people only: the runner alone knows what follows what."""

from collections.abc import Iterator

from dbmigrations.api.status import StepState, StepStatus
from dbmigrations.api.step import PlanDirection, PlanSummary, StepName, StepRef

_UP = (StepName.SCHEMA, StepName.SQL, StepName.DATA)
_ORDERS = {PlanDirection.UP: _UP, PlanDirection.DOWN: tuple(reversed(_UP))}


def with_skipped(steps: tuple[StepStatus, ...], following: StepRef, plan: PlanSummary | None) -> tuple[StepStatus, ...]:
    """The run's steps so far, with those that were left out before the following one.

    A ledger may put a kind of migration after another than is usual: an entry that turns out to run is shown once.
    """
    kept = tuple(one for one in steps if not (one.state is StepState.SKIPPED and _same(one, following)))
    order = _ORDERS.get(plan.direction) if plan is not None else None
    if order is None:
        return kept
    left_out = (*_backup(kept, following), *_rest_of_last_release(kept, following, order), *_before(following, order))
    known = {(one.name, one.release) for one in kept}
    return (*kept, *(one for one in left_out if (one.name, one.release) not in known))


def _backup(steps: tuple[StepStatus, ...], following: StepRef) -> Iterator[StepStatus]:
    if following.name in _UP and all(one.name is not StepName.BACKUP for one in steps):
        yield _skipped(StepName.BACKUP, "", following)


def _rest_of_last_release(
    steps: tuple[StepStatus, ...], following: StepRef, order: tuple[StepName, ...]
) -> Iterator[StepStatus]:
    release = next((one.release for one in reversed(steps) if one.name in _UP), following.release)
    done = {one.name for one in steps if one.release == release and one.name in _UP}
    if done and (following.name not in _UP or following.release != release):
        yield from (_skipped(name, release, following) for name in order if name not in done)


def _before(following: StepRef, order: tuple[StepName, ...]) -> Iterator[StepStatus]:
    if following.name in _UP:
        yield from (_skipped(name, following.release, following) for name in order[: order.index(following.name)])


def _skipped(name: StepName, release: str, before: StepRef) -> StepStatus:
    return StepStatus(name=name, release=release, ordinal=before.ordinal, state=StepState.SKIPPED)


def _same(one: StepStatus, other: StepRef) -> bool:
    return one.name is other.name and one.release == other.release
