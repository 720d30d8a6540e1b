"""The two clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from oracle.adapters.clock import FixedClock, SystemClock


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


def test_fixed_clock_refuses_a_moment_without_zone() -> None:
    """A moment without a time zone is an error at once, not a silent local time."""
    with pytest.raises(ValueError, match="has none"):
        FixedClock(datetime(2022, 12, 28, 21, 30))  # noqa: DTZ001
