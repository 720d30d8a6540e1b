"""Deliveries of the digest: added by pages, claimed by whoever is free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, literal, select, update

from oracle.adapters.sql.database_clock import database_now
from oracle.adapters.sql.delivery_outcomes import DeliveryOutcomes
from oracle.adapters.sql.digest_tables import deliveries, runs, subscribers, suppressions
from oracle.adapters.sql.subscribers import RECEIVES_DIGEST
from oracle.adapters.sql.upsert import Upsert
from oracle.domain.errors import StaleEpoch
from oracle.domain.runs import Claim, DeliveryCounts, DeliveryRecord, DeliveryState, RunState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from sqlalchemy import Row

DUE = "FORCE INDEX (ix_deliveries_run_id_state_due_at)"
"""A scan of anything else would lock, and thereby hide from others, far more rows than it takes."""

_SUPPRESSED = suppressions.c.fingerprint.is_not(None)
_WITH_SUPPRESSION = subscribers.outerjoin(
    suppressions, suppressions.c.fingerprint == subscribers.c.fingerprint
)


class SqlDeliveryRepository(DeliveryOutcomes):
    """The table `deliveries`."""

    async def add_page(self, run_id: int, *, epoch: int, after: int, limit: int) -> int | None:
        """Add deliveries for the next `limit` subscribers after that id who receive the digest.

        Suppressed addresses get one in the state `suppressed`. Returns the last id that was looked
        at, or None when no subscriber is left. Those that are there already stay as they are.
        Raises StaleEpoch when the run has not that epoch or is not being planned.
        """
        if not await self.hold_run(run_id, epoch, RunState.PLANNED):
            raise StaleEpoch(f"Run {run_id} is not planned in epoch {epoch} any more.")
        page = (
            select(subscribers.c.id)
            .where(RECEIVES_DIGEST, subscribers.c.id > after)
            .order_by(subscribers.c.id)
            .limit(limit)
            .subquery()
        )
        last: int | None = await self._connection.scalar(select(func.max(page.c.id)))
        if last is None:
            return None
        now = await database_now(self._connection)
        row = {
            "run_id": literal(run_id),
            "subscriber_id": subscribers.c.id,
            "symbols": subscribers.c.symbols,
            "state": case((_SUPPRESSED, DeliveryState.SUPPRESSED), else_=DeliveryState.PENDING),
            "attempt": literal(0),
            "epoch": literal(epoch),
            "due_at": literal(now, deliveries.c.due_at.type),
            "reason": case((_SUPPRESSED, "The address is suppressed."), else_=""),
            "added_at": literal(now, deliveries.c.added_at.type),
            "changed_at": literal(now, deliveries.c.changed_at.type),
        }
        rows = (
            select(*(value.label(name) for name, value in row.items()))
            .select_from(_WITH_SUPPRESSION)
            .where(RECEIVES_DIGEST, subscribers.c.id > after, subscribers.c.id <= last)
            .order_by(subscribers.c.id)
        )
        # Inside the database from end to end: the page never travels.
        await self._connection.execute(
            Upsert(deliveries, key=("run_id", "subscriber_id")).from_select(list(row), rows)
        )
        return last

    async def list_wanted_symbols(self) -> Sequence[str]:
        """Return all symbols that subscribers who receive the digest have chosen, sorted."""
        choices = await self._connection.scalars(
            select(subscribers.c.symbols)
            .distinct()
            .select_from(_WITH_SUPPRESSION)
            .where(RECEIVES_DIGEST, ~_SUPPRESSED, subscribers.c.symbols != ())
        )
        return tuple(sorted({symbol for choice in choices for symbol in choice}))

    async def count_recipients(self) -> int:
        """Return how many subscribers receive the digest and are not suppressed."""
        count: int | None = await self._connection.scalar(
            select(func.count()).select_from(_WITH_SUPPRESSION).where(RECEIVES_DIGEST, ~_SUPPRESSED)
        )
        return count or 0

    async def claim(
        self, run_id: int, *, epoch: int, owner: str, limit: int, lease: timedelta
    ) -> Sequence[Claim]:
        """Claim up to `limit` pending deliveries that are due, if the run has that epoch and sends.

        Whoever has unsubscribed, paused, been erased or suppressed since gets no claim, and the
        delivery becomes `suppressed`. Never waits for rows that another sender is claiming.
        """
        if not await self.hold_run(run_id, epoch, RunState.SENDING):
            return ()
        now = await database_now(self._connection)
        due = await self._connection.scalars(
            select(deliveries.c.id)
            .with_hint(deliveries, DUE, "mysql")
            .where(deliveries.c.run_id == run_id, deliveries.c.state == DeliveryState.PENDING)
            .where(deliveries.c.due_at <= now)
            .order_by(deliveries.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        # The rows are ours; only now is it read whether their subscribers still want the mail.
        wanted = await self._list_wanted(ids) if (ids := due.all()) else {}
        unwanted = [each for each in ids if each not in wanted]
        if unwanted:
            await self._set(
                unwanted,
                state=DeliveryState.SUPPRESSED,
                reason="The subscriber wants none any more, or the address is suppressed.",
                changed_at=now,
            )
        if wanted:
            await self._set(
                list(wanted),
                state=DeliveryState.SENDING,
                attempt=deliveries.c.attempt + 1,
                epoch=epoch,
                owner=owner,
                lease_until=now + lease,
                reason="",
                changed_at=now,
            )
        return tuple(_claim_of(wanted[each], epoch, owner) for each in ids if each in wanted)

    async def count_senders(self, run_id: int) -> int:
        """Return how many owners have deliveries of the run that are `sending`."""
        count: int | None = await self._connection.scalar(
            select(func.count(deliveries.c.owner.distinct()))
            .with_hint(deliveries, DUE, "mysql")
            .where(deliveries.c.run_id == run_id, deliveries.c.state == DeliveryState.SENDING)
        )
        return count or 0

    async def list_of_subscriber(self, subscriber_id: int) -> Sequence[DeliveryRecord]:
        """Return what was sent, or was to be sent, to that subscriber; the newest run first."""
        rows = await self._connection.execute(
            select(
                runs.c.session, deliveries.c.state, deliveries.c.attempt, deliveries.c.changed_at
            )
            .join(runs, runs.c.id == deliveries.c.run_id)
            .where(deliveries.c.subscriber_id == subscriber_id)
            .order_by(runs.c.session.desc(), runs.c.id.desc())
        )
        return tuple(
            DeliveryRecord(row.session, DeliveryState(row.state), row.attempt, row.changed_at)
            for row in rows
        )

    async def count_deliveries(self, run_id: int) -> DeliveryCounts:
        """Return how many stand where."""
        # Of each row only what the index holds: the run is counted every few seconds.
        rows = await self._connection.execute(
            select(deliveries.c.state, func.count())
            .where(deliveries.c.run_id == run_id)
            .group_by(deliveries.c.state)
        )
        by_state = {DeliveryState(state): int(count) for state, count in rows}
        if not by_state.get(DeliveryState.PENDING):
            return DeliveryCounts(by_state, None)
        oldest = await self._connection.scalar(
            select(deliveries.c.added_at)
            .with_hint(deliveries, DUE, "mysql")
            .where(deliveries.c.run_id == run_id, deliveries.c.state == DeliveryState.PENDING)
            .order_by(deliveries.c.due_at)
            .limit(1)
        )
        return DeliveryCounts(by_state, oldest)

    async def _list_wanted(self, ids: Sequence[int]) -> dict[int, Row[*tuple[Any, ...]]]:
        """Return, by id, those of the deliveries that may be made, with their addresses."""
        # Read of every delivery rather than asked for in the condition, which would have SQLite
        # begin with all subscribers who are confirmed.
        is_wanted = (RECEIVES_DIGEST & ~_SUPPRESSED).label("is_wanted")
        rows = await self._connection.execute(
            select(
                *(deliveries.c.id, deliveries.c.run_id, deliveries.c.subscriber_id),
                *(deliveries.c.symbols, deliveries.c.attempt),
                *(subscribers.c.address, subscribers.c.generation, is_wanted),
            )
            .select_from(
                deliveries.outerjoin(
                    subscribers, subscribers.c.id == deliveries.c.subscriber_id
                ).outerjoin(suppressions, suppressions.c.fingerprint == subscribers.c.fingerprint)
            )
            .where(deliveries.c.id.in_(ids))
        )
        return {row.id: row for row in rows if row.is_wanted}

    async def _set(self, ids: Sequence[int], **values: Any) -> None:
        await self._connection.execute(
            update(deliveries).where(deliveries.c.id.in_(ids)).values(**values)
        )


def _claim_of(row: Row[*tuple[Any, ...]], epoch: int, owner: str) -> Claim:
    return Claim(
        delivery_id=row.id,
        run_id=row.run_id,
        subscriber_id=row.subscriber_id,
        generation=row.generation,
        address=row.address,
        symbols=row.symbols,
        attempt=row.attempt + 1,
        epoch=epoch,
        owner=owner,
    )
