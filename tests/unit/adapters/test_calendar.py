"""The trading calendar: known days of the exchange, the clock's edges, and identities."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.adapters.calendar import XnysCalendar, calendar_around
from oracle.domain.errors import InvalidInput
from oracle.domain.prices import MarketState

START, END = date(1989, 1, 1), date(2028, 12, 31)
CALENDAR = XnysCalendar(end=END)
NEW_YORK = ZoneInfo("America/New_York")

DAYS = st.dates(date(1989, 2, 1), date(2028, 11, 30))
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=14_500)).map(
    lambda passed: datetime(1989, 2, 1, tzinfo=UTC) + passed
)


def new_york(text: str) -> datetime:
    """Return the wall time of New York as an aware moment."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def utc(text: str) -> datetime:
    """Return the moment of a UTC wall time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2024, 3, 9), "Saturday"),
        (date(2024, 3, 10), "Sunday, on which summer time begins"),
        (date(2024, 1, 1), "New Year"),
        (date(2024, 1, 15), "Martin Luther King Day"),
        (date(2024, 2, 19), "Presidents' Day"),
        (date(2024, 3, 29), "Good Friday"),
        (date(2024, 5, 27), "Memorial Day"),
        (date(2022, 6, 20), "Juneteenth, observed on the Monday"),
        (date(2026, 7, 3), "Independence Day, observed on the Friday"),
        (date(2024, 9, 2), "Labor Day"),
        (date(2024, 11, 28), "Thanksgiving"),
        (date(2022, 12, 26), "Christmas, observed on the Monday"),
        (date(1994, 4, 27), "mourning of Richard Nixon"),
        (date(2001, 9, 11), "attacks"),
        (date(2001, 9, 14), "attacks"),
        (date(2004, 6, 11), "mourning of Ronald Reagan"),
        (date(2007, 1, 2), "mourning of Gerald Ford"),
        (date(2012, 10, 29), "hurricane Sandy"),
        (date(2012, 10, 30), "hurricane Sandy"),
        (date(2018, 12, 5), "mourning of George H. W. Bush"),
        (date(2025, 1, 9), "mourning of Jimmy Carter"),
    ],
)
def test_closed_days_are_no_sessions(day: date, why: str) -> None:
    """Weekends, holidays and unscheduled closures are no sessions and have no hours."""
    assert not CALENDAR.is_session(day), why
    with pytest.raises(InvalidInput, match="does not trade on"):
        CALENDAR.session_open(day)
    with pytest.raises(InvalidInput, match="does not trade on"):
        CALENDAR.session_close(day)
    assert CALENDAR.market_state(datetime(day.year, day.month, day.day, 17, tzinfo=UTC)) == "closed"


@pytest.mark.parametrize(
    "day",
    [
        date(2021, 6, 18),  # Juneteenth fell on a Saturday before the exchange kept it.
        date(2021, 12, 31),  # A New Year on Saturday is not observed on the Friday.
        date(2012, 10, 31),  # The first day after hurricane Sandy.
        date(2024, 11, 5),  # An election day.
    ],
)
def test_days_that_only_look_like_holidays_are_sessions(day: date) -> None:
    """The exchange trades on days that people take for holidays."""
    assert CALENDAR.is_session(day)


@pytest.mark.parametrize(
    ("session", "opens", "closes"),
    [
        (date(2024, 3, 8), "2024-03-08 14:30", "2024-03-08 21:00"),  # The last of winter time.
        (date(2024, 3, 11), "2024-03-11 13:30", "2024-03-11 20:00"),  # The first of summer time.
        (date(2024, 11, 1), "2024-11-01 13:30", "2024-11-01 20:00"),
        (date(2024, 11, 4), "2024-11-04 14:30", "2024-11-04 21:00"),
        (date(2006, 4, 3), "2006-04-03 13:30", "2006-04-03 20:00"),  # Under the rule before 2007.
        (date(2006, 3, 31), "2006-03-31 14:30", "2006-03-31 21:00"),
        (date(2023, 11, 24), "2023-11-24 14:30", "2023-11-24 18:00"),  # Early closes, at 13:00.
        (date(2024, 7, 3), "2024-07-03 13:30", "2024-07-03 17:00"),
        (date(2024, 12, 24), "2024-12-24 14:30", "2024-12-24 18:00"),
        (date(1990, 12, 24), "1990-12-24 14:30", "1990-12-24 19:00"),  # At 14:00 in those years.
        (date(2022, 12, 28), "2022-12-28 14:30", "2022-12-28 21:00"),
    ],
)
def test_hours_follow_summer_time_and_early_closes(session: date, opens: str, closes: str) -> None:
    """The opening and the close of a session are the exchange's own, in UTC."""
    assert CALENDAR.session_open(session) == utc(opens)
    assert CALENDAR.session_close(session) == utc(closes)
    assert CALENDAR.session_open(session).tzinfo is UTC
    assert CALENDAR.session_close(session).tzinfo is UTC


