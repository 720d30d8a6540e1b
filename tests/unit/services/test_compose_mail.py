"""A subscriber's mail: their own list, their own links, the same figures as everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.runs import Claim
from oracle.services.compose_digest import compose_digest
from oracle.services.compose_mail import MailComposer

if TYPE_CHECKING:
    from tests.unit.services.scripted_market import ScriptedMarket


def claim_of(subscriber: int, *symbols: str) -> Claim:
    """Return a claim of that subscriber's first delivery."""
    return Claim(
        delivery_id=subscriber,
        run_id=1,
        subscriber_id=subscriber,
        generation=0,
        address=f"person{subscriber}@example.org",
        symbols=symbols,
        attempt=1,
        epoch=1,
        owner="one",
    )


async def test_readers_of_one_list_differ_in_nothing_but_their_links(
    market: ScriptedMarket,
) -> None:
    """Each mail holds its reader's tokens and nobody else's; with these exchanged they are one."""
    content = await compose_digest(market.deps, market.deps.market.usable_session(), ["TSLA"])
    composer = MailComposer(market.deps, content)
    first, second, own = (
        composer.compose(claim_of(1)),
        composer.compose(claim_of(2)),
        composer.compose(claim_of(3, "TSLA")),
    )
    sign = market.deps.tokens.sign
    texts = []
    for number, mail in ((1, first), (2, second)):
        text = mail.content.html + mail.content.text + str(mail.headers)
        for purpose in ("preferences", "unsubscribe"):
            token = sign(purpose, number, 0)
            assert token in text
            text = text.replace(token, purpose)
        texts.append(text)
    assert texts[0] == texts[1]
    assert "TSLA" not in texts[0]
    assert "TSLA" in own.content.text
    assert len({mail.message_id for mail in (first, second, own)}) == 3
    assert composer.compose(claim_of(1)).message_id == first.message_id
