"""A circuit breaker: after a refusal the feed is left alone for a while, without a request.

Pure logic on a monotonic clock that is handed in; the feed calls it from the event loop only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RATE_LIMIT_SECONDS = 300.0
"""The first pause after a 429; reports tell of bans over a quarter of an hour, so it doubles."""

RATE_LIMIT_MAX_SECONDS = 1800.0
"""The longest pause after repeated 429s."""

FAULT_SECONDS = 30.0
"""The pause after FAULTS_TO_OPEN time-outs, 5xx or broken answers in a row."""

FAULTS_TO_OPEN = 5


class CircuitState(StrEnum):
    """Closed lets everything through, open nothing, half-open a single probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Cause(StrEnum):
    """Why the circuit opened."""

    RATE_LIMIT = "rate limit"
    FAULTS = "faults"


class CircuitOpen(Exception):
    """The circuit lets nothing through, because of `cause`, for `seconds` more."""

    def __init__(self, cause: Cause, seconds: float) -> None:
        super().__init__(f"open because of {cause}, for {seconds:.0f} s more")
        self.cause = cause
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call; outcomes of permits older than the last change of state are moot."""

    generation: int


class Circuit:
    """One circuit per feed. Each admitted call reports exactly one outcome with its permit."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._generation = 0
        self._faults = 0
        self._refusals = 0
        self._cause: Cause | None = None
        self._open_until = 0.0
        self._probing = False

    @property
    def state(self) -> CircuitState:
        """What a call made now would meet."""
        if self._cause is None:
            return CircuitState.CLOSED
        if self._monotonic() < self._open_until:
            return CircuitState.OPEN
        return CircuitState.HALF_OPEN

    def admit(self) -> Permit:
        """Return leave for one call; raise CircuitOpen without it."""
        state = self.state
        if self._cause is not None:
            if state is CircuitState.OPEN or self._probing:
                remaining = max(0.0, self._open_until - self._monotonic())
                raise CircuitOpen(self._cause, remaining)
            self._probing = True
        return Permit(self._generation)

    def succeed(self, permit: Permit) -> None:
        """Note that the feed answered; a probe's success closes the circuit."""
        if permit.generation != self._generation:
            return
        self._faults = 0
        if self._cause is not None:
            self._refusals = 0
            self._cause = None
            self._change()

    def fail(self, permit: Permit) -> None:
        """Note a time-out, a 5xx or a broken answer; several in a row open the circuit."""
        if permit.generation != self._generation:
            return
        self._faults += 1
        if self._cause is not None:
            # The probe of a half-open circuit failed: wait as long as a single fault asks for.
            self._open(self._cause, FAULT_SECONDS)
        elif self._faults >= FAULTS_TO_OPEN:
            self._open(Cause.FAULTS, FAULT_SECONDS)

    def limit(self, permit: Permit) -> None:
        """Note a 429, which opens the circuit at once, each time in a row for twice as long."""
        if permit.generation != self._generation:
            return
        pause = min(RATE_LIMIT_SECONDS * 2.0**self._refusals, RATE_LIMIT_MAX_SECONDS)
        self._refusals += 1
        self._open(Cause.RATE_LIMIT, pause)

    def abandon(self, permit: Permit) -> None:
        """Note that the call was given up before it had an outcome; another may probe."""
        if permit.generation == self._generation:
            self._probing = False

    def _open(self, cause: Cause, pause: float) -> None:
        self._cause = cause
        self._open_until = self._monotonic() + pause
        self._change()

    def _change(self) -> None:
        self._generation += 1
        self._faults = 0
        self._probing = False
