"""Subscribers on every database: what two instances do at once, and what is looked up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from oracle.domain.addresses import parse_address
from oracle.domain.runs import DeliveryState, MailEventKind
from oracle.domain.subscribers import SubscriberState, SuppressionReason
from oracle.services.erase_subscriber import erase_subscriber
from oracle.services.import_subscribers import ImportReport, import_subscribers
from oracle.services.read_mail_events import handle_mail_event
from oracle.services.subscribe import note_sign_up
from oracle.services.subscriber_links import Purpose
from oracle.services.suppress_address import suppress_address
from oracle.services.unsubscribe import unsubscribe
from oracle.settings import DEFAULT_POOL
from tests.unit.services.scripted_market import MovingClock, ScriptedFeed, build_market
from tests.unit.services.subscriber_scene import (
    NAME,
    add,
    claim,
    event,
    plan_delivery,
    states,
    stored,
    suppression_of,
    token,
)

if TYPE_CHECKING:
    from oracle.adapters.sql.store import SqlStore
    from oracle.services.dependencies import Dependencies


def instance(store: SqlStore) -> Dependencies:
    """Return an instance of the application on that store."""
    clock = MovingClock()
    return build_market(clock, ScriptedFeed(clock, DEFAULT_POOL), store).deps


async def test_sign_ups_at_the_same_moment_are_one(stores: tuple[SqlStore, SqlStore]) -> None:
    """Two instances that hear of the same address store it once and send one mail."""
    one, other = (instance(store) for store in stores)
    address = parse_address(NAME)
    asked = await asyncio.gather(
        *(note_sign_up(each, address, origin="site") for each in (one, other) * 4)
    )
    assert len([each for each in asked if each is not None]) == 1
    assert (await stored(one)).confirmations_sent == 1
    async with other.store.begin() as unit:
        assert len(await unit.subscribers.list_subscribers(after=0, limit=9)) == 1


async def test_a_report_that_two_instances_read_counts_once(
    stores: tuple[SqlStore, SqlStore],
) -> None:
    """Whoever stores it first acts on it; the other finds it known."""
    one, other = (instance(store) for store in stores)
    await add(one)
    complaint = event(MailEventKind.COMPLAINED)
    effects = await asyncio.gather(
        *(handle_mail_event(each, complaint) for each in (one, other) * 3)
    )
    assert [each.is_new for each in effects].count(True) == 1
    assert (await stored(one)).state is SubscriberState.UNSUBSCRIBED


async def test_who_leaves_while_a_sender_claims_gets_no_later_mail(
    stores: tuple[SqlStore, SqlStore],
) -> None:
    """Either the mail was claimed before they left, or it is suppressed; never both or neither."""
    one, other = (instance(store) for store in stores)
    subscriber = await add(one)
    run_id = await plan_delivery(one)
    link = token(one, Purpose.UNSUBSCRIBE, subscriber)
    _, claimed = await asyncio.gather(unsubscribe(one, link), claim(other, run_id))
    stand = await states(one, run_id)
    expected = DeliveryState.SENDING if claimed else DeliveryState.SUPPRESSED
    assert stand == {expected: 1}
    assert await claim(other, run_id) == []


async def test_an_import_is_the_same_on_every_database(store: SqlStore) -> None:
    """Pages of addresses are added, found again by key, and matched with the suppressed."""
    deps = instance(store)
    await add(deps, "waiting@example.org", SubscriberState.PENDING)
    await suppress_address(deps, "suppressed@example.org")
    rows = [(line, f"a{line}@example.org") for line in range(2, 1_200)]
    rows += [(1_200, "Waiting@example.org"), (1_201, "suppressed@example.org"), (1_202, "bad")]
    seen: list[int] = []

    async def run() -> ImportReport:
        return await import_subscribers(
            deps, rows, confirmed=True, report=lambda line, _: seen.append(line), progress=len_of
        )

    assert await run() == ImportReport(added=1_198, confirmed=1, left=1, bad=1)
    assert await run() == ImportReport(known=1_199, left=1, bad=1)
    assert seen == [1_202, 1_202]
    async with deps.store.begin() as unit:
        assert (await unit.subscribers.count_subscribers())[SubscriberState.CONFIRMED] == 1_199
        assert await unit.subscribers.list_by_keys(()) == ()
        assert await unit.suppressions.list_suppressed(()) == ()


def len_of(done: int) -> None:
    """Take no notice of progress."""
    del done


async def test_a_subscriber_is_found_by_fingerprint_with_what_was_sent(store: SqlStore) -> None:
    """A provider's report leads to the subscriber, an export to their deliveries."""
    deps = instance(store)
    subscriber = await add(deps)
    assert subscriber.origin == "site"
    await add(deps, "other@example.org")
    await plan_delivery(deps)
    async with deps.store.begin() as unit:
        found = await unit.subscribers.find_by_fingerprint(parse_address(NAME).fingerprint)
        assert found == subscriber
        assert await unit.subscribers.find_by_fingerprint("f" * 64) is None
        (delivery,) = await unit.deliveries.list_of_subscriber(subscriber.id)
    assert delivery.state is DeliveryState.PENDING
    assert delivery.session.isoformat() == "2023-06-14"


async def test_a_number_is_never_given_twice(store: SqlStore) -> None:
    """Whoever comes after an erasure is somebody else, also in the links of old mails."""
    deps = instance(store)
    erased = await add(deps)
    await erase_subscriber(deps, NAME)
    assert (await add(deps)).id > erased.id


async def test_a_complaint_outranks_a_bounce(store: SqlStore) -> None:
    """In either order the complaint's reason is what is kept."""
    deps = instance(store)
    bounce = event(MailEventKind.BOUNCED, is_permanent=True)
    complaint = event(MailEventKind.COMPLAINED)
    for address, reports in ((NAME, (bounce, complaint)), (NAME, (complaint, bounce))):
        for report in reports:
            await handle_mail_event(deps, report)
        suppression = await suppression_of(deps, address)
        assert suppression is not None
        assert suppression.reason is SuppressionReason.COMPLAINT
