"""The links in mails to subscribers, and who holds one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from oracle.digest.links import PREVIEW_TOKEN
from oracle.domain.errors import InvalidToken, PreviewLink, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.domain.subscribers import Subscriber
    from oracle.ports import UnitOfWork
    from oracle.services.dependencies import Dependencies

_DAY = 24 * 60 * 60


class Purpose(StrEnum):
    """What a link is for; a token of one purpose is worth nothing for another."""

    CONFIRM = "confirm"
    PREFERENCES = "preferences"
    UNSUBSCRIBE = "unsubscribe"


MAX_AGES: Final[Mapping[Purpose, int | None]] = {
    Purpose.CONFIRM: 7 * _DAY,
    Purpose.PREFERENCES: 30 * _DAY,
    Purpose.UNSUBSCRIBE: None,
}
"""Seconds for which a link works; who wants to leave is never told that it is too late."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a link; `is_suppressed` says that mail to their address is never sent."""

    subscriber: Subscriber
    is_suppressed: bool


def require_lasting_links(deps: Dependencies) -> None:
    """Raise SettingsError where a link in a mail would mean nothing to any other process."""
    if not deps.has_shared_key:
        raise SettingsError(
            "ORACLE_SECRET_KEY is not set, so links would be signed with a key that no other "
            "process knows, and lead nowhere.",
            hint="Set the same key for the website and for this command.",
        )


def make_path(deps: Dependencies, purpose: Purpose, subscriber: Subscriber) -> str:
    """Return the path of the subscriber's own page for that purpose."""
    token = deps.tokens.sign(purpose.value, subscriber.id, subscriber.generation)
    return f"/subscribers/{token}/{purpose.value}"


def make_link(deps: Dependencies, purpose: Purpose, subscriber: Subscriber) -> str:
    """Return the address of that page as mails give it, under ORACLE_BASE_URL."""
    return f"{deps.settings.base_url}{make_path(deps, purpose, subscriber)}"


async def find_holder(
    deps: Dependencies, unit: UnitOfWork, purpose: Purpose, token: str
) -> Holder | None:
    """Return who holds the link, None if they were erased since.

    Raises InvalidToken, and PreviewLink for that of a preview.
    """
    if token == PREVIEW_TOKEN:
        raise PreviewLink("This link stands in a preview of the digest, which belongs to nobody.")
    subscriber_id, generation = deps.tokens.read(purpose.value, token, max_age=MAX_AGES[purpose])
    subscriber = await unit.subscribers.find_subscriber(subscriber_id)
    if subscriber is None:
        return None
    if subscriber.generation != generation:
        raise InvalidToken("This link was replaced by newer ones.")
    suppression = await unit.suppressions.find_suppression(subscriber.address.fingerprint)
    return Holder(subscriber, suppression is not None)


async def open_link(deps: Dependencies, purpose: Purpose, token: str) -> Holder | None:
    """Return who holds the link and change nothing, as `find_holder`."""
    async with deps.store.begin() as unit:
        return await find_holder(deps, unit, purpose, token)
