"""Signing up: one mail at most, and nothing that tells whether an address is known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from oracle.adapters.sql.subscribers import SqlSubscriberRepository
from oracle.adapters.sql.suppressions import SqlSuppressionRepository
from oracle.domain.errors import (
    InvalidAddress,
    MailingPaused,
    MailNotSent,
    MailOutcomeUnknown,
    MailThrottled,
    RecipientRefused,
)
from oracle.domain.subscribers import SubscriberState
from oracle.services.send_confirmation import send_confirmation
from oracle.services.subscribe import subscribe
from oracle.services.subscriber_links import Purpose
from oracle.services.suppress_address import suppress_address
from tests.unit.services.subscriber_scene import (
    NAME,
    add,
    change,
    let_pause_pass,
    mailer_of,
    stored,
)

if TYPE_CHECKING:
    from oracle.domain.errors import MailError
    from tests.unit.services.scripted_market import ScriptedMarket


async def sign_up(market: ScriptedMarket, address: str = NAME) -> int:
    """Sign up, wait for what goes on afterwards, and return how many mails were sent in all."""
    await subscribe(market.deps, address, origin="site")
    await market.deps.confirmations.finish()
    return len(mailer_of(market.deps).sent)


async def test_a_new_address_is_asked_to_confirm(market: ScriptedMarket) -> None:
    """It is stored as waiting, and one mail with a working link goes to it."""
    assert await sign_up(market) == 1
    subscriber = await stored(market.deps)
    assert subscriber.state is SubscriberState.PENDING
    assert (subscriber.origin, subscriber.confirmations_sent) == ("site", 1)
    mail = mailer_of(market.deps).sent[0]
    assert mail.recipient == NAME
    assert mail.message_id.startswith("confirm.")
    base_url = market.deps.settings.base_url
    token = mail.content.text.partition(f"{base_url}/subscribers/")[2].partition("/confirm")[0]
    assert market.deps.tokens.read("confirm", token, max_age=60) == (subscriber.id, 1)


async def test_other_spellings_are_the_same_subscriber(market: ScriptedMarket) -> None:
    """Case, white space and the domain's spelling make no second one and no second mail."""
    await sign_up(market, "Name@BÜCHER.example")
    assert await sign_up(market, " name@xn--bcher-kva.example ") == 1
    async with market.deps.store.begin() as unit:
        assert len(await unit.subscribers.list_subscribers(after=0, limit=9)) == 1


async def test_a_second_mail_comes_after_a_pause_and_a_fourth_not_at_all(
    market: ScriptedMarket,
) -> None:
    """At once nothing more is sent; what is sent later is another mail, not the same again."""
    assert [await sign_up(market), await sign_up(market)] == [1, 1]
    await let_pause_pass(market.deps)
    assert await sign_up(market) == 2
    first, second = mailer_of(market.deps).sent
    assert first.message_id != second.message_id
    now = (await stored(market.deps)).confirmation_sent_at
    assert now is not None
    await change(market.deps, confirmations_sent=3, confirmation_sent_at=now)
    assert await sign_up(market) == 2


async def test_who_is_confirmed_is_told_so(market: ScriptedMarket) -> None:
    """The mail leads to their preferences; the subscription stays as it is."""
    subscriber = await add(market.deps)
    assert await sign_up(market) == 1
    mail = mailer_of(market.deps).sent[0]
    assert mail.message_id.startswith("already_subscribed.")
    assert f"/{Purpose.PREFERENCES.value}" in mail.content.text
    assert (await stored(market.deps)).confirmed_at == subscriber.confirmed_at


async def test_who_has_left_is_asked_again(market: ScriptedMarket) -> None:
    """They stay unsubscribed until they confirm."""
    await add(market.deps, state=SubscriberState.UNSUBSCRIBED)
    assert await sign_up(market) == 1
    assert mailer_of(market.deps).sent[0].message_id.startswith("confirm.")
    assert (await stored(market.deps)).state is SubscriberState.UNSUBSCRIBED


