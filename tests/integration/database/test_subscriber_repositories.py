"""What the repositories of subscribers, suppressions and reports promise, on each database."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from oracle.adapters.sql.digest_tables import metadata
from oracle.domain.runs import MailEvent, MailEventKind
from oracle.domain.subscribers import SubscriberState, SuppressionReason
from tests.integration.database.digest_examples import (
    address,
    claim,
    confirmed,
    sending_run,
    suppression,
)
from tests.integration.database.examples import NOW
from tests.integration.database.races import race

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from oracle.adapters.sql.store import SqlStore, SqlUnitOfWork


def report(number: str = "event-1", **changes: Any) -> MailEvent:
    """Return a provider's report of a bounce."""
    values: dict[str, Any] = {
        "id": number,
        "kind": MailEventKind.BOUNCED,
        "message_id": "0102018f",
        "delivery_id": 7,
        "attempt": 2,
        "fingerprints": ("a" * 64,),
        "is_permanent": True,
        "detail": "550 5.1.1 unknown",
        "happened_at": NOW,
    }
    return MailEvent(**values | changes)


async def test_a_subscriber_reads_back_as_it_was_stored(store: SqlStore) -> None:
    """All that was given is there, by id and by the key of the address; others are not."""
    async with store.begin() as unit:
        added = await unit.subscribers.add_subscriber(
            address(), SubscriberState.PENDING, NOW, origin="site"
        )
    async with store.begin() as unit:
        assert await unit.subscribers.find_subscriber(added.id) == added
        assert await unit.subscribers.find_by_key("ada@example.org") == added
        assert await unit.subscribers.find_by_key("Ada@Example.org") is None
        assert await unit.subscribers.find_subscriber(added.id + 1) is None
    assert added.address == address()
    assert (added.state, added.is_paused, added.symbols) == (SubscriberState.PENDING, False, ())
    assert (added.created_at, added.confirmed_at, added.confirmations_sent) == (NOW, None, 0)


async def test_an_imported_subscriber_is_confirmed_from_the_start(store: SqlStore) -> None:
    """Whoever is stored as confirmed has been so since then."""
    async with store.begin() as unit:
        (added,) = await confirmed(unit, "ada")
    assert added.confirmed_at == NOW
    assert added.receives_digest


async def test_an_address_is_stored_once(store: SqlStore) -> None:
    """Who comes with the same key again gets the row that is there, unchanged."""
    async with store.begin() as unit:
        first = await unit.subscribers.add_subscriber(
            address(), SubscriberState.PENDING, NOW, origin="site"
        )
        again = await unit.subscribers.add_subscriber(
            dataclasses.replace(address(), text="ADA@example.org"),
            SubscriberState.CONFIRMED,
            NOW + timedelta(days=1),
            origin="import",
        )
    assert again == first


async def test_a_change_is_stored_once_per_version(store: SqlStore) -> None:
    """The first of two changes of one version wins; the second is told so and changes nothing."""
    async with store.begin() as unit:
        (before,) = await confirmed(unit, "ada")
        changed = dataclasses.replace(
            before,
            state=SubscriberState.UNSUBSCRIBED,
            is_paused=True,
            symbols=("AAPL", "BRK-B"),
            generation=5,
            unsubscribed_at=NOW + timedelta(microseconds=1),
            confirmation_sent_at=NOW,
            confirmations_sent=3,
        )
        assert await unit.subscribers.update_subscriber(changed)
        assert not await unit.subscribers.update_subscriber(before)
        stored = await unit.subscribers.find_subscriber(before.id)
    assert stored == dataclasses.replace(changed, version=before.version + 1)


async def test_subscribers_are_listed_by_pages_and_counted(store: SqlStore) -> None:
    """They come by id, of one state or all, and every state has its count."""
    async with store.begin() as unit:
        some = await confirmed(unit, "ada", "bob", "eve")
        asked = await unit.subscribers.add_subscriber(
            address("kim"), SubscriberState.PENDING, NOW, origin="api"
        )
    async with store.begin() as unit:
        listed = unit.subscribers.list_subscribers
        assert list(await listed(after=0, limit=2)) == some[:2]
        assert list(await listed(after=some[1].id, limit=9)) == [some[2], asked]
        assert list(await listed(after=0, limit=9, state=SubscriberState.PENDING)) == [asked]
        assert await unit.subscribers.count_subscribers() == {
            SubscriberState.PENDING: 1,
            SubscriberState.CONFIRMED: 3,
            SubscriberState.UNSUBSCRIBED: 0,
        }


async def test_of_an_erased_subscriber_no_address_is_left_in_any_table(store: SqlStore) -> None:
    """Neither the mail server's words nor a report keep it; the delivery is a mere number."""
    run = await sending_run(store, "ada")
    (claimed,) = await claim(store, run)
    words = "550 <Ada@Example.org>: mailbox ada@example.org unknown"
    async with store.begin() as unit:
        await unit.deliveries.record_failed(claimed, words)
        await unit.suppressions.add_suppression(suppression(address(), words))
        await unit.mail_events.add_events([report(detail=words)], NOW)
        assert await unit.subscribers.remove_subscriber(claimed.subscriber_id)
        assert not await unit.subscribers.remove_subscriber(claimed.subscriber_id)
    async with store._engine.connect() as connection:  # noqa: SLF001 -- Looks into every table.
        for table in metadata.sorted_tables:
            rows = (await connection.execute(select(table))).all()
            assert "example.org" not in repr(rows).lower(), table.name