def test_year_has_the_known_number_of_sessions() -> None:
    """Whole years count as many sessions as the exchange had."""
    known = {1990: 253, 2001: 248, 2012: 250, 2020: 253, 2023: 250, 2024: 252, 2025: 250}
    for year, count in known.items():
        assert len(CALENDAR.sessions_between(date(year, 1, 1), date(year, 12, 31))) == count


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2024-07-02 03:59:59", MarketState.CLOSED),
        ("2024-07-02 04:00:00", MarketState.PRE_MARKET),
        ("2024-07-02 09:29:59", MarketState.PRE_MARKET),
        ("2024-07-02 09:30:00", MarketState.OPEN),
        ("2024-07-02 15:59:59", MarketState.OPEN),
        ("2024-07-02 16:00:00", MarketState.AFTER_HOURS),
        ("2024-07-02 19:59:59", MarketState.AFTER_HOURS),
        ("2024-07-02 20:00:00", MarketState.CLOSED),
        ("2024-07-02 23:59:59", MarketState.CLOSED),
        ("2024-07-03 12:59:59", MarketState.OPEN),
        ("2024-07-03 13:00:00", MarketState.AFTER_HOURS),
        ("2024-07-03 16:59:59", MarketState.AFTER_HOURS),
        ("2024-07-03 17:00:00", MarketState.CLOSED),
        ("2024-07-04 05:00:00", MarketState.CLOSED),
        ("2024-07-04 17:00:00", MarketState.CLOSED),
        ("2024-07-06 10:00:00", MarketState.CLOSED),
        ("2024-01-02 19:30:00", MarketState.AFTER_HOURS),  # Already the next day in UTC.
    ],
)
def test_market_state_changes_on_the_second(moment: str, expected: MarketState) -> None:
    """The state changes at 04:00, the opening, the close and four hours later, New York time."""
    assert CALENDAR.market_state(new_york(moment)) is expected
    assert CALENDAR.market_state(new_york(moment).astimezone(UTC)) is expected


def test_session_counts_as_closed_exactly_at_its_close() -> None:
    """A second before the close the newest closed session is the one before."""
    close = CALENDAR.session_close(date(2024, 7, 3))
    assert CALENDAR.last_closed_session(close) == date(2024, 7, 3)
    assert CALENDAR.last_closed_session(close - timedelta(seconds=1)) == date(2024, 7, 2)
    assert CALENDAR.last_closed_session(utc("2024-07-05 13:00")) == date(2024, 7, 3)


def test_next_open_is_after_now_and_never_now() -> None:
    """At the moment of an opening the next one is that of the following session."""
    assert CALENDAR.next_open(utc("2024-07-03 17:00")) == utc("2024-07-05 13:30")
    assert CALENDAR.next_open(utc("2024-07-05 13:29")) == utc("2024-07-05 13:30")
    assert CALENDAR.next_open(utc("2024-07-05 13:30")) == utc("2024-07-08 13:30")


def test_neighbours_step_over_closed_days() -> None:
    """The sessions around Sandy are neighbours, asked from either of them or from between."""
    assert CALENDAR.next_session(date(2012, 10, 26)) == date(2012, 10, 31)
    assert CALENDAR.next_session(date(2012, 10, 29)) == date(2012, 10, 31)
    assert CALENDAR.previous_session(date(2012, 10, 31)) == date(2012, 10, 26)
    assert CALENDAR.previous_session(date(2012, 10, 30)) == date(2012, 10, 26)


def test_sessions_between_takes_both_ends() -> None:
    """Both ends count when they are sessions; a backward range is empty."""
    assert list(CALENDAR.sessions_between(date(2024, 7, 3), date(2024, 7, 8))) == [
        date(2024, 7, 3),
        date(2024, 7, 5),
        date(2024, 7, 8),
    ]
    assert not CALENDAR.sessions_between(date(2024, 7, 8), date(2024, 7, 3))


