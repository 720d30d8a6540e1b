"""What the leader shows of runs: how many, of which state, and for how long one is overdue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from oracle.adapters.sql.predictions import SqlPredictionRepository
from oracle.domain.instruments import Source
from oracle.domain.runs import RunKind, RunState
from oracle.observability import measurements
from oracle.services.make_predictions import make_predictions
from oracle.services.observe_runs import observe_runs
from oracle.services.run_session_work import prepare_session
from tests.unit.services.subscriber_scene import add, claim, plan_delivery

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.domain.forecasts import Prediction
    from tests.unit.services.scripted_market import ScriptedMarket

SESSION = date(2023, 6, 14)
SIX = datetime(2023, 6, 14, 22, 0, tzinfo=UTC)
"""Two hours after the close, and when the digest's window opens."""


@pytest.fixture(autouse=True)
def hide_figures() -> Iterator[None]:
    """Leave no figure of these tests to others."""
    yield
    measurements.hide_leader_figures()


def overdue(kind: RunKind) -> float | None:
    """Return for how long that kind of run is shown to be due."""
    return REGISTRY.get_sample_value("oracle_scheduler_overdue_seconds", {"kind": kind.value})


def counted(kind: RunKind, state: RunState) -> float | None:
    """Return how many such runs are shown."""
    labels = {"kind": kind.value, "state": state.value}
    return REGISTRY.get_sample_value("oracle_scheduler_runs", labels)


async def add_run(
    market: ScriptedMarket, kind: RunKind, state: RunState, session: date = SESSION
) -> None:
    """Store a run of the session."""
    async with market.deps.store.begin() as unit:
        assert await unit.runs.add_run(Source.YAHOO, kind, session, state=state, epoch=1)


async def test_what_is_due_is_overdue_until_it_is_done(market: ScriptedMarket) -> None:
    """The session's work counts from when its close has settled, the digest from its window."""
    await observe_runs(market.deps, 1)
    since_settled = (timedelta(hours=2) - market.deps.market.settle_delay).total_seconds()
    for kind in (RunKind.BARS, RunKind.FORECAST, RunKind.SETTLEMENT):
        assert overdue(kind) == since_settled
    assert overdue(RunKind.DIGEST) == 0
    market.clock.moment = SIX + timedelta(minutes=10)
    for kind in RunKind:
        await add_run(market, kind, RunState.FINISHED, date(2023, 6, 13))
    await observe_runs(market.deps, 1)
    assert overdue(RunKind.DIGEST) == 600
    assert overdue(RunKind.BARS) == since_settled + 600
    for kind in RunKind:
        await add_run(market, kind, RunState.FINISHED)
    await observe_runs(market.deps, 1)
    assert {overdue(kind) for kind in RunKind} == {0}


@pytest.mark.parametrize("state", [RunState.PLANNED, RunState.SENDING, RunState.STOPPED])
async def test_an_open_digest_is_overdue(market: ScriptedMarket, state: RunState) -> None:
    """One that is being sent, or was stopped, still waits to be finished."""
    market.clock.moment = SIX + timedelta(minutes=5)
    await add_run(market, RunKind.DIGEST, state)
    await observe_runs(market.deps, 1)
    assert overdue(RunKind.DIGEST) == 300


async def test_a_digest_that_waits_for_reports_alone_is_not_overdue(market: ScriptedMarket) -> None:
    """Once all is handed over an unknown mail is not late; it is, while another waits, or again."""
    market.clock.moment = SIX + timedelta(minutes=5)
    await add(market.deps)
    await add(market.deps, "second@example.org")
    run_id = await plan_delivery(market.deps, SESSION)
    await observe_runs(market.deps, 1)
    assert overdue(RunKind.DIGEST) == 300

    first, second = await claim(market.deps, run_id)
    async with market.deps.store.begin() as unit:
        assert await unit.deliveries.record_unknown(first, "no answer")
    await observe_runs(market.deps, 1)
    assert overdue(RunKind.DIGEST) == 300

    async with market.deps.store.begin() as unit:
        assert await unit.deliveries.record_sent([(second, "message-2")])
    await observe_runs(market.deps, 1)
    assert overdue(RunKind.DIGEST) == 0
    assert counted(RunKind.DIGEST, RunState.SENDING) == 1

    async with market.deps.store.begin() as unit:
        assert await unit.deliveries.resolve_unknown(
            first.delivery_id, first.attempt, message_id=None
        )
    await observe_runs(market.deps, 1)
    assert overdue(RunKind.DIGEST) == 300


