"""What the links in mails do: confirm, choose, pause, leave; each safe to repeat."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.sql.subscribers import SqlSubscriberRepository
from oracle.domain.errors import DatabaseUnavailable, InvalidPreferences, InvalidToken
from oracle.domain.runs import DeliveryState
from oracle.domain.subscribers import SubscriberState
from oracle.services.change_preferences import change_preferences
from oracle.services.confirm_subscription import confirm_subscription
from oracle.services.erase_subscriber import erase_subscriber
from oracle.services.subscribe import subscribe
from oracle.services.subscriber_links import Purpose, make_link, open_link
from oracle.services.suppress_address import suppress_address
from oracle.services.unsubscribe import unsubscribe
from tests.unit.services.subscriber_scene import (
    NAME,
    add,
    change,
    claim,
    plan_delivery,
    states,
    stored,
    token,
)

if TYPE_CHECKING:
    from oracle.domain.subscribers import Subscriber
    from tests.unit.services.scripted_market import ScriptedMarket


async def test_confirming_twice_is_success(market: ScriptedMarket) -> None:
    """The second time nothing is written, and both say that it is done."""
    waiting = await add(market.deps, state=SubscriberState.PENDING)
    link = token(market.deps, Purpose.CONFIRM, waiting)
    first = await confirm_subscription(market.deps, link)
    again = await confirm_subscription(market.deps, link)
    assert first.subscriber.state is again.subscriber.state is SubscriberState.CONFIRMED
    assert (await stored(market.deps)).version == waiting.version + 1


async def test_a_link_that_is_older_than_the_leaving_brings_nobody_back(
    market: ScriptedMarket,
) -> None:
    """Who has left is confirmed again only by signing up again."""
    waiting = await add(market.deps, state=SubscriberState.PENDING)
    link = token(market.deps, Purpose.CONFIRM, waiting)
    await confirm_subscription(market.deps, link)
    await unsubscribe(market.deps, token(market.deps, Purpose.UNSUBSCRIBE, waiting))
    with pytest.raises(InvalidToken, match="older than your leaving"):
        await confirm_subscription(market.deps, link)
    assert (await stored(market.deps)).state is SubscriberState.UNSUBSCRIBED

    await subscribe(market.deps, NAME, origin="site")
    back = await confirm_subscription(market.deps, link)
    assert back.subscriber.state is SubscriberState.CONFIRMED


async def test_opening_a_link_changes_nothing(market: ScriptedMarket) -> None:
    """Who merely looks, as a scanner does, finds everything as it was."""
    waiting = await add(market.deps, state=SubscriberState.PENDING)
    for purpose in Purpose:
        holder = await open_link(market.deps, purpose, token(market.deps, purpose, waiting))
        assert holder is not None
        assert holder.subscriber == waiting
    assert await stored(market.deps) == waiting


async def test_leaving_is_effective_at_once(market: ScriptedMarket) -> None:
    """What is waiting for them is suppressed in the same transaction; leaving twice is success."""
    subscriber = await add(market.deps)
    await add(market.deps, "other@example.org")
    run_id = await plan_delivery(market.deps)
    link = token(market.deps, Purpose.UNSUBSCRIBE, subscriber)
    assert await unsubscribe(market.deps, link) is not None
    assert await states(market.deps, run_id) == {
        DeliveryState.SUPPRESSED: 1,
        DeliveryState.PENDING: 1,
    }
    assert [each.address for each in await claim(market.deps, run_id)] == ["other@example.org"]
    gone = await stored(market.deps)
    assert await unsubscribe(market.deps, link) is not None
    assert await stored(market.deps) == gone


async def test_a_pause_holds_back_what_is_waiting(market: ScriptedMarket) -> None:
    """Pausing in the evening spares the mail of that evening; resuming is a choice as well."""
    subscriber = await add(market.deps)
    run_id = await plan_delivery(market.deps)
    link = token(market.deps, Purpose.PREFERENCES, subscriber)
    await change_preferences(market.deps, link, [], is_paused=True)
    assert await states(market.deps, run_id) == {DeliveryState.SUPPRESSED: 1}
    assert not (await stored(market.deps)).receives_digest
    await change_preferences(market.deps, link, [], is_paused=False)
    assert (await stored(market.deps)).receives_digest
    later = await plan_delivery(market.deps, date(2023, 6, 15))
    assert await states(market.deps, later) == {DeliveryState.PENDING: 1}


async def test_own_stocks_are_stored_in_their_one_spelling(market: ScriptedMarket) -> None:
    """Lower case, class shares, former symbols and whole names are understood, doubles dropped."""
    link = token(market.deps, Purpose.PREFERENCES, await add(market.deps))
    entries = [" ko ", "brk.b", "FB", "Apple", "KO", "", " "]
    holder = await change_preferences(market.deps, link, entries, is_paused=False)
    assert holder.subscriber.symbols == ("KO", "BRK-B", "META", "AAPL")
    assert (await stored(market.deps)).symbols == ("KO", "BRK-B", "META", "AAPL")


@pytest.mark.parametrize(
    "entries",
    [
        ["KO", "ZZZZ"],
        ["<script>"],
        ["\x00"],
        ["\ud800"],
        ["x" * 5000],
        ["AAPL", "MSFT", "JPM", "JNJ", "XOM", "WMT", "KO", "HD", "LLY", "PG", "AMD"],
    ],
    ids=["unknown", "markup", "control", "surrogate", "long", "eleven"],
)
async def test_a_choice_that_cannot_be_is_refused_whole(
    market: ScriptedMarket, entries: list[str]
) -> None:
    """Nothing of it is stored, and the words fit on a page."""
    subscriber = await add(market.deps)
    link = token(market.deps, Purpose.PREFERENCES, subscriber)
    with pytest.raises(InvalidPreferences) as refusal:
        await change_preferences(market.deps, link, entries, is_paused=True)
    assert len(str(refusal.value)) < 80
    assert await stored(market.deps) == subscriber


async def test_a_misspelt_stock_comes_with_suggestions(market: ScriptedMarket) -> None:
    """What may have been meant is named."""
    link = token(market.deps, Purpose.PREFERENCES, await add(market.deps))
    with pytest.raises(InvalidPreferences) as refusal:
        await change_preferences(market.deps, link, ["exxonmobl"], is_paused=False)
    assert "XOM" in refusal.value.suggestions


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_a_link_of_an_earlier_generation_is_void(
    market: ScriptedMarket, purpose: Purpose
) -> None:
    """Raising the generation takes back all links that were given out."""
    link = token(market.deps, purpose, await add(market.deps))
    await change(market.deps, generation=2)
    with pytest.raises(InvalidToken):
        await open_link(market.deps, purpose, link)


async def test_links_of_one_who_was_erased_do_nothing(market: ScriptedMarket) -> None:
    """Leaving still succeeds, since there is nothing left; the other two are void."""
    subscriber = await add(market.deps)
    links = {purpose: token(market.deps, purpose, subscriber) for purpose in Purpose}
    await erase_subscriber(market.deps, NAME)
    assert await unsubscribe(market.deps, links[Purpose.UNSUBSCRIBE]) is None
    with pytest.raises(InvalidToken):
        await confirm_subscription(market.deps, links[Purpose.CONFIRM])
    with pytest.raises(InvalidToken):
        await change_preferences(market.deps, links[Purpose.PREFERENCES], [], is_paused=False)


async def test_an_old_link_is_worth_nothing_for_whoever_comes_next(
    market: ScriptedMarket,
) -> None:
    """A subscriber's number is not given to another one after an erasure."""
    erased = await add(market.deps)
    link = token(market.deps, Purpose.UNSUBSCRIBE, erased)
    await erase_subscriber(market.deps, NAME)
    newcomer = await add(market.deps, "newcomer@example.org")
    assert newcomer.id != erased.id
    assert await unsubscribe(market.deps, link) is None
    assert (await stored(market.deps, "newcomer@example.org")).receives_digest


