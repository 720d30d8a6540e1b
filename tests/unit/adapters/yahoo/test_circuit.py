"""The circuit breaker on a clock that the tests move."""

from __future__ import annotations

import pytest

from oracle.adapters.yahoo.circuit import (
    FAULT_SECONDS,
    FAULTS_TO_OPEN,
    RATE_LIMIT_MAX_SECONDS,
    RATE_LIMIT_SECONDS,
    Cause,
    Circuit,
    CircuitOpen,
    CircuitState,
)


class Stopwatch:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        """Return the seconds so far."""
        return self.now


@pytest.fixture
def watch() -> Stopwatch:
    """The circuit's clock."""
    return Stopwatch()


@pytest.fixture
def circuit(watch: Stopwatch) -> Circuit:
    """A fresh circuit."""
    return Circuit(watch)


def state_of(circuit: Circuit) -> CircuitState:
    """Return the circuit's state now."""
    return circuit.state


def test_a_fresh_circuit_lets_everything_through(circuit: Circuit) -> None:
    """Any number of calls may be under way at a time."""
    for _ in range(100):
        circuit.admit()
    assert state_of(circuit) is CircuitState.CLOSED


def test_a_rate_limit_opens_at_once(circuit: Circuit, watch: Stopwatch) -> None:
    """One 429 stops all calls for five minutes, and says for how long."""
    circuit.limit(circuit.admit())
    watch.now += 60.0
    with pytest.raises(CircuitOpen) as refusal:
        circuit.admit()
    assert refusal.value.cause is Cause.RATE_LIMIT
    assert refusal.value.seconds == pytest.approx(RATE_LIMIT_SECONDS - 60.0)
    assert state_of(circuit) is CircuitState.OPEN


def test_a_half_open_circuit_lets_one_probe_through(circuit: Circuit, watch: Stopwatch) -> None:
    """After the pause a single call may try; the others wait for its outcome."""
    circuit.limit(circuit.admit())
    watch.now += RATE_LIMIT_SECONDS
    assert state_of(circuit) is CircuitState.HALF_OPEN
    probe = circuit.admit()
    with pytest.raises(CircuitOpen):
        circuit.admit()
    circuit.succeed(probe)
    assert state_of(circuit) is CircuitState.CLOSED
    circuit.admit()


def test_repeated_rate_limits_wait_twice_as_long_up_to_half_an_hour(
    circuit: Circuit, watch: Stopwatch
) -> None:
    """Each 429 in a row doubles the pause: 5, 10, 20, then 30 minutes."""
    pauses = []
    for _ in range(5):
        circuit.limit(circuit.admit())
        with pytest.raises(CircuitOpen) as refusal:
            circuit.admit()
        pauses.append(refusal.value.seconds)
        watch.now += refusal.value.seconds
    assert pauses == [300.0, 600.0, 1200.0, RATE_LIMIT_MAX_SECONDS, RATE_LIMIT_MAX_SECONDS]


def test_success_forgets_the_growth(circuit: Circuit, watch: Stopwatch) -> None:
    """After a good probe the next 429 starts again at five minutes."""
    for _ in range(2):
        circuit.limit(circuit.admit())
        watch.now += RATE_LIMIT_MAX_SECONDS
    circuit.succeed(circuit.admit())
    circuit.limit(circuit.admit())
    watch.now += RATE_LIMIT_SECONDS
    assert state_of(circuit) is CircuitState.HALF_OPEN


def test_a_burst_of_rate_limits_counts_once(circuit: Circuit, watch: Stopwatch) -> None:
    """Calls admitted before the circuit opened cannot lengthen its pause."""
    permits = [circuit.admit() for _ in range(8)]
    for permit in permits:
        circuit.limit(permit)
    watch.now += RATE_LIMIT_SECONDS
    assert state_of(circuit) is CircuitState.HALF_OPEN


def test_a_late_success_does_not_close_an_open_circuit(circuit: Circuit) -> None:
    """A call that was under way when the limit was hit proves nothing by its success."""
    early = circuit.admit()
    circuit.limit(circuit.admit())
    circuit.succeed(early)
    assert state_of(circuit) is CircuitState.OPEN


def test_only_faults_in_a_row_open_the_circuit(circuit: Circuit, watch: Stopwatch) -> None:
    """Four faults, a success, and four more leave it closed; a fifth in a row opens it briefly."""
    for _ in range(FAULTS_TO_OPEN - 1):
        circuit.fail(circuit.admit())
    circuit.succeed(circuit.admit())
    for _ in range(FAULTS_TO_OPEN - 1):
        circuit.fail(circuit.admit())
    assert state_of(circuit) is CircuitState.CLOSED
    circuit.fail(circuit.admit())
    with pytest.raises(CircuitOpen) as refusal:
        circuit.admit()
    assert refusal.value.cause is Cause.FAULTS
    watch.now += FAULT_SECONDS
    assert state_of(circuit) is CircuitState.HALF_OPEN


def test_a_failed_probe_opens_it_again(circuit: Circuit, watch: Stopwatch) -> None:
    """A single fault of the probe is enough for another pause."""
    circuit.limit(circuit.admit())
    watch.now += RATE_LIMIT_SECONDS
    circuit.fail(circuit.admit())
    assert state_of(circuit) is CircuitState.OPEN
    watch.now += FAULT_SECONDS
    assert state_of(circuit) is CircuitState.HALF_OPEN


def test_an_abandoned_probe_lets_another_try(circuit: Circuit, watch: Stopwatch) -> None:
    """A probe that is given up without an outcome does not keep the circuit shut for ever."""
    circuit.limit(circuit.admit())
    watch.now += RATE_LIMIT_SECONDS
    circuit.abandon(circuit.admit())
    circuit.succeed(circuit.admit())
    assert state_of(circuit) is CircuitState.CLOSED