async def test_a_stopped_digest_is_overdue_though_only_reports_are_awaited(
    market: ScriptedMarket,
) -> None:
    """Somebody has stopped it: whether it is done is for a person to say."""
    market.clock.moment = SIX + timedelta(minutes=5)
    await add(market.deps)
    run_id = await plan_delivery(market.deps, SESSION)
    (claimed,) = await claim(market.deps, run_id)
    async with market.deps.store.begin() as unit:
        assert await unit.deliveries.record_unknown(claimed, "no answer")
        assert await unit.runs.change_state(
            run_id, epoch=1, expected=RunState.SENDING, state=RunState.STOPPED, needs_hand=True
        )
    await observe_runs(market.deps, 1)
    assert overdue(RunKind.DIGEST) == 300


async def test_a_digest_that_was_begun_early_is_not_overdue(market: ScriptedMarket) -> None:
    """By hand it may begin before its window opens: what is due later is overdue by nothing."""
    market.clock.moment = SIX - timedelta(minutes=30)
    await add_run(market, RunKind.DIGEST, RunState.SENDING)
    await observe_runs(market.deps, 1)
    assert overdue(RunKind.DIGEST) == 0


@pytest.mark.parametrize("state", [RunState.FINISHED, RunState.MISSED])
async def test_a_digest_that_is_over_is_not_overdue(
    market: ScriptedMarket, state: RunState
) -> None:
    """What was missed will not be sent any more; the count of runs tells it."""
    market.clock.moment = SIX + timedelta(minutes=5)
    await add_run(market, RunKind.DIGEST, state)
    await observe_runs(market.deps, 1)
    assert overdue(RunKind.DIGEST) == 0
    assert counted(RunKind.DIGEST, state) == 1


async def test_runs_are_counted_by_kind_and_state_with_zeros(market: ScriptedMarket) -> None:
    """Every combination is shown; what the leader prepares is counted."""
    epoch = await market.deps.leader_lock.acquire()
    assert epoch is not None
    await prepare_session(market.deps, epoch)
    await observe_runs(market.deps, epoch)
    assert counted(RunKind.FORECAST, RunState.FINISHED) == 1
    assert counted(RunKind.DIGEST, RunState.MISSED) == 0
    assert overdue(RunKind.FORECAST) == 0
    assert overdue(RunKind.SETTLEMENT) != 0


async def test_predictions_are_counted_once_by_whoever_stored_them(
    market: ScriptedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made and stored is counted; asked for again, or stored by another before, is not."""
    real = SqlPredictionRepository.add_predictions

    async def second(
        repository: SqlPredictionRepository, made: Sequence[Prediction]
    ) -> dict[str, Prediction]:
        earlier = [
            replace(each, created_at=each.created_at - timedelta(seconds=1)) for each in made
        ]
        await real(repository, earlier)
        return await real(repository, made)

    def made() -> float:
        labels = {"outcome": "made"}
        return REGISTRY.get_sample_value("oracle_forecast_predictions_total", labels) or 0.0

    before = made()
    await make_predictions(market.deps, ["KO", "XOM"], SESSION)
    assert made() == before + 2
    await make_predictions(market.deps, ["KO", "XOM"], SESSION)
    assert made() == before + 2
    monkeypatch.setattr(SqlPredictionRepository, "add_predictions", second)
    outcome = await make_predictions(market.deps, ["JPM"], SESSION)
    assert set(outcome.predictions) == {"JPM"}
    assert made() == before + 2
