"""Writes down what became of handed-over mails, several in one transaction, until it is written."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Self

from oracle.domain.errors import DatabaseUnavailable
from oracle.observability.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.runs import Claim
    from oracle.ports import DeliveryRepository, Store

OutcomeKind = Literal["sent", "failed", "unknown", "released"]

RETRY_SECONDS = 0.25

MOST = 100
"""Outcomes that are recorded in one transaction."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """What became of one claim: `detail` is the provider's identifier if sent, else the reason.

    One that is `released` was certainly not sent and is due again in `retry_in` seconds.
    """

    claim: Claim
    kind: OutcomeKind
    detail: str
    retry_in: float = 0.0


class OutcomeRecorder:
    """An async context that records outcomes, those that are waiting in one transaction.

    While the database is away it tries again: a mail that was accepted is not forgotten as long as
    this process lives. Leaving waits until everything is written, or until it is cancelled.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[DeliveryOutcome] = []
        self._news = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def note(self, outcome: DeliveryOutcome) -> None:
        """Have the outcome recorded soon."""
        self._waiting.append(outcome)
        self._news.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._record_all())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._closing = True
        self._news.set()
        if self._task is not None:
            await self._task

    async def _record_all(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._record(batch)
            if self._closing:
                return

    async def _record(self, batch: list[DeliveryOutcome]) -> None:
        while True:
            try:
                async with self._store.begin() as unit:
                    await _write_all(unit.deliveries, batch)
                return
            except DatabaseUnavailable as error:
                _log.warning("outcomes_wait", waiting=len(batch), why=str(error))
                await asyncio.sleep(RETRY_SECONDS)


async def _write_all(deliveries: DeliveryRepository, batch: Sequence[DeliveryOutcome]) -> None:
    sent = [(each.claim, each.detail) for each in batch if each.kind == "sent"]
    # Nearly all of them, and so in one statement.
    written = await deliveries.record_sent(sent) if sent else ()
    # In one order, so that no two recorders wait for each other's rows.
    for outcome in sorted(batch, key=lambda each: each.claim.delivery_id):
        claim = outcome.claim
        done = (
            claim.delivery_id in written
            if outcome.kind == "sent"
            else await _write(deliveries, outcome)
        )
        if not done:
            # Its lease ended while the answer was awaited, and others have dealt with it since.
            _log.warning(
                "outcome_came_late",
                delivery=claim.delivery_id,
                attempt=claim.attempt,
                outcome=outcome.kind,
            )


async def _write(deliveries: DeliveryRepository, outcome: DeliveryOutcome) -> bool:
    claim, detail = outcome.claim, outcome.detail
    if outcome.kind == "failed":
        return await deliveries.record_failed(claim, detail)
    if outcome.kind == "unknown":
        return await deliveries.record_unknown(claim, detail)
    retry_in = timedelta(seconds=outcome.retry_in)
    return await deliveries.release(claim, retry_in=retry_in, reason=detail)
