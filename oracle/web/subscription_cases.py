"""What the website asks of the services about subscribers, bound to their dependencies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from oracle.services.change_preferences import change_preferences
from oracle.services.confirm_subscription import confirm_subscription
from oracle.services.subscribe import subscribe
from oracle.services.subscriber_links import make_path, open_link
from oracle.services.unsubscribe import unsubscribe

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from oracle.domain.subscribers import Subscriber
    from oracle.services.dependencies import Dependencies
    from oracle.services.subscriber_links import Holder, Purpose


class Subscribe(Protocol):
    """`subscribe` without its dependencies."""

    def __call__(self, text: str, *, origin: str) -> Coroutine[None, None, None]:
        """Note that somebody asks for the digest at that address; raises InvalidAddress."""
        ...


class ChangePreferences(Protocol):
    """`change_preferences` without its dependencies."""

    def __call__(
        self, token: str, entries: Iterable[str], *, is_paused: bool
    ) -> Coroutine[None, None, Holder]:
        """Store own stocks and pause; raises InvalidPreferences, InvalidToken."""
        ...


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """The services about subscribers as the routes call them."""

    subscribe: Subscribe
    open_link: Callable[[Purpose, str], Coroutine[None, None, Holder | None]]
    confirm: Callable[[str], Coroutine[None, None, Holder]]
    unsubscribe: Callable[[str], Coroutine[None, None, Holder | None]]
    change_preferences: ChangePreferences
    make_path: Callable[[Purpose, Subscriber], str]


def bind_subscriptions(dependencies: Dependencies) -> Subscriptions:
    """Return the real services with their dependencies filled in."""
    return Subscriptions(
        subscribe=partial(subscribe, dependencies),
        open_link=partial(open_link, dependencies),
        confirm=partial(confirm_subscription, dependencies),
        unsubscribe=partial(unsubscribe, dependencies),
        change_preferences=partial(change_preferences, dependencies),
        make_path=partial(make_path, dependencies),
    )
