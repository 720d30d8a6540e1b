"""The three clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from oracle.adapters.clock import FixedClock, StartingClock, SystemClock


def test_system_clock_runs_in_utc() -> None:
    """The wall clock is aware, in UTC, and between two readings of the machine's own."""
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_fixed_clock_stands_and_speaks_utc() -> None:
    """A fixed clock returns its one moment for ever, whatever zone it was given in."""
    tokyo = timezone(timedelta(hours=9))
    clock = FixedClock(datetime(2022, 12, 29, 6, 30, tzinfo=tokyo))
    assert clock.now() == datetime(2022, 12, 28, 21, 30, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    assert clock.now() is clock.now()


def test_starting_clock_runs_on_from_its_moment() -> None:
    """A starting clock is at its moment when it is made and then as much later as time passed."""
    seconds = iter([100.0, 100.0, 160.5])
    tokyo = timezone(timedelta(hours=9))
    clock = StartingClock(datetime(2022, 12, 29, 6, 30, tzinfo=tokyo), lambda: next(seconds))
    started = datetime(2022, 12, 28, 21, 30, tzinfo=UTC)
    assert clock.now() == started
    assert clock.now() == started + timedelta(seconds=60.5)


@pytest.mark.parametrize("clock", [FixedClock, StartingClock])
def test_clocks_refuse_a_moment_without_zone(
    clock: type[FixedClock | StartingClock],
) -> None:
    """A moment without a time zone is an error at once, not a silent local time."""
    with pytest.raises(ValueError, match="has none"):
        clock(datetime(2022, 12, 28, 21, 30))  # noqa: DTZ001
