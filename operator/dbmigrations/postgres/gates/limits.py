"""What each gate allows, and which of them are closed by what was read. Pure: no clock, no connection."""

import math
from dataclasses import dataclass
from enum import StrEnum

COARSEST = 2.0
"""Seconds between two looks that leave a replica's lag known well enough, however small the limit is."""


class Gate(StrEnum):
    """The gates, by the names of their fields in a resource."""

    REPLICA_LAG = "replicaLag"
    REPLICA_LAG_SIZE = "replicaLagSize"
    RETAINED_WAL = "retainedWAL"
    OLDEST_TRANSACTION = "oldestTransaction"


@dataclass(frozen=True, slots=True)
class GateLimits:
    """How much of each is allowed; None: that gate stands open and is not looked at.

    Attributes:
        replica_lag: seconds between a change here and its replay on the slowest replica.
        replica_lag_size: bytes of WAL that the slowest replica has not replayed.
        retained_wal: bytes of WAL that a replication slot keeps this server from removing.
        oldest_transaction: seconds since the oldest transaction of others in this database began, prepared ones too.
    """

    replica_lag: float | None = None
    replica_lag_size: int | None = None
    retained_wal: int | None = None
    oldest_transaction: float | None = None

    @property
    def any(self) -> bool:
        """Whether there is a gate at all."""
        return self.watches_replicas or self.retained_wal is not None or self.oldest_transaction is not None

    @property
    def watches_replicas(self) -> bool:
        """Whether a gate is about replicas."""
        return self.replica_lag is not None or self.replica_lag_size is not None


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the WAL ended at a moment: `at` in seconds of a monotonic clock, `position` in bytes from its beginning."""

    at: float
    position: int


@dataclass(frozen=True, slots=True)
class Replica:
    """A replica that streams from this server, `replayed` bytes from the beginning of the WAL."""

    name: str
    replayed: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A replication slot and the bytes of WAL that are kept for it."""

    name: str
    retained: int
    active: bool


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """Somebody else's transaction: who, as text without row data, and its age in seconds."""

    who: str
    age: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at the server found. What no gate asks for is empty."""

    now: Mark
    replicas: tuple[Replica, ...] = ()
    slots: tuple[Slot, ...] = ()
    oldest: OpenTransaction | None = None


@dataclass(frozen=True, slots=True)
class ClosedGate:
    """A gate that does not let work through now.

    Attributes:
        gate: which.
        about: the replica, slot or transaction that it waits for; the same from look to look.
        why: what is the matter with that, how much it is, and the limit.
    """

    gate: Gate
    about: str
    why: str

    @property
    def key(self) -> tuple[Gate, str]:
        """What it waits for, without the figures."""
        return self.gate, self.about

    def __str__(self) -> str:
        """`replicaLag: replica east lags …`."""
        return f"{self.gate}: {self.about} {self.why}"


def closed_gates(limits: GateLimits, reading: Reading, marks: tuple[Mark, ...]) -> tuple[ClosedGate, ...]:
    """The gates that this reading closes.

    Args:
        limits: what is allowed.
        reading: what was found now.
        marks: the marks of earlier looks, oldest first (`remember`): a replica's lag is the age of the oldest that it
            has not replayed. pg_stat_replication.replay_lag is not taken: it stands still where replay does.
    """
    found = [
        *_lagging(limits.replica_lag, reading, marks),
        *_behind(limits.replica_lag_size, reading),
        *_retaining(limits.retained_wal, reading),
        *_old(limits.oldest_transaction, reading),
    ]
    return tuple(found)


def remember(marks: tuple[Mark, ...], reading: Reading, *, spacing: float) -> tuple[Mark, ...]:
    """The marks for the next look: with this one if it is `spacing` seconds after the last, without needless ones.

    The newest mark that every replica has replayed stays: it is the proof that they replay at all.
    """
    kept = marks
    moved = not marks or reading.now.position > marks[-1].position
    if not marks or (moved and reading.now.at - marks[-1].at >= spacing):
        kept = (*marks, reading.now)
    slowest = min((replica.replayed for replica in reading.replicas), default=reading.now.position)
    replayed = sum(mark.position <= slowest for mark in kept)
    return kept[max(0, replayed - 1) :]


def is_caught_up(reading: Reading, marks: tuple[Mark, ...]) -> bool:
    """Whether every replica has replayed all that was marked."""
    return not marks or all(replica.replayed >= marks[-1].position for replica in reading.replicas)


def _lagging(limit: float | None, reading: Reading, marks: tuple[Mark, ...]) -> list[ClosedGate]:
    closed = []
    for replica in reading.replicas if limit is not None else ():
        every = (*marks, reading.now)
        open_marks = [mark for mark in every if mark.position > replica.replayed]
        if limit is None or not open_marks:
            continue
        at_least = reading.now.at - open_marks[0].at
        # Between the newest mark that was replayed and the oldest that was not nobody looked; before the first
        # nobody ever did: it may be hours.
        replayed = every[: len(every) - len(open_marks)]
        at_most = reading.now.at - replayed[-1].at if replayed else math.inf
        if at_least > limit or at_most > max(limit, COARSEST):
            size = _size(reading.now.position - replica.replayed)
            why = f"lags {at_least:.1f} s or more behind ({size}), {limit:g} s are allowed"
            closed.append(ClosedGate(Gate.REPLICA_LAG, f"replica {replica.name}", why))
    return closed


def _behind(limit: int | None, reading: Reading) -> list[ClosedGate]:
    behind = [(reading.now.position - replica.replayed, replica) for replica in reading.replicas]
    return [
        ClosedGate(
            Gate.REPLICA_LAG_SIZE,
            f"replica {replica.name}",
            f"has not replayed {_size(size)} of WAL, {_size(limit)} are allowed",
        )
        for size, replica in behind
        if limit is not None and size > limit
    ]


def _retaining(limit: int | None, reading: Reading) -> list[ClosedGate]:
    return [
        ClosedGate(
            Gate.RETAINED_WAL,
            f"replication slot {slot.name}",
            f"({'active' if slot.active else 'nobody reads it'}) retains {_size(slot.retained)} of WAL, "
            f"{_size(limit)} are allowed",
        )
        for slot in reading.slots
        if limit is not None and slot.retained > limit
    ]


def _old(limit: float | None, reading: Reading) -> list[ClosedGate]:
    oldest = reading.oldest
    if limit is None or oldest is None or oldest.age <= limit:
        return []
    why = f"has been open for {oldest.age:.0f} s, {limit:g} s are allowed"
    return [ClosedGate(Gate.OLDEST_TRANSACTION, f"the transaction of {oldest.who}", why)]


def _size(number: int) -> str:
    value, unit = float(number), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:  # noqa: PLR2004  the step between two units
            break
        value, unit = value / 1024, larger
    return f"{value:.1f} {unit}" if unit != "B" else f"{number} B"
