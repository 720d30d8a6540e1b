"""Use case: add one subscriber by hand."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from oracle.domain.addresses import parse_address
from oracle.services.import_subscribers import store_addresses
from oracle.services.send_confirmation import send_confirmation
from oracle.services.subscribe import note_sign_up

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies

ORIGIN = "command"


class Added(StrEnum):
    """What became of it, in words for whoever typed the command."""

    CONFIRMED = "Added, confirmed."
    KNOWN = "There already, confirmed."
    LEFT = "Left alone: this address has unsubscribed or is suppressed."
    ASKED = "Added; the mail that asks to confirm was sent."
    WAITING = "Nothing sent: the address is suppressed, or was sent enough mails today."
    NOT_SENT = "Added, but the mail that asks to confirm could not be sent; try again later."


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
        return Added.WAITING
    return Added.ASKED if await send_confirmation(deps, asked) else Added.NOT_SENT
