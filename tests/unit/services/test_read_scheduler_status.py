"""What the scheduler's status says of the newest session's work."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from oracle.domain.instruments import Source
from oracle.domain.runs import RunKind, RunState
from oracle.services.read_scheduler_status import read_scheduler_status

if TYPE_CHECKING:
    from tests.unit.services.scripted_market import ScriptedMarket

SESSION = date(2023, 6, 14)
SIX = datetime(2023, 6, 14, 22, 0, tzinfo=UTC)


async def add_run(
    market: ScriptedMarket, kind: RunKind, session: date, state: RunState = RunState.FINISHED
) -> None:
    """Store a run of that session."""
    async with market.deps.store.begin() as unit:
        assert await unit.runs.add_run(Source.YAHOO, kind, session, state=state, epoch=1)


async def test_work_is_outstanding_until_its_session_is_done(market: ScriptedMarket) -> None:
    """Runs of the day before do not count; of a session that has not settled nothing is due."""
    market.clock.moment = SIX - timedelta(hours=1)
    for kind in (RunKind.BARS, RunKind.FORECAST, RunKind.SETTLEMENT):
        await add_run(market, kind, date(2023, 6, 13))
    await add_run(market, RunKind.BARS, SESSION)
    status = await read_scheduler_status(market.deps)
    assert status.session == SESSION
    assert status.outstanding == (RunKind.FORECAST, RunKind.SETTLEMENT)
    market.clock.moment = SIX - timedelta(hours=1, minutes=50)
    assert (await read_scheduler_status(market.deps)).outstanding == ()


async def test_the_digest_is_told_of_before_and_after_it_has_begun(market: ScriptedMarket) -> None:
    """Before: when it is sent or what it waits for; after: its run's state."""
    market.clock.moment = SIX - timedelta(hours=1)
    said = (await read_scheduler_status(market.deps)).digest
    assert said.startswith(
        "The digest of Wed 14 Jun 2023 has not been begun. It is sent from 18:00"
    )
    market.clock.moment = SIX
    assert "It waits for closes: 0 of 10" in (await read_scheduler_status(market.deps)).digest
    await add_run(market, RunKind.DIGEST, SESSION, RunState.SENDING)
    said = (await read_scheduler_status(market.deps)).digest
    assert said == "The digest of Wed 14 Jun 2023 is sending."
    assert market.feed.asked == []
