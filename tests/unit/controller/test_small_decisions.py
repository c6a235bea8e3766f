"""The small pure parts: durations, the inputs of a run, pauses, pinned images, skipped steps, transitions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbmigrations.api.spec import DatabaseMigrationSpec
from dbmigrations.api.status import DatabaseMigrationStatus, Phase, RunImages, RunStatus, StepState, StepStatus
from dbmigrations.api.step import PlanDirection, PlanSummary, StepName, StepRef
from dbmigrations.controller.actions import EventType, ReadyChanged, StepEnded
from dbmigrations.controller.backoff import FIRST, LAST, delay
from dbmigrations.controller.conditions import (
    AwaitingApproval,
    Deleting,
    Outlook,
    Progressing,
    Ready,
    Retrying,
    Stalled,
    Suspended,
    Waiting,
    conditions_of,
)
from dbmigrations.controller.durations import seconds
from dbmigrations.controller.images import pinned_images
from dbmigrations.controller.inputs import inputs_digest
from dbmigrations.controller.naming import MAIN_CONTAINER, SOURCE_CONTAINER
from dbmigrations.controller.phases import phase_of
from dbmigrations.controller.reading import read_spec
from dbmigrations.controller.skipping import with_skipped
from dbmigrations.controller.snapshot import ContainerFacts, PodFacts, PodPhase
from dbmigrations.controller.texts import clip
from dbmigrations.controller.transitions import events_of, transitions_between
from tests.rules.condition_rules import broken_rules
from tests.unit.controller.cluster_model import default_spec

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500ms", 0.5), ("1s", 1.0), ("10m", 600.0), ("1h30m", 5400.0), ("1.5h", 5400.0), ("1m500ms", 60.5), ("0s", 0.0)],
)
def test_durations_are_seconds(text: str, expected: float) -> None:
    assert seconds(text) == expected


def digest(**spec: object) -> str:
    read = read_spec(default_spec("1.0.0", **spec))
    assert isinstance(read, DatabaseMigrationSpec)
    return inputs_digest(read)


def test_a_default_written_out_is_no_change_of_the_inputs() -> None:
    written = {"secretRef": {"name": "shop-db"}, "port": 5432, "tls": {"mode": "prefer"}}

    assert digest() == digest(database=written) == digest(policy={"rollback": "Automatic"}, approvedPlan="")


@given(attempt=st.integers(1, 10_000), ordinal=st.integers(0, 100), run=st.text(max_size=36))
def test_a_pause_lies_between_two_seconds_and_five_minutes_and_is_decided_by_the_attempt(
    run: str, ordinal: int, attempt: int
) -> None:
    pause = delay(run, ordinal, attempt)

    assert FIRST <= pause <= LAST
    assert pause == delay(run, ordinal, attempt)


def test_pauses_of_many_resources_are_spread() -> None:
    pauses = {round(delay(f"run-{number}", 0, 10)) for number in range(100)}

    assert len(pauses) > 50


def pod_with(runner: str, source: str = "") -> PodFacts:
    containers = (
        ContainerFacts(name=SOURCE_CONTAINER, init=True, image_id=source),
        ContainerFacts(name=MAIN_CONTAINER, image_id=runner),
    )
    return PodFacts(name="p", uid="p", job="j", phase=PodPhase.RUNNING, containers=containers)


PINS = {
    "pulled": ("ghcr.io/acme/runner:1", f"ghcr.io/acme/runner@{DIGEST}", f"ghcr.io/acme/runner@{DIGEST}"),
    "with a port": ("reg:5000/runner:1", f"reg:5000/runner@{DIGEST}", f"reg:5000/runner@{DIGEST}"),
    "of an old node": ("reg.io/r:1", f"docker-pullable://reg.io/r@{DIGEST}", f"reg.io/r@{DIGEST}"),
    "Docker Hub's short name": ("acme/runner:1", f"docker.io/acme/runner@{DIGEST}", f"acme/runner@{DIGEST}"),
    "Docker Hub's library": ("runner:1", f"docker.io/library/runner@{DIGEST}", f"runner@{DIGEST}"),
    "imported, not pulled": ("docker.io/local/runner:1", DIGEST, "docker.io/local/runner:1"),
    "known by another name": ("ghcr.io/acme/runner:1", f"quay.io/other@{DIGEST}", "ghcr.io/acme/runner:1"),
    "not reported yet": ("ghcr.io/acme/runner:1", "", "ghcr.io/acme/runner:1"),
    "pinned already": (f"r.io/r@{DIGEST}", f"r.io/r@sha256:{'b' * 64}", f"r.io/r@{DIGEST}"),
}


@pytest.mark.parametrize(("reference", "reported", "pinned"), PINS.values(), ids=PINS.keys())
def test_an_image_is_pinned_where_it_can_be_pulled_again_by_its_digest(
    reference: str, reported: str, pinned: str
) -> None:
    images = pinned_images(RunImages(runner=reference, source=reference), [pod_with(reported, reported)])

    assert (images.runner, images.source) == (pinned, pinned)


def test_a_source_that_is_no_image_is_not_pinned() -> None:
    assert pinned_images(RunImages(runner="r"), [pod_with("", f"x@{DIGEST}")]).source == ""


def entry(name: StepName, release: str = "", state: StepState = StepState.SUCCEEDED) -> StepStatus:
    return StepStatus(name=name, release=release, state=state)


def plan_of(direction: PlanDirection) -> PlanSummary:
    return PlanSummary(hash="h", direction=direction, migrations=1)


UP, DOWN, MIXED = (plan_of(one) for one in (PlanDirection.UP, PlanDirection.DOWN, PlanDirection.MIXED))
PREFLIGHT, BACKUP = entry(StepName.PREFLIGHT), entry(StepName.BACKUP)

SKIPS: dict[str, tuple[tuple[StepStatus, ...], StepName, str, PlanSummary | None, list[str]]] = {
    "nothing": ((PREFLIGHT, BACKUP), StepName.SCHEMA, "1", UP, []),
    "a backup": ((PREFLIGHT,), StepName.SCHEMA, "1", UP, ["Backup"]),
    "schema": ((PREFLIGHT, BACKUP), StepName.SQL, "1", UP, ["Schema 1"]),
    "the rest of a release": (
        (PREFLIGHT, BACKUP, entry(StepName.SCHEMA, "1")),
        StepName.VERIFY,
        "1",
        UP,
        ["SQL 1", "Data 1"],
    ),
    "mirrored": ((PREFLIGHT, BACKUP), StepName.SCHEMA, "2", DOWN, ["Data 2", "SQL 2"]),
    "the rest on the way down": (
        (PREFLIGHT, BACKUP, entry(StepName.DATA, "2")),
        StepName.SCHEMA,
        "1",
        DOWN,
        ["SQL 2", "Schema 2", "Data 1", "SQL 1"],
    ),
    "nothing where only a verification is missing": ((PREFLIGHT,), StepName.VERIFY, "1", UP, []),
    "nothing where the way is mixed": ((PREFLIGHT,), StepName.SCHEMA, "1", MIXED, []),
    "nothing without a plan": ((), StepName.PREFLIGHT, "", None, []),
}


@pytest.mark.parametrize(("steps", "name", "release", "plan", "skipped"), SKIPS.values(), ids=SKIPS.keys())
def test_steps_left_out_are_shown_as_skipped(
    steps: tuple[StepStatus, ...], name: StepName, release: str, plan: PlanSummary | None, skipped: list[str]
) -> None:
    found = with_skipped(steps, StepRef(name=name, release=release, ordinal=5), plan)

    assert [f"{one.name} {one.release}".rstrip() for one in found[len(steps) :]] == skipped
    assert {one.state for one in found[len(steps) :]} <= {StepState.SKIPPED}


def test_a_kind_that_comes_later_than_usual_is_shown_once() -> None:
    """A ledger may ask for SQL before schema."""
    steps = with_skipped((PREFLIGHT, BACKUP), StepRef(name=StepName.SQL, release="1"), UP)
    steps = (*steps, entry(StepName.SQL, "1"))

    found = with_skipped(steps, StepRef(name=StepName.SCHEMA, release="1"), UP)

    assert [one.name for one in found] == [StepName.PREFLIGHT, StepName.BACKUP, StepName.SQL]


OUTLOOKS: list[tuple[Outlook, Phase]] = [
    (Ready("m"), Phase.READY),
    (Progressing("m"), Phase.PENDING),
    (Waiting("WaitingForDatabase", "m"), Phase.WAITING),
    (Retrying("m"), Phase.PENDING),
    (AwaitingApproval("m"), Phase.AWAITING_APPROVAL),
    (Stalled("VerifyFailed", "m"), Phase.STALLED),
    (Suspended("m"), Phase.SUSPENDED),
    (Deleting("m"), Phase.DELETING),
]


@pytest.mark.parametrize(("outlook", "phase"), OUTLOOKS, ids=lambda one: type(one).__name__)
def test_every_outlook_has_conditions_that_break_no_rule_and_a_phase(outlook: Outlook, phase: Phase) -> None:
    conditions = conditions_of(outlook, (), 3, NOON)
    status = DatabaseMigrationStatus(observed_generation=3, conditions=conditions)

    assert broken_rules({"metadata": {"generation": 3}, "status": status.to_wire()}) == []
    assert phase_of(outlook, status) is phase


@pytest.mark.parametrize("before", [one for one, _ in OUTLOOKS], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("after", [one for one, _ in OUTLOOKS], ids=lambda one: type(one).__name__)
def test_a_time_moves_exactly_when_its_status_does(before: Outlook, after: Outlook) -> None:
    later = NOON + timedelta(minutes=1)
    first = {one.type: one for one in conditions_of(before, (), 1, NOON)}

    for one in conditions_of(after, tuple(first.values()), 2, later):
        kept = one.type in first and first[one.type].status == one.status
        assert one.last_transition_time == (NOON if kept else later)
        assert one.observed_generation == 2


@pytest.mark.parametrize(
    ("step", "direction", "phase"),
    [
        (StepName.PREFLIGHT, PlanDirection.UP, Phase.PREFLIGHT),
        (StepName.BASELINE, PlanDirection.NONE, Phase.BASELINING),
        (StepName.BACKUP, PlanDirection.DOWN, Phase.BACKING_UP),
        (StepName.SCHEMA, PlanDirection.UP, Phase.MIGRATING_SCHEMA),
        (StepName.SQL, PlanDirection.UP, Phase.MIGRATING_SQL),
        (StepName.DATA, PlanDirection.MIXED, Phase.MIGRATING_DATA),
        (StepName.DATA, PlanDirection.DOWN, Phase.ROLLING_BACK),
        (StepName.VERIFY, PlanDirection.DOWN, Phase.VERIFYING),
    ],
)
def test_the_phase_follows_the_step(step: StepName, direction: PlanDirection, phase: Phase) -> None:
    run = RunStatus(id="r", steps=(entry(step, state=StepState.RUNNING),))

    assert phase_of(Progressing("m"), DatabaseMigrationStatus(run=run, plan=plan_of(direction))) is phase


def test_texts_are_cut_with_an_ellipsis() -> None:
    assert clip("x" * 10, 10) == "x" * 10
    assert clip("x" * 11, 10) == "x" * 9 + "…"


def test_the_end_of_a_step_is_told_once_with_its_duration() -> None:
    step = StepStatus(name=StepName.SQL, state=StepState.RUNNING, job="j", attempts=2, started_at=NOON)
    before = DatabaseMigrationStatus(run=RunStatus(id="r", steps=(step,)))
    ended = step.model_copy(update={"state": StepState.FAILED, "reason": "MigrationFailed", "message": "a.sql:1:1"})
    after = DatabaseMigrationStatus(run=RunStatus(id="r", steps=(ended,)))

    (told,) = transitions_between(before, after, NOON + timedelta(seconds=7))

    assert isinstance(told, StepEnded)
    assert (told.attempt, told.seconds, told.reason) == (2, 7.0, "MigrationFailed")
    assert transitions_between(after, after, NOON) == ()
    (event,) = events_of((told,))
    assert (event.type, event.reason, event.message) == (EventType.WARNING, "StepFailed", "SQL: a.sql:1:1")


@pytest.mark.parametrize("reason", ["Progressing", "AwaitingApproval", "Suspended", "Deleting"])
def test_what_is_no_trouble_is_no_warning(reason: str) -> None:
    (event,) = events_of((ReadyChanged("Unknown", reason, "so it is"),))
    (trouble,) = events_of((ReadyChanged("Unknown", "WaitingForPod", "quota"),))

    assert (event.type, trouble.type) == (EventType.NORMAL, EventType.WARNING)
