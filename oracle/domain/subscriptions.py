"""How a subscription changes: pure functions from one state of a subscriber to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from oracle.domain.subscribers import MAX_OWN_SYMBOLS, Subscriber, SubscriberState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

CONFIRMATION_PAUSE = timedelta(minutes=5)
CONFIRMATIONS_A_DAY = 3


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a subscriber may choose: their own stocks, and whether the digest pauses."""

    symbols: tuple[str, ...]
    is_paused: bool


def may_be_asked(subscriber: Subscriber, now: datetime) -> bool:
    """Return whether a sign-up is answered by a mail now: not too soon, not too often a day.

    Anybody can type anybody's address, so this limits what an address can be made to receive. Only
    its owner can leave, who may change their mind at once.
    """
    last = subscriber.confirmation_sent_at
    if last is None:
        return True
    if now - last < CONFIRMATION_PAUSE and not has_left_since_asked(subscriber):
        return False
    return _sent_today(subscriber, now) < CONFIRMATIONS_A_DAY


def note_asked(subscriber: Subscriber, now: datetime) -> Subscriber:
    """Return the subscriber with one more mail counted on this day (in UTC)."""
    return replace(
        subscriber,
        confirmation_sent_at=now,
        confirmations_sent=_sent_today(subscriber, now) + 1,
    )


def _sent_today(subscriber: Subscriber, now: datetime) -> int:
    last = subscriber.confirmation_sent_at
    return 0 if last is None or last.date() != now.date() else subscriber.confirmations_sent


def confirm(subscriber: Subscriber, now: datetime) -> Subscriber:
    """Return the subscriber confirmed; one who is already stays as they are."""
    if subscriber.state is SubscriberState.CONFIRMED:
        return subscriber
    return replace(
        subscriber,
        state=SubscriberState.CONFIRMED,
        is_paused=False,
        confirmed_at=now,
        unsubscribed_at=None,
    )


def has_left_since_asked(subscriber: Subscriber) -> bool:
    """Return whether the last mail that asked to confirm is older than their leaving.

    Its link works for days: pressed by accident it must not bring back one who has left since.
    """
    if subscriber.state is not SubscriberState.UNSUBSCRIBED or subscriber.unsubscribed_at is None:
        return False
    asked_at = subscriber.confirmation_sent_at
    return asked_at is None or asked_at < subscriber.unsubscribed_at


def unsubscribe(subscriber: Subscriber, now: datetime) -> Subscriber:
    """Return the subscriber gone; one who is already stays as they are.

    The generation stays too: links in mails of before go on to work, above all this very one.
    """
    if subscriber.state is SubscriberState.UNSUBSCRIBED:
        return subscriber
    return replace(subscriber, state=SubscriberState.UNSUBSCRIBED, unsubscribed_at=now)


def choose(subscriber: Subscriber, preferences: Preferences) -> Subscriber:
    """Return the subscriber with these preferences."""
    return replace(subscriber, symbols=preferences.symbols, is_paused=preferences.is_paused)


def fill_up(own: Sequence[str], watchlist: Sequence[str]) -> tuple[str, ...]:
    """Return the ten stocks of a subscriber's digest: their own, then the watchlist's others."""
    return tuple(dict.fromkeys((*own, *watchlist)))[:MAX_OWN_SYMBOLS]
