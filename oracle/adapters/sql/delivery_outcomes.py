"""What became of claimed deliveries.

Rows are found by a plain read and changed by their id, under the conditions that made them
candidates. An update that searched by state would lock index entries before rows, the other way
round than a sender who changes the state of a row it holds: each would wait for the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, select, update

from oracle.adapters.sql.database_clock import DatabaseTime, database_now
from oracle.adapters.sql.digest_tables import deliveries, runs, subscribers
from oracle.adapters.sql.sqlite import begin_writing
from oracle.domain.addressless import without_addresses
from oracle.domain.runs import Claim, DeliveryState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import timedelta

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from oracle.domain.runs import RunState

PAGE = 1000
"""Rows that one unit changes at most: more might not fit into its deadline."""


class DeliveryOutcomes:
    """The part of the table `deliveries` that begins once a delivery was claimed."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def record_sent(self, accepted: Sequence[tuple[Claim, str]]) -> Collection[int]:
        """Note that the claimed mails were accepted, each under that identifier.

        Returns the ids of the deliveries whose claim was still this sender's. One whose lease ended
        meanwhile, `unknown` of the same attempt, is sent too.
        """
        await begin_writing(self._connection)
        claimed = {claim.delivery_id: (claim, message_id) for claim, message_id in accepted}
        rows = await self._connection.execute(
            select(*(deliveries.c[name] for name in ("id", "attempt", "owner", "state")))
            .where(deliveries.c.id.in_(sorted(claimed)))
            .order_by(deliveries.c.id)
            .with_for_update()
        )
        identifiers: dict[int, str] = {}
        for row in rows:
            claim, message_id = claimed[row.id]
            is_ours = (row.attempt, row.owner) == (claim.attempt, claim.owner)
            if is_ours and row.state in {DeliveryState.SENDING, DeliveryState.UNKNOWN}:
                identifiers[row.id] = message_id
        if identifiers:
            await self._connection.execute(
                update(deliveries)
                .where(deliveries.c.id.in_(list(identifiers)))
                .values(
                    state=DeliveryState.SENT,
                    message_id=case(identifiers, value=deliveries.c.id),
                    reason="",
                    lease_until=None,
                    changed_at=DatabaseTime(),
                )
            )
        return identifiers.keys()

    async def record_failed(self, claim: Claim, reason: str) -> bool:
        """Note that the recipient was refused for good."""
        return await self._record(claim, state=DeliveryState.FAILED, reason=reason)

    async def record_unknown(self, claim: Claim, reason: str) -> bool:
        """Note that nobody knows whether it was accepted."""
        return await self._record(claim, state=DeliveryState.UNKNOWN, reason=reason)

    async def release(self, claim: Claim, *, retry_in: timedelta, reason: str) -> bool:
        """Give the delivery back: it was certainly not sent, and is due again after that time."""
        return await self._record(
            claim,
            state=DeliveryState.PENDING,
            reason=reason,
            owner=None,
            due_at=await database_now(self._connection) + retry_in,
        )

    async def end_leases(self, run_id: int, *, epoch: int) -> int:
        """Make `unknown` what is `sending` beyond its lease, up to 1,000; return how many."""
        if not await self.hold_run(run_id, epoch):
            return 0
        now = await database_now(self._connection)
        return await self._change(
            (deliveries.c.run_id == run_id)
            & (deliveries.c.state == DeliveryState.SENDING)
            & (deliveries.c.lease_until < now),
            PAGE,
            state=DeliveryState.UNKNOWN,
            reason="The sender fell silent.",
            lease_until=None,
        )

    async def list_unknown(
        self, run_id: int, *, older_than: timedelta, limit: int
    ) -> Sequence[Claim]:
        """Return deliveries that have been unknown for that long, as the claims they were.

        Of a subscriber who has been erased since, the address is empty.
        """
        now = await database_now(self._connection)
        rows = await self._connection.execute(
            select(deliveries, subscribers.c.address, subscribers.c.generation)
            .select_from(
                deliveries.outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            )
            .where(deliveries.c.run_id == run_id, deliveries.c.state == DeliveryState.UNKNOWN)
            .where(deliveries.c.changed_at <= now - older_than)
            .order_by(deliveries.c.id)
            .limit(limit)
        )
        return tuple(
            Claim(
                delivery_id=row.id,
                run_id=row.run_id,
                subscriber_id=row.subscriber_id,
                generation=row.generation or 0,
                address=row.address or "",
                symbols=row.symbols,
                attempt=row.attempt,
                epoch=row.epoch,
                owner=row.owner or "",
            )
            for row in rows
        )

    async def list_unknown_among(self, delivery_ids: Sequence[int]) -> Sequence[int]:
        """Return which of these deliveries are unknown."""
        if not delivery_ids:
            return ()
        found = await self._connection.scalars(
            select(deliveries.c.id)
            .where(deliveries.c.id.in_(delivery_ids))
            .where(deliveries.c.state == DeliveryState.UNKNOWN)
        )
        return found.all()

    async def resolve_unknown(
        self, delivery_id: int, attempt: int, *, message_id: str | None
    ) -> bool:
        """Make an unknown attempt `sent` under that identifier or, with None, pending again."""
        found_out: dict[str, Any] = (
            {"state": DeliveryState.PENDING, "owner": None, "due_at": DatabaseTime()}
            if message_id is None
            else {"state": DeliveryState.SENT, "message_id": message_id, "reason": ""}
        )
        result = await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery_id, deliveries.c.attempt == attempt)
            .where(deliveries.c.state == DeliveryState.UNKNOWN)
            .values(changed_at=DatabaseTime(), **found_out)
        )
        return result.rowcount == 1

    async def expire(self, run_id: int, *, epoch: int, limit: int = PAGE) -> int:
        """Make `expired` up to `limit` of what is still pending; return how many, 0 at the end."""
        if not await self.hold_run(run_id, epoch):
            return 0
        return await self._change(
            (deliveries.c.run_id == run_id) & (deliveries.c.state == DeliveryState.PENDING),
            limit,
            state=DeliveryState.EXPIRED,
            reason="The window closed.",
        )

    async def suppress_pending(self, subscriber_id: int) -> int:
        """Make `suppressed` what is pending for that subscriber, in whatever run."""
        return await self._change(
            (deliveries.c.subscriber_id == subscriber_id)
            & (deliveries.c.state == DeliveryState.PENDING),
            PAGE,
            state=DeliveryState.SUPPRESSED,
            reason="The subscriber wants none any more.",
        )

    async def hold_run(self, run_id: int, epoch: int, state: RunState | None = None) -> bool:
        """Keep the run as it is for the rest of the transaction if it has that epoch and state.

        Those who hold it do not disturb each other; who wants to change it waits for them.
        """
        await begin_writing(self._connection)
        conditions = [runs.c.id == run_id, runs.c.epoch == epoch]
        if state is not None:
            conditions.append(runs.c.state == state)
        found = await self._connection.execute(
            select(runs.c.id).where(*conditions).with_for_update(read=True)
        )
        return found.one_or_none() is not None

    async def _record(self, claim: Claim, *, reason: str, **values: Any) -> bool:
        result = await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id == claim.delivery_id, deliveries.c.attempt == claim.attempt)
            .where(deliveries.c.owner == claim.owner, deliveries.c.state == DeliveryState.SENDING)
            .values(
                lease_until=None,
                changed_at=DatabaseTime(),
                reason=without_addresses(reason),
                **values,
            )
        )
        return result.rowcount == 1

    async def _change(self, condition: ColumnElement[bool], limit: int, **values: Any) -> int:
        found = await self._connection.scalars(
            select(deliveries.c.id).where(condition).order_by(deliveries.c.id).limit(limit)
        )
        if not (ids := found.all()):
            return 0
        result = await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_(ids), condition)
            .values(changed_at=DatabaseTime(), **values)
        )
        return result.rowcount
