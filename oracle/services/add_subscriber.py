"""Use case: add one subscriber by hand."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from oracle.domain.addresses import parse_address
from oracle.domain.subscribers import SubscriberState
from oracle.domain.subscriptions import CONFIRMATION_PAUSE
from oracle.services.import_subscribers import store_addresses
from oracle.services.send_confirmation import send_confirmation
from oracle.services.subscribe import note_sign_up

if TYPE_CHECKING:
    from oracle.domain.subscribers import EmailAddress
    from oracle.services.dependencies import Dependencies

ORIGIN = "command"


class Added(StrEnum):
    """What became of it, in words for whoever typed the command."""

    CONFIRMED = "Added, confirmed."
    KNOWN = "There already, confirmed."
    LEFT = "Left alone: this address has unsubscribed or is suppressed."
    ASKED = "Added; the mail that asks to confirm was sent."
    TOLD = "There already, confirmed; the mail that says so was sent, with the link to preferences."
    SUPPRESSED = "Nothing sent: this address is suppressed; `suppress --lift` would end that."
    TOO_SOON = "Nothing sent: the last such mail is less than five minutes old."
    TOO_OFTEN = "Nothing sent: this address was sent three such mails today."
    NOT_SENT = "The mail could not be sent; try again in five minutes."

    @property
    def is_done(self) -> bool:
        """Whether what was asked for has come about."""
        return self in {Added.CONFIRMED, Added.KNOWN, Added.ASKED, Added.TOLD}


async def add_subscriber(deps: Dependencies, text: str, *, confirmed: bool) -> Added:
    """Store the address; without `confirmed` send the mail that asks. Raises InvalidAddress."""
    address = parse_address(text)
    if confirmed:
        stored, _ = await store_addresses(deps, [address], confirmed=True, origin=ORIGIN)
        if stored.left:
            return Added.LEFT
        return Added.KNOWN if stored.known else Added.CONFIRMED
    asked = await note_sign_up(deps, address, origin=ORIGIN)
    if asked is None:
        return await _why_not(deps, address)
    if not await send_confirmation(deps, asked):
        return Added.NOT_SENT
    return Added.TOLD if asked.state is SubscriberState.CONFIRMED else Added.ASKED


async def _why_not(deps: Dependencies, address: EmailAddress) -> Added:
    """Return why no mail is sent, for whoever runs the installation and nobody else."""
    async with deps.store.begin() as unit:
        now = await unit.epochs.now()
        subscriber = await unit.subscribers.find_by_key(address.key)
        if await unit.suppressions.find_suppression(address.fingerprint) is not None:
            return Added.SUPPRESSED
    last = None if subscriber is None else subscriber.confirmation_sent_at
    if last is not None and now - last >= CONFIRMATION_PAUSE:
        return Added.TOO_OFTEN
    return Added.TOO_SOON
