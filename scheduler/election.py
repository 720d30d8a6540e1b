"""Whether this process leads: it stands for election, keeps giving signs of life, steps down."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from oracle.domain.errors import DatabaseUnavailable
from oracle.observability.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.ports import LeaderLock

CANDIDATE_SHARE = 0.5
"""A standby asks for the lock this many heartbeats after it was refused."""

RETRY_SHARE = 0.2
"""A heartbeat that was not answered is tried again after this many of them."""

LONGEST_REST = 0.25
"""Seconds within which a process that is asked to stop gives the lock up."""

_log = get_logger(__name__)


class Election:
    """Stands for election as long as `run` runs; `epoch` says whether it leads at this moment.

    A leader counts its patience from when it *sent* its last good heartbeat, by a clock that cannot
    be set: whatever delays the answer or the process itself, it believes that it leads for less
    time than the lock is kept for it. `heartbeat` and `patience` are in seconds. `may_lead` turns
    False when the process is to stop; the lock is given up within a quarter of a second then.
    """

    def __init__(  # noqa: PLR0913 - what it needs of the process, by name
        self,
        lock: LeaderLock,
        *,
        heartbeat: float,
        patience: float,
        may_lead: Callable[[], bool] = lambda: True,
        elected: Callable[[], None] = lambda: None,
        stepped_down: Callable[[], None] = lambda: None,
        stopwatch: Callable[[], float] = monotonic,
    ) -> None:
        self._lock = lock
        self._heartbeat = heartbeat
        self._patience = patience
        self._may_lead = may_lead
        self._elected = elected
        self._stepped_down = stepped_down
        self._stopwatch = stopwatch
        self._epoch: int | None = None
        self._confirmed_at = 0.0

    @property
    def epoch(self) -> int | None:
        """The epoch in which this process leads, or None if it does not, or not surely."""
        return self._epoch if self._patience_left() > 0.0 else None

    async def run(self) -> None:
        """Take part until cancelled; then, if it leads, give the lock up at once."""
        try:
            while True:
                await self._rest(await self._take_part())
        finally:
            await self._step_down("the process stops")

    async def _take_part(self) -> float:
        """Do what is next, and return how long to rest after it, in seconds."""
        if not self._may_lead():
            await self._step_down("the process stops")
            return self._heartbeat
        if self._epoch is None:
            return await self._stand()
        return await self._show_life()

    async def _stand(self) -> float:
        sent_at = self._stopwatch()
        try:
            async with asyncio.timeout(self._patience):
                epoch = await self._lock.acquire()
        except (DatabaseUnavailable, TimeoutError) as error:
            _log.warning("election_failed", why=str(error) or "no answer in time")
            await self._lock.release()
            return self._heartbeat
        if epoch is None:
            return CANDIDATE_SHARE * self._heartbeat
        self._epoch, self._confirmed_at = epoch, sent_at
        _log.info("elected", epoch=epoch)
        self._elected()
        return self._heartbeat

    async def _show_life(self) -> float:
        sent_at = self._stopwatch()
        try:
            async with asyncio.timeout(max(self._patience_left(), 0.0)):
                held = await self._lock.heartbeat()
        except (DatabaseUnavailable, TimeoutError) as error:
            _log.warning("heartbeat_failed", epoch=self._epoch, why=str(error) or "no answer")
            if self._patience_left() > 0.0:
                return RETRY_SHARE * self._heartbeat
            held = False
        if held:
            self._confirmed_at = sent_at
            return self._heartbeat
        await self._step_down("the lock is lost")
        return self._heartbeat

    async def _step_down(self, why: str) -> None:
        epoch, self._epoch = self._epoch, None
        if epoch is not None:
            _log.info("stepped_down", epoch=epoch, why=why)
            self._stepped_down()
            await self._lock.release()

    def _patience_left(self) -> float:
        return self._patience - (self._stopwatch() - self._confirmed_at)

    async def _rest(self, seconds: float) -> None:
        """Rest that long, or until the process is to stop while it leads."""
        rested = 0.0
        while rested < seconds and (self._epoch is None or self._may_lead()):
            nap = min(LONGEST_REST, seconds - rested)
            await asyncio.sleep(nap)
            rested += nap