async def test_who_is_suppressed_is_told_so(market: ScriptedMarket) -> None:
    """A page can say why no mail comes."""
    waiting = await add(market.deps, state=SubscriberState.PENDING)
    await suppress_address(market.deps, NAME)
    holder = await confirm_subscription(market.deps, token(market.deps, Purpose.CONFIRM, waiting))
    assert holder.is_suppressed


async def test_a_change_that_was_overtaken_is_made_again(
    market: ScriptedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another change in between loses nothing: both are there afterwards."""
    subscriber = await add(market.deps)
    real = SqlSubscriberRepository.update_subscriber
    calls = 0

    async def overtaken(self: SqlSubscriberRepository, changed: Subscriber) -> bool:
        nonlocal calls
        calls += 1
        if calls == 1:
            stored_now = await self.find_subscriber(changed.id)
            assert stored_now is not None
            assert await real(self, replace(stored_now, symbols=("KO",)))
        return await real(self, changed)

    monkeypatch.setattr(SqlSubscriberRepository, "update_subscriber", overtaken)
    await unsubscribe(market.deps, token(market.deps, Purpose.UNSUBSCRIBE, subscriber))
    after = await stored(market.deps)
    assert (after.state, after.symbols) == (SubscriberState.UNSUBSCRIBED, ("KO",))


async def test_a_change_that_is_always_overtaken_is_given_up(
    market: ScriptedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends in an error that says to try again, never in a false success."""
    link = token(market.deps, Purpose.UNSUBSCRIBE, await add(market.deps))

    async def never(*_: object) -> bool:
        return False

    monkeypatch.setattr(SqlSubscriberRepository, "update_subscriber", never)
    with pytest.raises(DatabaseUnavailable):
        await unsubscribe(market.deps, link)


async def test_links_lead_to_the_public_address(market: ScriptedMarket) -> None:
    """Mails never name the host that a request happened to be for."""
    link = make_link(market.deps, Purpose.CONFIRM, await add(market.deps))
    assert link.startswith(f"{market.deps.settings.base_url}/subscribers/")
    assert link.endswith("/confirm")
