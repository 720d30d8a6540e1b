"""Taking subscribers over, exporting, erasing, suppressing and counting them."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from oracle.domain import subscriptions
from oracle.domain.errors import InvalidAddress, UnknownSubscriber
from oracle.domain.runs import DeliveryState
from oracle.domain.subscribers import SubscriberState, SuppressionReason
from oracle.services import add_subscriber as by_hand
from oracle.services.add_subscriber import Added, add_subscriber
from oracle.services.erase_subscriber import erase_subscriber
from oracle.services.export_subscriber import export_subscriber
from oracle.services.import_subscribers import ImportReport, import_subscribers
from oracle.services.list_subscribers import count_subscribers, list_subscribers
from oracle.services.suppress_address import lift_suppression, suppress_address
from tests.unit.services.subscriber_scene import (
    NAME,
    add,
    claim,
    mailer_of,
    plan_delivery,
    states,
    stored,
    suppression_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.unit.services.scripted_market import ScriptedMarket


async def take_over(
    market: ScriptedMarket, rows: Iterable[tuple[int, str]], *, confirmed: bool = True
) -> tuple[ImportReport, list[tuple[int, str]], list[int]]:
    """Import the rows; return the report, the bad lines, and the progress that was told."""
    bad: list[tuple[int, str]] = []
    done: list[int] = []
    report = await import_subscribers(
        market.deps,
        rows,
        confirmed=confirmed,
        report=lambda line, reason: bad.append((line, reason)),
        progress=done.append,
    )
    return report, bad, done


async def test_an_import_with_consent_confirms_and_says_where_it_came_from(
    market: ScriptedMarket,
) -> None:
    """New ones and those that were waiting receive the digest; nobody is sent anything now."""
    await add(market.deps, "waiting@example.org", SubscriberState.PENDING)
    rows = [(2, "New@example.org"), (3, "waiting@example.org"), (4, "new@EXAMPLE.org")]
    report, _, _ = await take_over(market, rows)
    assert report == ImportReport(added=1, confirmed=1, known=1)
    for address in ("new@example.org", "waiting@example.org"):
        subscriber = await stored(market.deps, address)
        assert (subscriber.state, subscriber.origin) == (SubscriberState.CONFIRMED, "import")
        assert subscriber.confirmed_at is not None
    assert mailer_of(market.deps).calls == 0


async def test_an_import_brings_nobody_back(market: ScriptedMarket) -> None:
    """Who has left, complained or bounced stays away, whatever the file says."""
    await add(market.deps, "gone@example.org", SubscriberState.UNSUBSCRIBED)
    await add(market.deps, "suppressed@example.org")
    await suppress_address(market.deps, "suppressed@example.org")
    await suppress_address(market.deps, "stranger@example.org")
    rows = [(2, "gone@example.org"), (3, "suppressed@example.org"), (4, "stranger@example.org")]
    report, _, _ = await take_over(market, rows)
    assert report == ImportReport(left=3)
    assert (await stored(market.deps, "gone@example.org")).state is SubscriberState.UNSUBSCRIBED
    async with market.deps.store.begin() as unit:
        assert await unit.subscribers.find_by_key("stranger@example.org") is None


async def test_bad_lines_are_named_by_number_and_stop_nothing(market: ScriptedMarket) -> None:
    """The report says what is wrong with a line and never repeats it."""
    rows = [(2, "a@example.org"), (3, "nonsense"), (4, ""), (5, "b@example.org")]
    report, bad, done = await take_over(market, rows)
    assert report == ImportReport(added=2, bad=2)
    assert [line for line, _ in bad] == [3, 4]
    assert "nonsense" not in str(bad)
    assert done == [4]


async def test_an_import_without_consent_asks(market: ScriptedMarket) -> None:
    """Each new address is sent the mail that asks to confirm; importing again sends none."""
    rows = [(2, "a@example.org"), (3, "b@example.org")]
    report, _, _ = await take_over(market, rows, confirmed=False)
    assert report == ImportReport(added=2, asked=2)
    assert (await stored(market.deps, "a@example.org")).state is SubscriberState.PENDING
    report, _, _ = await take_over(market, rows, confirmed=False)
    assert report == ImportReport(known=2)
    assert len(mailer_of(market.deps).sent) == 2


async def test_an_interrupted_import_asks_the_others_when_it_is_run_again(
    market: ScriptedMarket,
) -> None:
    """A page is stored before its mails are sent: whoever was not asked is not forgotten."""
    rows = [(2, "a@example.org"), (3, "b@example.org")]
    mailer_of(market.deps).failures = [RuntimeError("killed")]
    with pytest.raises(RuntimeError, match="killed"):
        await take_over(market, rows, confirmed=False)
    report, _, _ = await take_over(market, rows, confirmed=False)
    assert report == ImportReport(known=2, asked=1)
    assert [mail.recipient for mail in mailer_of(market.deps).sent] == ["b@example.org"]


async def test_a_large_import_needs_no_more_memory_than_a_page(market: ScriptedMarket) -> None:
    """Lines are read as they are stored: the last of them finds the first ones gone."""

    def rows(count: int) -> Iterator[tuple[int, str]]:
        return ((line, f"subscriber{line}@example.org") for line in range(count))

    await take_over(market, rows(500))
    tracemalloc.start()
    try:
        report, _, done = await take_over(market, rows(5_500))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report == ImportReport(added=5_000, known=500)
    assert done == list(range(500, 5_501, 500))
    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("state", "confirmed", "added"),
    [
        (None, True, Added.CONFIRMED),
        (SubscriberState.PENDING, True, Added.CONFIRMED),
        (SubscriberState.CONFIRMED, True, Added.KNOWN),
        (SubscriberState.UNSUBSCRIBED, True, Added.LEFT),
        (None, False, Added.ASKED),
        (SubscriberState.PENDING, False, Added.ASKED),
        (SubscriberState.CONFIRMED, False, Added.TOLD),
    ],
)
async def test_one_is_added_by_hand(
    market: ScriptedMarket,
    state: SubscriberState | None,
    confirmed: bool,  # noqa: FBT001
    added: Added,
) -> None:
    """With consent at once, else by the mail that asks; who has left is not brought back."""
    if state is not None:
        await add(market.deps, state=state)
    assert await add_subscriber(market.deps, NAME, confirmed=confirmed) is added


async def test_adding_to_a_suppressed_address_sends_nothing(market: ScriptedMarket) -> None:
    """By hand or not."""
    await suppress_address(market.deps, NAME)
    assert await add_subscriber(market.deps, NAME, confirmed=False) is Added.SUPPRESSED
    assert mailer_of(market.deps).calls == 0


async def test_adding_too_soon_or_too_often_says_which(
    market: ScriptedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever adds by hand learns what keeps the mail back."""
    assert await add_subscriber(market.deps, NAME, confirmed=False) is Added.ASKED
    assert await add_subscriber(market.deps, NAME, confirmed=False) is Added.TOO_SOON
    for module in (subscriptions, by_hand):
        monkeypatch.setattr(module, "CONFIRMATION_PAUSE", timedelta(0))
    for _ in range(2):
        assert await add_subscriber(market.deps, NAME, confirmed=False) is Added.ASKED
    assert await add_subscriber(market.deps, NAME, confirmed=False) is Added.TOO_OFTEN


