"""How a subscription changes, as pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.addresses import parse_address
from oracle.domain.subscribers import Subscriber, SubscriberState
from oracle.domain.subscriptions import (
    CONFIRMATION_PAUSE,
    CONFIRMATIONS_A_DAY,
    confirm,
    fill_up,
    may_be_asked,
    note_asked,
    unsubscribe,
)

MORNING = datetime(2023, 6, 14, 8, 0, tzinfo=UTC)
SUBSCRIBER = Subscriber(
    id=1,
    address=parse_address("name@example.org"),
    state=SubscriberState.PENDING,
    is_paused=False,
    symbols=(),
    generation=1,
    created_at=MORNING,
    confirmed_at=None,
    unsubscribed_at=None,
    confirmation_sent_at=None,
    confirmations_sent=0,
    version=1,
)


@given(st.lists(st.integers(0, 3 * 24 * 3600), max_size=60))
def test_no_flood_of_sign_ups_becomes_a_flood_of_mails(moments: list[int]) -> None:
    """Whenever sign-ups come, mails are five minutes apart and at most three a day."""
    subscriber = SUBSCRIBER
    sent: list[datetime] = []
    for seconds in sorted(moments):
        now = MORNING + timedelta(seconds=seconds)
        if may_be_asked(subscriber, now):
            subscriber = note_asked(subscriber, now)
            sent.append(now)
    assert bool(sent) is bool(moments)
    assert all(later - earlier >= CONFIRMATION_PAUSE for earlier, later in pairwise(sent))
    days = [moment.date() for moment in sent]
    assert all(days.count(day) <= CONFIRMATIONS_A_DAY for day in days)


def test_who_has_just_left_may_come_back_at_once() -> None:
    """Leaving ends the five minutes, once; the limit of a day stays."""
    subscriber = note_asked(SUBSCRIBER, MORNING)
    for minutes in (1, 2):
        now = MORNING + timedelta(minutes=minutes)
        assert not may_be_asked(subscriber, now)
        left = unsubscribe(confirm(subscriber, now), now)
        assert may_be_asked(left, now + timedelta(seconds=1))
        subscriber = note_asked(left, now + timedelta(seconds=1))
    now = MORNING + timedelta(minutes=3)
    left = unsubscribe(confirm(subscriber, now), now)
    assert not may_be_asked(left, now + timedelta(hours=1))


def test_the_next_day_mails_are_sent_again() -> None:
    """Three on one day, none more on it, one on the next."""
    subscriber = SUBSCRIBER
    for minutes in (0, 5, 10):
        assert may_be_asked(subscriber, MORNING + timedelta(minutes=minutes))
        subscriber = note_asked(subscriber, MORNING + timedelta(minutes=minutes))
    assert not may_be_asked(subscriber, MORNING + timedelta(hours=12))
    assert may_be_asked(subscriber, MORNING + timedelta(hours=16))
    assert note_asked(subscriber, MORNING + timedelta(hours=16)).confirmations_sent == 1


def test_confirming_and_leaving_are_the_same_twice() -> None:
    """The second time changes nothing, not even the times."""
    confirmed = confirm(SUBSCRIBER, MORNING)
    later = MORNING + timedelta(days=1)
    assert confirm(confirmed, later) is confirmed
    gone = unsubscribe(confirmed, later)
    assert unsubscribe(gone, later + timedelta(days=1)) is gone
    assert gone.generation == confirmed.generation


def test_who_comes_back_is_not_paused() -> None:
    """Confirming again after leaving begins anew, with the stocks chosen before."""
    gone = replace(
        SUBSCRIBER,
        state=SubscriberState.UNSUBSCRIBED,
        is_paused=True,
        unsubscribed_at=MORNING,
        symbols=("KO",),
    )
    back = confirm(gone, MORNING)
    assert back.receives_digest
    assert back.unsubscribed_at is None
    assert back.symbols == ("KO",)


def test_own_stocks_come_first_and_the_watchlist_fills_the_ten() -> None:
    """Never more than ten, none twice."""
    watchlist = tuple("ABCDEFGHIJ")
    assert fill_up((), watchlist) == watchlist
    assert fill_up(("Z", "C"), watchlist) == ("Z", "C", "A", "B", "D", "E", "F", "G", "H", "I")
    assert fill_up(tuple("KLMNOPQRST"), watchlist) == tuple("KLMNOPQRST")