async def test_a_suppressed_address_gets_nothing(market: ScriptedMarket) -> None:
    """Neither a mail nor an error."""
    await suppress_address(market.deps, NAME)
    assert await sign_up(market) == 0


async def test_no_address_is_an_error_at_once(market: ScriptedMarket) -> None:
    """What cannot be written to is refused before anything is stored."""
    with pytest.raises(InvalidAddress):
        await subscribe(market.deps, "nobody", origin="site")
    async with market.deps.store.begin() as unit:
        assert await unit.subscribers.list_subscribers(after=0, limit=9) == ()


async def test_every_address_costs_the_same_statements(
    market: ScriptedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New, waiting, confirmed, gone and suppressed ones cannot be told apart by the work done."""
    await add(market.deps, "confirmed@example.org")
    await add(market.deps, "gone@example.org", SubscriberState.UNSUBSCRIBED)
    await add(market.deps, "waiting@example.org", SubscriberState.PENDING)
    await suppress_address(market.deps, "suppressed@example.org")
    done: list[str] = []

    def spy(owner: type, name: str) -> None:
        real = getattr(owner, name)

        async def noted(*arguments: object, **named: object) -> object:
            done.append(name)
            return await real(*arguments, **named)

        monkeypatch.setattr(owner, name, noted)

    for name in ("add_subscriber", "update_subscriber", "find_by_key", "find_subscriber"):
        spy(SqlSubscriberRepository, name)
    spy(SqlSuppressionRepository, "find_suppression")
    seen = set()
    for who in ("new", "waiting", "confirmed", "gone", "suppressed", "new"):
        done.clear()
        await subscribe(market.deps, f"{who}@example.org", origin="site")
        seen.add(tuple(done))
    assert seen == {("add_subscriber", "find_suppression", "update_subscriber")}


async def test_the_answer_does_not_wait_for_the_mail(market: ScriptedMarket) -> None:
    """A mail server that is slow, or away, costs whoever signs up nothing."""
    mailer = mailer_of(market.deps)
    await subscribe(market.deps, NAME, origin="site")
    assert mailer.calls == 0
    await market.deps.confirmations.finish()
    assert mailer.calls == 1


@pytest.mark.parametrize(
    ("failures", "calls", "is_sent"),
    [
        ([MailNotSent("no connection")], 2, True),
        ([MailNotSent("a"), MailThrottled("b")], 3, True),
        ([MailNotSent("a"), MailNotSent("b"), MailNotSent("c")], 3, False),
        ([MailOutcomeUnknown("reset")], 1, False),
        ([RecipientRefused(f"550 <{NAME}> unknown")], 1, False),
        ([MailingPaused("paused")], 1, False),
    ],
    ids=["once", "twice", "always", "unknown", "refused", "paused"],
)
async def test_only_what_was_certainly_not_sent_is_tried_again(
    market: ScriptedMarket,
    failures: list[MailError],
    calls: int,
    is_sent: bool,  # noqa: FBT001
) -> None:
    """Nobody gets two mails for one sign-up; no log line names the address."""
    subscriber = await add(market.deps, state=SubscriberState.PENDING)
    mailer = mailer_of(market.deps)
    mailer.failures = list(failures)
    with capture_logs() as lines:
        assert await send_confirmation(market.deps, subscriber, pauses=(0, 0)) is is_sent
    assert mailer.calls == calls
    assert [line["event"] for line in lines] == [
        "confirmation_sent" if is_sent else "confirmation_not_sent"
    ]
    assert "example.org" not in json.dumps(lines)


async def test_a_sign_up_that_is_always_overtaken_ends(
    market: ScriptedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two who ask for the same address at once do not make each other wait for ever."""

    async def overtaken(*_: object) -> bool:
        return False

    monkeypatch.setattr(SqlSubscriberRepository, "update_subscriber", overtaken)
    await subscribe(market.deps, NAME, origin="site")
    assert mailer_of(market.deps).calls == 0
