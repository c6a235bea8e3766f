"""Waiting at the gates: before long work, and between its pieces.

A wait is bounded. What is done until then stays done (a journalled statement, a checkpoint), the step is tried again
later, and its message says which gate waits for what.
"""

import time
from dataclasses import dataclass, field

from dbmigrations.postgres.connection import Session
from dbmigrations.postgres.errors import GateClosedError
from dbmigrations.postgres.events import Listener, WaitingAtGate, silent
from dbmigrations.postgres.gates import reading
from dbmigrations.postgres.gates.limits import ClosedGate, Gate, GateLimits, Mark, closed_gates, is_caught_up, remember

_OFTEN = 1.0
"""Seconds: `pass_through` asks the server no more often, so that it may be called between batches of any size."""

_SHORTEST, _LONGEST = 0.25, 5.0
"""Seconds between two looks while a gate is closed."""

_QUIETLY = 1.0
"""Seconds of waiting that are not told: so long may it take to learn how far a replica has come."""

_AGAIN = 30.0
"""Seconds after which a wait is told again, with the figures of then."""


@dataclass
class Gates:
    """The gates of one session's work. Keeps what it has seen of the replicas: one object for all of the work.

    Attributes:
        limits: what is allowed.
        wait: seconds to wait at closed gates, each time anew.
        listener: is told which gate waits for what: when another one closes, and each 30 s.
    """

    limits: GateLimits = field(default_factory=GateLimits)
    wait: float = 600.0
    listener: Listener = silent
    _marks: tuple[Mark, ...] = ()
    _looked: float | None = None

    def check(self, session: Session) -> tuple[ClosedGate, ...]:
        """Look once: the gates that are closed now. Costs nothing where none is asked for.

        Args:
            session: outside a transaction: within one, the server shows the same again and again.

        Raises:
            PrivilegesMissingError: the role cannot see what a gate is about.
            EngineError: what the server said.
        """
        if not self.limits.any:
            return ()
        if self._looked is None:
            reading.check_sight(session, self.limits)
        found = reading.read(session, self.limits)
        closed = closed_gates(self.limits, found, self._marks)
        self._marks = remember(self._marks, found, spacing=_OFTEN)
        if self.limits.watches_replicas and not is_caught_up(found, self._marks):
            reading.nudge_replicas(session)
        self._looked = time.monotonic()
        return closed

    def pass_through(self, session: Session) -> None:
        """Go on as soon as all gates are open. Within a second of the last look it does not look again.

        Raises:
            GateClosedError: one is still closed at the end of the wait; its text says which waits for what.
            EngineError: as `check`.
        """
        if self._looked is not None and time.monotonic() - self._looked < _OFTEN:
            return
        began = time.monotonic()
        pause = _SHORTEST
        told: dict[tuple[Gate, str], float] = {}
        while closed := self.check(session):
            waited = time.monotonic() - began
            if waited >= self.wait:
                self._looked = None  # whoever comes back looks at once
                raise GateClosedError("; ".join(map(str, closed)))
            if waited >= _QUIETLY and any(waited - told.get(gate.key, -_AGAIN) >= _AGAIN for gate in closed):
                told.update({gate.key: waited for gate in closed})
                self.listener(WaitingAtGate(tuple(map(str, closed))))
            time.sleep(min(pause, self.wait - waited))
            pause = min(_LONGEST, pause * 1.5)