async def test_an_export_holds_everything(market: ScriptedMarket) -> None:
    """The subscription, the suppression and every delivery; nothing of others."""
    subscriber = await add(market.deps)
    await add(market.deps, "other@example.org")
    await plan_delivery(market.deps)
    await suppress_address(market.deps, NAME, detail="asked by telephone")
    export = await export_subscriber(market.deps, " Name@Example.org ")
    assert export.subscriber == subscriber
    assert export.suppression is not None
    assert export.suppression.detail == "asked by telephone"
    assert [each.state for each in export.deliveries] == [DeliveryState.SUPPRESSED]


async def test_an_erased_subscriber_leaves_a_number(market: ScriptedMarket) -> None:
    """The row is gone, waiting mails with it; what was sent stays counted, for nobody."""
    await add(market.deps)
    run_id = await plan_delivery(market.deps)
    assert await erase_subscriber(market.deps, NAME) is False
    assert await states(market.deps, run_id) == {DeliveryState.SUPPRESSED: 1}
    assert await claim(market.deps, run_id) == []
    for act in (export_subscriber, erase_subscriber):
        with pytest.raises(UnknownSubscriber):
            await act(market.deps, NAME)


async def test_erasing_keeps_a_suppression(market: ScriptedMarket) -> None:
    """Who complained and is forgotten is still not written to."""
    await add(market.deps)
    await suppress_address(market.deps, NAME)
    assert await erase_subscriber(market.deps, NAME) is True
    assert await suppression_of(market.deps) is not None


