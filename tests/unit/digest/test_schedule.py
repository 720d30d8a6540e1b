"""When a digest is due: every day of sixteen years, by properties and by example."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.adapters.calendar import XnysCalendar
from oracle.digest.schedule import DigestTimes, decide_agenda, has_enough, window_of

NEW_YORK = ZoneInfo("America/New_York")
TIMES = DigestTimes(time(18, 0), NEW_YORK, timedelta(hours=4))
FIRST, LAST = date(2015, 1, 1), date(2030, 12, 31)


@cache
def calendar() -> XnysCalendar:
    """Return the exchange's calendar around the years in question."""
    return XnysCalendar(start=date(2014, 1, 1), end=date(2031, 12, 31))


def at(day: date, clock: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    """Return the moment of that local time, in UTC."""
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def due_session(now: datetime, begun: set[date] | None = None) -> date | None:
    """Return the session whose digest is due at that moment."""
    agenda = decide_agenda(now, TIMES, calendar(), begun=begun or set(), known_since=None)
    return None if agenda.due is None else agenda.due.session


def test_each_session_of_sixteen_years_is_due_once_at_six_in_the_evening() -> None:
    """Asked every hour of every evening from 2015 to 2030, each session is begun once, at 18:00."""
    begun: set[date] = set()
    day = FIRST
    while day <= LAST:
        # At other hours nothing is due, which the next test shows for all of them.
        for hour in range(15, 23):
            now = at(day, f"{hour}:00")
            session = due_session(now, begun)
            if session is not None:
                assert (session, hour) == (day, 18)
                begun.add(session)
        day += timedelta(days=1)
    assert sorted(begun) == list(calendar().sessions_between(FIRST, LAST))


@given(
    now=st.datetimes(datetime(2015, 1, 2), datetime(2030, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_nothing_is_due_outside_a_sessions_evening(now: datetime) -> None:
    """What is due is the session of that very day in New York, from 18:00 until 22:00."""
    local = now.astimezone(NEW_YORK)
    session = due_session(now)
    in_the_evening = time(18, 0) <= local.time() < time(22, 0)
    expected = local.date() if calendar().is_session(local.date()) and in_the_evening else None
    assert session == expected


@given(
    now=st.datetimes(datetime(2015, 1, 2), datetime(2030, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    zone=st.sampled_from(
        ["America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Europe/Berlin", "UTC"]
    ),
    hours=st.integers(1, 12),
    settling=st.integers(0, 30),
)
def test_windows_of_any_time_and_zone_are_sound(
    now: datetime, hour: int, minute: int, zone: str, hours: int, settling: int
) -> None:
    """A window opens once the close is final, ends before the exchange reopens, meets no other."""
    delay = timedelta(minutes=settling)
    times = DigestTimes(time(hour, minute), ZoneInfo(zone), timedelta(hours=hours), delay)
    session = calendar().last_closed_session(now)
    window = window_of(session, times, calendar())
    following = window_of(calendar().next_session(session), times, calendar())
    assert window.settled_at == calendar().session_close(session) + delay
    assert window.settled_at <= window.opens_at < window.waits_until < window.ends_at
    assert window.ends_at <= calendar().session_open(following.session) < following.opens_at
    agenda = decide_agenda(now, times, calendar(), begun=(), known_since=None)
    assert (agenda.due is not None) == (window.opens_at <= now < window.ends_at)
    begun = decide_agenda(now, times, calendar(), begun={session}, known_since=None)
    assert begun.due is None
    assert begun.next_at == following.opens_at


@given(
    now=st.datetimes(datetime(2016, 1, 2), datetime(2030, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
    known_days=st.integers(0, 40),
    begun_places=st.sets(st.integers(0, 12)),
)
def test_missed_are_ended_windows_without_a_run_since_the_service_is_there(
    now: datetime, known_days: int, begun_places: set[int]
) -> None:
    """Missed and due exclude each other; a session with a run is neither."""
    sessions = calendar().sessions_between(now.date() - timedelta(days=25), now.date())
    begun = {sessions[-1 - place] for place in begun_places}
    known_since = now.date() - timedelta(days=known_days)
    agenda = decide_agenda(now, TIMES, calendar(), begun=begun, known_since=known_since)
    missed = [window.session for window in agenda.missed]
    assert missed == sorted(missed)
    assert not begun & set(missed)
    assert all(window.ends_at <= now for window in agenda.missed)
    assert all(session > known_since for session in missed)
    if agenda.due is not None:
        assert agenda.due.session not in missed
        assert agenda.due.session not in begun


@pytest.mark.parametrize(
    ("moment", "session"),
    [
        # Summer time begins on Sunday, 13 March 2022, and ends on Sunday, 6 November 2022.
        ("2022-03-11T23:00:00+00:00", date(2022, 3, 11)),
        ("2022-03-14T22:00:00+00:00", date(2022, 3, 14)),
        ("2022-03-14T21:59:59+00:00", None),
        ("2022-11-04T22:00:00+00:00", date(2022, 11, 4)),
        ("2022-11-07T22:59:59+00:00", None),
        ("2022-11-07T23:00:00+00:00", date(2022, 11, 7)),
        # Thanksgiving is closed, the Friday after it closes at 13:00.
        ("2022-11-24T23:30:00+00:00", None),
        ("2022-11-25T18:30:00+00:00", None),
        ("2022-11-25T23:30:00+00:00", date(2022, 11, 25)),
        # Christmas fell on a Sunday: Monday is closed.
        ("2022-12-26T23:30:00+00:00", None),
        # The year's last session, and its window's last second and end.
        ("2022-12-30T23:00:00+00:00", date(2022, 12, 30)),
        ("2022-12-31T02:59:59+00:00", date(2022, 12, 30)),
        ("2022-12-31T03:00:00+00:00", None),
    ],
)
def test_clock_changes_holidays_early_closes_and_the_end_of_the_year(
    moment: str, session: date | None
) -> None:
    """On the days on which schedulers go wrong the right session is due, or none."""
    assert due_session(datetime.fromisoformat(moment)) == session


def test_a_fresh_service_has_missed_nothing_and_a_known_one_each_session_since() -> None:
    """After a week's outage the five evenings are missed; on the day of set-up none is."""
    monday = at(date(2022, 3, 14), "23:00")
    fresh = decide_agenda(monday, TIMES, calendar(), begun=(), known_since=None)
    assert fresh.missed == ()
    known = decide_agenda(
        monday, TIMES, calendar(), begun={date(2022, 3, 7)}, known_since=date(2022, 3, 7)
    )
    assert [window.session.day for window in known.missed] == [8, 9, 10, 11, 14]


def test_a_digest_at_the_close_waits_until_that_is_final() -> None:
    """Set to 16:00 it opens at 16:15, with the delay of a live feed."""
    times = DigestTimes(time(16, 0), NEW_YORK, timedelta(hours=4), timedelta(minutes=15))
    window = window_of(date(2022, 3, 14), times, calendar())
    assert window.opens_at == window.settled_at == at(date(2022, 3, 14), "16:15")


def test_few_closes_are_waited_for_until_the_window_is_half_over() -> None:
    """Eight of ten go at once, seven wait, one goes when half the window is over, none never."""
    window = window_of(date(2022, 3, 14), TIMES, calendar())
    early, late = window.opens_at, window.waits_until
    assert has_enough(8, 10, now=early, window=window)
    assert not has_enough(7, 10, now=early, window=window)
    assert not has_enough(7, 10, now=late - timedelta(seconds=1), window=window)
    assert has_enough(1, 10, now=late, window=window)
    assert not has_enough(0, 10, now=late, window=window)
