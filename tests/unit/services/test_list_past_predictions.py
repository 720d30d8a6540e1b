"""Past predictions of one stock: live ones, else replayed ones, never both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.forecasts import Origin
from oracle.forecasting import MODEL_VERSION
from oracle.services.list_past_predictions import list_past_predictions
from oracle.services.make_predictions import make_predictions
from oracle.services.replay_sessions import replay_sessions
from oracle.services.settle_predictions import settle_predictions

if TYPE_CHECKING:
    from tests.unit.services.scripted_market import ScriptedMarket


async def test_without_any_there_are_none(market: ScriptedMarket) -> None:
    """Before anything is settled the answer is that there is nothing."""
    assert await list_past_predictions(market.deps, "AAPL") is None


async def test_replayed_ones_stand_in_until_there_are_live_ones(market: ScriptedMarket) -> None:
    """Replayed predictions are named so, and go as a whole once one live one is settled."""
    await replay_sessions(market.deps, sessions=3)
    replayed = await list_past_predictions(market.deps, "AAPL")
    assert replayed is not None
    assert replayed.origin is Origin.REPLAY
    assert {each.prediction.origin for each in replayed.rows} == {Origin.REPLAY}
    targets = [each.prediction.target for each in replayed.rows]
    assert targets == sorted(targets)
    assert len(targets) == 3

    await make_predictions(market.deps, ["AAPL"], market.deps.market.usable_session())
    market.advance(days=1)
    await settle_predictions(market.deps)
    live = await list_past_predictions(market.deps, "AAPL")
    assert live is not None
    assert (live.origin, live.model_version, len(live.rows)) == (Origin.LIVE, MODEL_VERSION, 1)


async def test_no_more_than_asked_for_are_given(market: ScriptedMarket) -> None:
    """The limit keeps the newest."""
    await replay_sessions(market.deps, sessions=3)
    every = await list_past_predictions(market.deps, "AAPL")
    newest = await list_past_predictions(market.deps, "AAPL", limit=1)
    assert every is not None
    assert newest is not None
    assert newest.rows == every.rows[-1:]
