"""A subscriber's mail: their own list, their own links, the same figures as everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.digest.letter import write_letter
from oracle.digest.links import digest_links
from oracle.digest.personal import personal_content
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


@pytest.mark.parametrize("symbols", [(), ("TSLA", "KO")])
async def test_a_mail_is_what_the_templates_say_to_its_reader(
    market: ScriptedMarket, symbols: tuple[str, ...]
) -> None:
    """Tokens put into a mail that was rendered for nobody give what is rendered for them."""
    deps = market.deps
    content = await compose_digest(deps, deps.market.usable_session(), ["TSLA"])
    mail = MailComposer(deps, content).compose(claim_of(1, *symbols))
    unsubscribe = mail.headers["List-Unsubscribe"].split("/")[-2]
    preferences = mail.content.html.partition("/preferences")[0].rpartition("/")[2]
    assert deps.tokens.read("preferences", preferences, max_age=60) == (1, 0)
    assert deps.tokens.read("unsubscribe", unsubscribe, max_age=60) == (1, 0)
    links = digest_links(
        deps.settings.base_url,
        content.session,
        preferences_token=preferences,
        unsubscribe_token=unsubscribe,
    )
    letter = write_letter(personal_content(content, symbols), links)
    assert mail.content == deps.mail_renderer.render("digest", letter)