async def test_suppressing_by_hand_and_taking_it_back(market: ScriptedMarket) -> None:
    """Each says whether it made a difference."""
    assert await suppress_address(market.deps, NAME) is True
    assert await suppress_address(market.deps, NAME.upper()) is False
    suppression = await suppression_of(market.deps)
    assert suppression is not None
    assert suppression.reason is SuppressionReason.MANUAL
    assert await lift_suppression(market.deps, NAME) is True
    assert await lift_suppression(market.deps, NAME) is False
    with pytest.raises(InvalidAddress):
        await suppress_address(market.deps, "nobody")


async def test_subscribers_are_listed_in_pages(market: ScriptedMarket) -> None:
    """All of them, in the order in which they came, or those of one state."""
    for number in range(7):
        await add(market.deps, f"a{number}@example.org")
    await add(market.deps, "waiting@example.org", SubscriberState.PENDING)
    pages = [page async for page in list_subscribers(market.deps, page=3)]
    assert [len(page) for page in pages] == [3, 3, 2]
    waiting = [
        each.subscriber.address.text
        async for page in list_subscribers(market.deps, state=SubscriberState.PENDING)
        for each in page
    ]
    assert waiting == ["waiting@example.org"]


async def test_who_is_suppressed_is_marked_and_can_be_listed_alone(market: ScriptedMarket) -> None:
    """In any state, on whatever page; suppressed addresses of nobody are not among them."""
    for number in range(7):
        await add(market.deps, f"a{number}@example.org")
    await add(market.deps, "waiting@example.org", SubscriberState.PENDING)
    suppressed = ["a5@example.org", "waiting@example.org"]
    for address in (*suppressed, "stranger@example.org"):
        await suppress_address(market.deps, address)
    marked = [
        each.subscriber.address.text
        async for page in list_subscribers(market.deps, page=3)
        for each in page
        if each.is_suppressed
    ]
    pages = [page async for page in list_subscribers(market.deps, suppressed_only=True, page=3)]
    alone = [each.subscriber.address.text for page in pages for each in page]
    assert marked == alone == suppressed


async def test_counts_become_metrics(market: ScriptedMarket) -> None:
    """Each state and each reason has its gauge, at zero too."""
    await add(market.deps)
    await suppress_address(market.deps, "other@example.org")
    counts = await count_subscribers(market.deps)
    assert counts[SubscriberState.CONFIRMED] == 1

    def gauge(name: str, **labels: str) -> float | None:
        return REGISTRY.get_sample_value(name, labels)

    assert gauge("oracle_subscribers", state="confirmed") == 1
    assert gauge("oracle_subscribers", state="pending") == 0
    assert gauge("oracle_suppressions", reason="manual") == 1
    assert gauge("oracle_suppressions", reason="bounce") == 0
