"""Use case: ask for the digest, the first step of the double opt-in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from oracle.domain.addresses import parse_address
from oracle.domain.subscribers import SubscriberState
from oracle.domain.subscriptions import may_be_asked, note_asked
from oracle.services.change_subscriber import TRIES
from oracle.services.send_confirmation import send_confirmation

if TYPE_CHECKING:
    from oracle.domain.subscribers import EmailAddress, Subscriber
    from oracle.services.dependencies import Dependencies

HEAD_START = 0.1
"""Seconds that the answer to a sign-up is ahead of the work on its mail."""


async def subscribe(deps: Dependencies, text: str, *, origin: str) -> None:
    """Note that somebody asks for the digest at that address, and let a mail be sent to it.

    The answer tells nothing about the address: the same statements are run whether it is new,
    confirmed, gone or suppressed, and the mail is sent afterwards, in the background. Raises
    InvalidAddress and DatabaseUnavailable.
    """
    asked = await note_sign_up(deps, parse_address(text), origin=origin)
    if asked is not None:
        deps.confirmations.start(asked.id, lambda: _send_later(deps, asked))


async def _send_later(deps: Dependencies, asked: Subscriber) -> bool:
    # Writing the mail takes the processor a while, which would make this one answer slower.
    await asyncio.sleep(HEAD_START)
    return await send_confirmation(deps, asked)


async def note_sign_up(
    deps: Dependencies, address: EmailAddress, *, origin: str
) -> Subscriber | None:
    """Store the address if it is new; return the subscriber if a mail is to be sent to it now."""
    for _ in range(TRIES):
        async with deps.store.begin() as unit:
            now = await unit.epochs.now()
            subscriber = await unit.subscribers.add_subscriber(
                address, SubscriberState.PENDING, now, origin=origin
            )
            suppression = await unit.suppressions.find_suppression(address.fingerprint)
            is_due = suppression is None and may_be_asked(subscriber, now)
            noted = note_asked(subscriber, now) if is_due else subscriber
            # Written even when nothing changes: an answer that comes sooner would tell.
            if await unit.subscribers.update_subscriber(noted):
                return replace(noted, version=noted.version + 1) if is_due else None
    # Whoever was quicker every time is asking for the same address.
    return None
