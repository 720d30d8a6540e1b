"""What the provider reports: each report once, in any order."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.sql.suppressions import SqlSuppressionRepository
from oracle.domain.errors import StaleEpoch
from oracle.domain.runs import DeliveryState, MailEventKind
from oracle.domain.subscribers import SubscriberState, SuppressionReason
from oracle.services.erase_subscriber import erase_subscriber
from oracle.services.read_mail_events import handle_mail_event, read_mail_events
from tests.standins.mail_events import ScriptedEvents
from tests.unit.services.subscriber_scene import (
    NAME,
    add,
    claim,
    event,
    plan_delivery,
    states,
    stored,
    suppression_of,
)

if TYPE_CHECKING:
    from oracle.domain.runs import MailEvent
    from oracle.services.dependencies import Dependencies
    from tests.unit.services.scripted_market import ScriptedMarket


def hearing(market: ScriptedMarket, *events: MailEvent, unreadable: int = 0) -> Dependencies:
    """Return dependencies to which these events are reported."""
    return replace(market.deps, mail_events=ScriptedEvents(list(events), unreadable))


async def test_without_a_queue_nothing_is_read(market: ScriptedMarket) -> None:
    """Mailers that report nothing are no error."""
    assert (await read_mail_events(market.deps)).new.total() == 0


async def test_a_bounce_for_good_suppresses(market: ScriptedMarket) -> None:
    """The address is never written to again, and what is waiting for it is not sent."""
    await add(market.deps)
    run_id = await plan_delivery(market.deps)
    deps = hearing(market, event(MailEventKind.BOUNCED, is_permanent=True))
    report = await read_mail_events(deps)
    assert (report.new.total(), report.suppressed) == (1, 1)
    suppression = await suppression_of(deps)
    assert suppression is not None
    assert suppression.reason is SuppressionReason.BOUNCE
    assert (await stored(deps)).state is SubscriberState.CONFIRMED
    assert await states(deps, run_id) == {DeliveryState.SUPPRESSED: 1}


@pytest.mark.parametrize(
    "kind",
    [
        MailEventKind.BOUNCED,
        MailEventKind.DELAYED,
        MailEventKind.DELIVERED,
        MailEventKind.SENT,
        MailEventKind.REJECTED,
    ],
)
async def test_what_may_pass_suppresses_nobody(market: ScriptedMarket, kind: MailEventKind) -> None:
    """A full mailbox today is no reason for ever."""
    await add(market.deps)
    await read_mail_events(hearing(market, event(kind)))
    assert await suppression_of(market.deps) is None


async def test_a_complaint_unsubscribes_as_well(market: ScriptedMarket) -> None:
    """Whoever calls it spam has said that they want none of it."""
    await add(market.deps)
    await read_mail_events(hearing(market, event(MailEventKind.COMPLAINED)))
    assert (await stored(market.deps)).state is SubscriberState.UNSUBSCRIBED
    suppression = await suppression_of(market.deps)
    assert suppression is not None
    assert suppression.reason is SuppressionReason.COMPLAINT


async def test_who_was_erased_is_suppressed_all_the_same(market: ScriptedMarket) -> None:
    """A late bounce finds no subscriber and keeps the address from being written to again."""
    await add(market.deps)
    await erase_subscriber(market.deps, NAME)
    deps = hearing(market, event(MailEventKind.BOUNCED, is_permanent=True))
    await read_mail_events(deps)
    assert await suppression_of(deps) is not None


@pytest.mark.parametrize(
    "kind", [each for each in MailEventKind if each is not MailEventKind.REJECTED]
)
async def test_any_report_finds_out_about_an_unknown_attempt(
    market: ScriptedMarket, kind: MailEventKind
) -> None:
    """That it was delivered, or came back, both say that it had been accepted."""
    await add(market.deps)
    run_id = await plan_delivery(market.deps)
    (claimed,) = await claim(market.deps, run_id)
    async with market.deps.store.begin() as unit:
        assert await unit.deliveries.record_unknown(claimed, "no answer")
    report = await read_mail_events(hearing(market, event(kind, claimed=claimed)))
    assert report.resolved == 1
    assert await states(market.deps, run_id) == {DeliveryState.SENT: 1}


async def test_a_report_of_another_attempt_finds_out_nothing(market: ScriptedMarket) -> None:
    """What became of the first attempt does not say what became of the second."""
    await add(market.deps)
    run_id = await plan_delivery(market.deps)
    (claimed,) = await claim(market.deps, run_id)
    async with market.deps.store.begin() as unit:
        assert await unit.deliveries.record_unknown(claimed, "no answer")
    other = replace(claimed, attempt=claimed.attempt + 1)
    report = await read_mail_events(hearing(market, event(MailEventKind.SENT, claimed=other)))
    assert report.resolved == 0
    assert await states(market.deps, run_id) == {DeliveryState.UNKNOWN: 1}


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
async def test_neither_order_nor_repetition_makes_a_difference(
    market: ScriptedMarket, order: tuple[int, ...]
) -> None:
    """Reports that come five times and in any order leave the same as once and in order."""
    await add(market.deps)
    run_id = await plan_delivery(market.deps)
    (claimed,) = await claim(market.deps, run_id)
    async with market.deps.store.begin() as unit:
        assert await unit.deliveries.record_unknown(claimed, "no answer")
    events = [
        event(MailEventKind.SENT, claimed=claimed),
        event(MailEventKind.DELIVERED, claimed=claimed),
        event(MailEventKind.BOUNCED, claimed=claimed, is_permanent=True),
        event(MailEventKind.COMPLAINED, claimed=claimed),
    ]
    deps = hearing(market, *[events[place] for place in order] * 5)
    report = await read_mail_events(deps)
    assert (report.new.total(), report.known, report.resolved) == (4, 16, 1)
    suppression = await suppression_of(deps)
    assert suppression is not None
    assert suppression.reason is SuppressionReason.COMPLAINT
    assert (await stored(deps)).state is SubscriberState.UNSUBSCRIBED
    assert await states(deps, run_id) == {DeliveryState.SENT: 1}


async def test_reports_are_acknowledged_after_they_are_stored(market: ScriptedMarket) -> None:
    """Unreadable ones as well, else they would come for ever."""
    deps = hearing(market, event(MailEventKind.SENT), unreadable=2)
    await read_mail_events(deps)
    queue = deps.mail_events
    assert isinstance(queue, ScriptedEvents)
    assert queue.acknowledged == ["event-sent-1", "unreadable", "unreadable"]


async def test_a_deposed_leader_stores_and_acknowledges_nothing(market: ScriptedMarket) -> None:
    """The report stays with the provider for whoever leads now."""
    deps = hearing(market, event(MailEventKind.COMPLAINED))
    await add(market.deps)
    with pytest.raises(StaleEpoch):
        await read_mail_events(deps, epoch=99)
    queue = deps.mail_events
    assert isinstance(queue, ScriptedEvents)
    assert queue.acknowledged == []
    assert (await stored(deps)).state is SubscriberState.CONFIRMED


async def test_an_effect_that_fails_leaves_the_report_to_come_again(
    market: ScriptedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Report and effect are one transaction: neither is there without the other."""
    real = SqlSuppressionRepository.add_suppression

    async def broken(*_: object) -> bool:
        raise RuntimeError("no room")

    bounce = event(MailEventKind.BOUNCED, is_permanent=True)
    monkeypatch.setattr(SqlSuppressionRepository, "add_suppression", broken)
    with pytest.raises(RuntimeError):
        await handle_mail_event(market.deps, bounce)
    monkeypatch.setattr(SqlSuppressionRepository, "add_suppression", real)
    assert (await handle_mail_event(market.deps, bounce)).is_new
    assert await suppression_of(market.deps) is not None


async def test_one_run_reads_only_so_many(market: ScriptedMarket) -> None:
    """A flood of reports leaves other jobs their turn; the rest stays for the next run."""
    events = [event(MailEventKind.SENT, number=number) for number in range(40)]
    deps = hearing(market, *events)
    assert (await read_mail_events(deps, most=20)).new.total() == 20
    assert (await read_mail_events(deps, most=100)).new.total() == 20