@pytest.mark.parametrize("day", [date(1988, 12, 31), date(2029, 1, 1), date.min, date.max])
def test_days_beyond_the_range_are_refused(day: date) -> None:
    """Every method refuses a day outside the range, with a sentence that names the range."""
    sentence = "beyond the trading calendar, which covers 1989-01-01 to 2028-12-31"
    for ask in (
        CALENDAR.is_session,
        CALENDAR.session_open,
        CALENDAR.session_close,
        CALENDAR.next_session,
        CALENDAR.previous_session,
        lambda day: CALENDAR.sessions_between(day, day),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            ask(day)


@pytest.mark.parametrize("moment", [utc("1988-06-01 12:00"), utc("2029-06-01 12:00")])
def test_moments_beyond_the_range_are_refused(moment: datetime) -> None:
    """Every method refuses a moment outside the range instead of guessing."""
    for ask in (CALENDAR.last_closed_session, CALENDAR.market_state, CALENDAR.next_open):
        with pytest.raises(InvalidInput, match="beyond the trading calendar"):
            ask(moment)


def test_sessions_past_either_end_are_refused() -> None:
    """Inside the range, a question whose answer lies outside of it is refused as well."""
    with pytest.raises(InvalidInput, match="The session that was asked for lies beyond"):
        CALENDAR.next_session(date(2028, 12, 31))
    with pytest.raises(InvalidInput, match="The session that was asked for lies beyond"):
        CALENDAR.previous_session(date(1989, 1, 2))
    with pytest.raises(InvalidInput, match="The session that was asked for lies beyond"):
        CALENDAR.last_closed_session(utc("1989-01-03 12:00"))
    with pytest.raises(InvalidInput, match="The session that was asked for lies beyond"):
        CALENDAR.next_open(utc("2028-12-29 20:00"))


def test_calendar_around_a_moment_ends_two_years_later() -> None:
    """The calendar of a clock reaches to the end of the second year after it, and no further."""
    calendar = calendar_around(utc("1995-06-01 12:00"))
    assert calendar.is_session(date(1997, 12, 31))
    with pytest.raises(InvalidInput):
        calendar.is_session(date(1998, 1, 2))


@pytest.mark.parametrize("moment", [utc("1988-12-31 12:00"), utc("2101-01-01 12:00")])
def test_calendar_around_an_impossible_clock_is_refused(moment: datetime) -> None:
    """A clock set to a year without known sessions is refused with its moment and the years."""
    with pytest.raises(InvalidInput, match=rf"{moment:%Y-%m-%d} 12:00 UTC.* 1989 to 2100 only"):
        calendar_around(moment)


@given(DAYS)
def test_next_and_previous_are_inverse(day: date) -> None:
    """From a session one step forward and one back returns to it; from other days to its ends."""
    following, preceding = CALENDAR.next_session(day), CALENDAR.previous_session(day)
    assert preceding < day < following
    assert CALENDAR.is_session(following)
    assert CALENDAR.is_session(preceding)
    here = (day,) if CALENDAR.is_session(day) else ()
    assert tuple(CALENDAR.sessions_between(preceding, following)) == (preceding, *here, following)
    assert CALENDAR.previous_session(following) == (here or (preceding,))[0]
    assert CALENDAR.next_session(preceding) == (here or (following,))[0]


@given(MOMENTS)
def test_state_and_closed_session_agree(now: datetime) -> None:
    """The clock lies between the last close and the next; it is open exactly within hours."""
    last = CALENDAR.last_closed_session(now)
    following = CALENDAR.next_session(last)
    assert CALENDAR.session_close(last) <= now < CALENDAR.session_close(following)
    is_open = CALENDAR.session_open(following) <= now
    assert (CALENDAR.market_state(now) is MarketState.OPEN) is is_open
    opens = CALENDAR.next_open(now)
    assert opens > now
    assert opens == CALENDAR.session_open(
        CALENDAR.next_session(following) if is_open else following
    )


def test_hours_of_all_sessions_are_ordered() -> None:
    """Every session opens before it closes and closes before the next one opens."""
    sessions = CALENDAR.sessions_between(START, END)
    hours = [(CALENDAR.session_open(day), CALENDAR.session_close(day)) for day in sessions]
    assert all(opens < closes for opens, closes in hours)
    assert all(before[1] < after[0] for before, after in pairwise(hours))
    assert all(
        opens.astimezone(NEW_YORK).date() == day
        for day, (opens, _) in zip(sessions, hours, strict=True)
    )
