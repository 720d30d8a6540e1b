"""Use case of every instance: send what is due of the digest, at the pace that all keep together.

One mail's way: reserve a moment, claim the delivery, render, wait for the moment, hand over in one
request, record. Nothing is handed over that was claimed more than a few seconds ago, so that a
process which was stopped in between sends nothing when it is let go on.

All instances together have a few mails under way at a time. When the account is paused in the
middle of a run each of these is refused, and with its first refusal an instance begins nothing
more: a paused account gets no more calls than that.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from oracle.domain.instruments import Source
from oracle.domain.runs import DeliveryState, RunKind, RunState
from oracle.observability.logs import get_logger
from oracle.services.hand_over_mail import HandOver
from oracle.services.record_outcomes import DeliveryOutcome, OutcomeRecorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.runs import Claim, DeliveryCounts, Run
    from oracle.services.dependencies import Dependencies

USED_RATE = 0.8
"""The share of the provider's rate that is used, so that no second ever holds more than it."""

MAX_LATE = 0.1
"""Seconds by which a reserved moment may be missed; then another is reserved. Were late mails sent
at once, they would meet those whose moment has come."""

AHEAD = 0.2
"""Seconds before the first reserved moment at which deliveries are claimed."""

LARGEST_CLAIM = 20
"""Deliveries that are claimed in one transaction at most."""

FRESH_SECONDS = 3.0
"""How long after its claim a mail may be handed over: who unsubscribed since then may still get
it, nobody who did so earlier."""

NAP = 0.25
"""Seconds within which a wait notices that the process is to stop."""

_log = get_logger(__name__)


def sending_interval(rate: float) -> float:
    """Return the seconds between two mails, all instances together, at the provider's rate."""
    return 1.0 / (USED_RATE * rate)


def seconds_left(deps: Dependencies, counts: DeliveryCounts) -> float:
    """Return how many seconds what is not sent yet takes at the rate that is allowed."""
    left = counts.of(DeliveryState.PENDING, DeliveryState.SENDING)
    return left * sending_interval(deps.settings.mail_rate)


def is_sample_mail(deps: Dependencies) -> bool:
    """Return whether mail would carry sample data to people, which it never does."""
    return deps.feed.source is Source.SAMPLE and deps.mailer.reaches_people


async def send_deliveries(deps: Dependencies, *, seconds: float | None = None) -> int:
    """Send what is due until nothing is, the run stops or `seconds` are over; return how many.

    Any number of instances may do so at once. Raises DatabaseUnavailable.
    """
    # A run may have been planned by a process whose mailer reaches nobody.
    if is_sample_mail(deps):
        return 0
    async with deps.store.begin() as unit:
        runs = await unit.runs.list_runs(
            deps.feed.source, RunKind.DIGEST, limit=10, states=[RunState.SENDING]
        )
    sent = 0
    for run in reversed(runs):
        sent += await _Sender(deps, run, seconds).send()
    return sent


class _Sender:
    """Sends the deliveries of one run; times are those of the event loop's clock, in seconds."""

    def __init__(self, deps: Dependencies, run: Run, seconds: float | None) -> None:
        settings = deps.settings
        self._deps = deps
        self._run = run
        self._loop = asyncio.get_running_loop()
        self._ends_at = None if seconds is None else self._loop.time() + seconds
        self._interval = sending_interval(settings.mail_rate)
        self._largest = max(1, min(LARGEST_CLAIM, int(1.0 / self._interval)))
        self._places = 1
        self._lease = timedelta(seconds=settings.delivery_lease)
        self._usable = min(FRESH_SECONDS, settings.delivery_lease - settings.mail_deadline)
        self._under_way: set[asyncio.Task[None]] = set()

    async def send(self) -> int:
        """Send until nothing is due, and return how many mails were accepted."""
        async with OutcomeRecorder(self._deps.store) as recorder:
            hand_over = HandOver(self._deps, self._run, recorder)
            try:
                await self._send_batches(hand_over, recorder)
            finally:
                if self._under_way:
                    await asyncio.wait(self._under_way)
        return hand_over.accepted

    async def _send_batches(self, hand_over: HandOver, recorder: OutcomeRecorder) -> None:
        size = 1
        while not (hand_over.halted or self._is_to_stop()):
            first_at = await self._reserve(size)
            await self._wait_until(first_at - AHEAD)
            if self._is_to_stop():
                return
            fresh_until = self._loop.time() + self._usable
            claims = await self._claim(size)
            await self._send_claims(claims, first_at, fresh_until, hand_over, recorder)
            if len(claims) < size:
                return
            if size == 1 and self._under_way:
                # The first answer shows whether the provider takes mail at all.
                await asyncio.wait(self._under_way)
            size = min(2 * size, self._largest)

    async def _send_claims(
        self,
        claims: Sequence[Claim],
        first_at: float,
        fresh_until: float,
        hand_over: HandOver,
        recorder: OutcomeRecorder,
    ) -> None:
        """Send each at its moment; those whose turn does not come are given back at once."""
        left = list(claims)
        moments = self._moments(first_at, len(claims))
        try:
            for place, claim in enumerate(claims):
                mail = hand_over.compose(claim)
                if mail is not None:
                    await self._take_turn(moments, place)
                    if self._is_to_stop() or not hand_over.may_begin(fresh_until):
                        return
                    task = asyncio.create_task(hand_over.send(claim, mail, fresh_until))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                left.remove(claim)
        finally:
            for claim in left:
                recorder.note(DeliveryOutcome(claim, "released", "Its turn did not come."))

    def _moments(self, first_at: float, count: int) -> list[float]:
        return [first_at + number * self._interval for number in range(count)]

    async def _take_turn(self, moments: list[float], place: int) -> None:
        """Wait for room and for that one of the moments; if it is missed, for another one.

        Others then take the place of as many of the next ones as may be under way at once: more
        would be missed again, and nobody could use them.
        """
        while len(self._under_way) >= self._places:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        await self._wait_until(moments[place])
        while self._loop.time() > moments[place] + MAX_LATE:
            count = min(len(moments) - place, self._places)
            moments[place : place + count] = self._moments(await self._reserve(count), count)
            await self._wait_until(moments[place])

    async def _reserve(self, count: int) -> float:
        async with self._deps.store.begin() as unit:
            delay = await unit.pace.reserve(self._deps.mailer.name, count, interval=self._interval)
        return self._loop.time() + delay

    async def _claim(self, count: int) -> Sequence[Claim]:
        """Claim so many, and see how many places this instance has beside the others."""
        run = self._run
        async with self._deps.store.begin() as unit:
            if run.expires_at is not None and await unit.epochs.now() >= run.expires_at:
                return ()
            claims = await unit.deliveries.claim(
                run.id,
                epoch=run.epoch,
                owner=self._deps.instance,
                limit=count,
                lease=self._lease,
            )
            if claims:
                senders = await unit.deliveries.count_senders(run.id)
                # One is left for whoever begins just now, and is not counted before the next claim.
                # Until then whoever begins sends one mail after the other.
                together = self._deps.settings.mail_concurrency - 1
                begins = count < self._largest
                self._places = 1 if begins else max(1, together // max(1, senders))
            return claims

    def _is_to_stop(self) -> bool:
        over = self._ends_at is not None and self._loop.time() >= self._ends_at
        return over or self._deps.lifecycle.draining

    async def _wait_until(self, moment: float) -> None:
        """Wait until the moment, or until the process is to stop."""
        while True:
            left = moment - self._loop.time()
            if left <= 0.0 or self._is_to_stop():
                return
            await asyncio.sleep(min(left, NAP))