async def test_the_keys_of_addresses_are_told_apart_by_every_letter(store: SqlStore) -> None:
    """Case, accents and trailing spaces make different keys, on all databases alike."""
    keys = ["a@x.org", "A@x.org", "\N{LATIN SMALL LETTER A WITH ACUTE}@x.org", "b@x.org"]
    async with store.begin() as unit:
        ids = {
            (
                await unit.subscribers.add_subscriber(
                    dataclasses.replace(address(), key=key),
                    SubscriberState.PENDING,
                    NOW,
                    origin="site",
                )
            ).id
            for key in keys
        }
    assert len(ids) == len(keys)


async def test_a_suppression_is_kept_once_and_can_be_taken_back(store: SqlStore) -> None:
    """The first reason stays, the second writer is told; taking back is told as well."""
    bounced = suppression(address())
    again = dataclasses.replace(bounced, reason=SuppressionReason.COMPLAINT)
    async with store.begin() as unit:
        kept = unit.suppressions
        assert await kept.add_suppression(bounced)
        assert not await kept.add_suppression(again)
        assert await kept.find_suppression(bounced.fingerprint) == bounced
        assert await kept.count_suppressions() == {"bounce": 1, "complaint": 0, "manual": 0}
        assert await kept.remove_suppression(bounced.fingerprint)
        assert not await kept.remove_suppression(bounced.fingerprint)
        assert await kept.find_suppression(bounced.fingerprint) is None


async def test_a_report_that_comes_five_times_is_kept_once(store: SqlStore) -> None:
    """Only the first one is new, and the unit goes on after each refusal."""
    async with store.begin() as unit:
        told = [list(await unit.mail_events.add_events([report()], NOW)) for _ in range(5)]
        assert await unit.mail_events.add_events([report("event-2")], NOW)
    assert told == [[report().id], [], [], [], []]


async def test_of_a_batch_of_reports_those_that_are_new_are_told(store: SqlStore) -> None:
    """Known ones, and a second of the same batch, stay out; the others are stored together."""
    async with store.begin() as unit:
        await unit.mail_events.add_events([report("b")], NOW)
        batch = [report(name) for name in ("c", "b", "a", "c")]
        assert set(await unit.mail_events.add_events(batch, NOW)) == {"a", "c"}
        assert not await unit.mail_events.add_events(batch, NOW)
        assert not await unit.mail_events.add_events([], NOW)
        assert len(await unit.mail_events.list_attempt_events(7, 2)) == 3


async def test_reports_are_found_by_the_attempt_they_speak_of(store: SqlStore) -> None:
    """In the order in which it happened, whatever order they came in; others' stay out."""
    first = report("a", kind=MailEventKind.SENT, happened_at=NOW - timedelta(seconds=5))
    second = report("b")
    none = report("c", delivery_id=None, attempt=None)
    async with store.begin() as unit:
        assert await unit.mail_events.newest_event_at() is None
        for number, each in enumerate([second, report("d", attempt=1), first, none]):
            await unit.mail_events.add_events([each], NOW + timedelta(seconds=number))
        assert list(await unit.mail_events.list_attempt_events(7, 2)) == [first, second]
        # Of what was reported the latest happened at NOW, whenever it was stored.
        assert await unit.mail_events.newest_event_at() == NOW


async def test_several_who_store_one_address_at_once_get_the_same_row(
    stores: tuple[SqlStore, SqlStore],
) -> None:
    """Whoever was first, all are told the same subscriber."""

    def add(number: int) -> Callable[[SqlUnitOfWork], Awaitable[Any]]:
        return lambda unit: unit.subscribers.add_subscriber(
            address(), SubscriberState.PENDING, NOW + timedelta(seconds=number), origin="site"
        )

    told = await race(stores, *map(add, range(8)))
    assert len(set(told)) == 1


async def test_of_several_who_report_or_suppress_at_once_one_is_new(
    stores: tuple[SqlStore, SqlStore],
) -> None:
    """Exactly one of eight writers of the same report, and of the same suppression, was first."""

    async def tell(unit: SqlUnitOfWork) -> bool:
        return bool(await unit.mail_events.add_events([report(), report("event-2")], NOW))

    reported = await race(stores, *[tell] * 8)
    gone = suppression(address())
    suppressed = await race(stores, *[lambda unit: unit.suppressions.add_suppression(gone)] * 8)
    assert sorted(reported) == sorted(suppressed) == [False] * 7 + [True]


async def test_of_several_changes_at_once_one_is_stored(stores: tuple[SqlStore, SqlStore]) -> None:
    """Two who read the same version do not undo each other."""
    async with stores[0].begin() as unit:
        (before,) = await confirmed(unit, "ada")

    def change(number: int) -> Callable[[SqlUnitOfWork], Awaitable[Any]]:
        changed = dataclasses.replace(before, generation=10 + number)
        return lambda unit: unit.subscribers.update_subscriber(changed)

    told = await race(stores, *map(change, range(6)))
    assert sorted(told) == [False] * 5 + [True]
    async with stores[0].begin() as unit:
        after = await unit.subscribers.find_subscriber(before.id)
    assert after is not None
    assert after.generation == 10 + told.index(True)
