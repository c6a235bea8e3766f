"""The sequence of steps of a plan: what the run row stores and every result's `next` is taken from."""

from dataclasses import dataclass

from dbmigrations.api.step import StepName, StepRef


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step. Preflight is the one with ordinal 0; the position in the sequence equals the ordinal."""

    ordinal: int
    name: StepName
    release: str = ""
    migrations: tuple[int, ...] = ()
    """Indexes into the plan's migrations, consecutive; of Baseline: into the plan's `baselined`."""

    @property
    def ref(self) -> StepRef:
        """As the request and the result name it."""
        return StepRef(name=self.name, release=self.release, ordinal=self.ordinal)


Steps = tuple[PlannedStep, ...]


def next_ref(steps: Steps, ordinal: int) -> StepRef | None:
    """The step after one; None: the run is over."""
    return steps[ordinal + 1].ref if ordinal + 1 < len(steps) else None
