"""The pages of subscribers: signing up, confirming, choosing, leaving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oracle.domain.addresses import mask_address
from oracle.domain.subscribers import MAX_OWN_SYMBOLS, SubscriberState
from oracle.domain.subscriptions import fill_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.services.subscriber_links import Holder

ASKED: Final = (
    "If mail can be sent to that address, one with a link is on its way. "
    "Open the link to confirm; without it nothing is ever sent."
)
"""The answer to every sign-up, in the same words whatever is known of the address."""


@dataclass(frozen=True, slots=True)
class SignUpPage:
    """The sign-up form; `error` says what is wrong with what was typed, `is_asked` that it is sent.

    `message` is the answer then.
    """

    typed: str = ""
    error: str = ""
    is_asked: bool = False
    message: str = ASKED


@dataclass(frozen=True, slots=True)
class InvalidLinkPage:
    """The page of a link that does not work: why, and the form that gets a new one.

    `is_preview`: the link stands in a preview, so there never was a working one.
    """

    title: str
    detail: str
    is_preview: bool
    form: SignUpPage


@dataclass(frozen=True, slots=True)
class ListedStock:
    """One stock of the subscriber's digest; `is_own` if they chose it."""

    symbol: str
    name: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """A page of one subscriber. Their address is masked; None once they are erased.

    `is_done` says that what the page is for has been done. `preferences` is the address of the
    page of preferences, where there is something to choose.
    """

    address: str | None
    state: SubscriberState
    is_paused: bool
    is_suppressed: bool
    is_done: bool
    sending_time: str
    preferences: str | None = None


@dataclass(frozen=True, slots=True)
class PreferencesPage:
    """The choice of stocks and the pause, as stored or as typed, with what is wrong with it.

    `is_pause_ticked` is what the box shows: what was asked for, though it was not stored.
    """

    subscription: SubscriptionPage
    typed: str
    is_pause_ticked: bool
    stocks: tuple[ListedStock, ...]
    room: int = MAX_OWN_SYMBOLS
    error: str = ""
    suggestions: tuple[str, ...] = ()
    unsubscribe: str | None = None


def build_subscription_page(
    holder: Holder | None, *, is_done: bool, sending_time: str, preferences: str | None = None
) -> SubscriptionPage:
    """Return the page for who holds the link, or for one who was erased."""
    if holder is None:
        return SubscriptionPage(
            None,
            SubscriberState.UNSUBSCRIBED,
            is_paused=False,
            is_suppressed=False,
            is_done=True,
            sending_time=sending_time,
        )
    subscriber = holder.subscriber
    return SubscriptionPage(
        address=mask_address(subscriber.address.text),
        state=subscriber.state,
        is_paused=subscriber.is_paused,
        is_suppressed=holder.is_suppressed,
        is_done=is_done,
        sending_time=sending_time,
        preferences=preferences,
    )


def list_stocks(
    own: Sequence[str], watchlist: Sequence[str], names: dict[str, str]
) -> tuple[ListedStock, ...]:
    """Return the ten stocks of the digest, own ones first."""
    return tuple(
        ListedStock(symbol, names.get(symbol, ""), symbol in own)
        for symbol in fill_up(own, watchlist)
    )
