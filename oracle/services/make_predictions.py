"""Use case: predictions of several stocks for the next session, stored before they are seen."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.errors import (
    FeedError,
    OracleError,
    PoolIncomplete,
    TargetSessionClosed,
)
from oracle.domain.forecasts import Origin, Prediction
from oracle.domain.instruments import Source
from oracle.domain.wording import name_session
from oracle.forecasting import MODEL_VERSION, Panel, fingerprint_inputs, forecast_panel, to_prices
from oracle.observability import measurements, metrics
from oracle.ports import StoredHistory
from oracle.services.background import SingleFlight
from oracle.services.get_fit import get_fit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.prices import PriceHistory
    from oracle.forecasting import Fit
    from oracle.services.dependencies import Dependencies

CACHED_PREDICTIONS = 1_000


class PredictionCache:
    """Stored predictions by symbol and `as_of`; they are immutable, so they never go stale."""

    def __init__(self, size: int = CACHED_PREDICTIONS) -> None:
        self._size = size
        self._stored: OrderedDict[tuple[str, date], Prediction] = OrderedDict()
        self.flights: SingleFlight[tuple[str, date], PredictionOutcome] = SingleFlight("predict")

    def find(self, symbol: str, as_of: date) -> Prediction | None:
        """Return the prediction, or None."""
        return self._stored.get((symbol, as_of))

    def keep(self, predictions: Sequence[Prediction]) -> None:
        """Remember predictions that are stored, forgetting the oldest beyond the size."""
        for prediction in predictions:
            self._stored[(prediction.symbol, prediction.as_of)] = prediction
        while len(self._stored) > self._size:
            self._stored.popitem(last=False)


@dataclass(frozen=True, slots=True)
class PredictionOutcome:
    """The stored predictions by symbol, and for each other symbol the error that prevented it."""

    predictions: dict[str, Prediction]
    failures: dict[str, OracleError] = field(default_factory=dict)


async def make_predictions(
    deps: Dependencies, symbols: Sequence[str], as_of: date
) -> PredictionOutcome:
    """Return the live predictions of the symbols made from the close of `as_of`.

    What is stored already is returned as it is; the rest is forecast in one batch and stored,
    unless the target session is over already. A symbol without its close of `as_of`, or which the
    feed does not know, is a failure of its own. Raises DatabaseUnavailable.
    """
    predictions = await _find_stored(deps, symbols, as_of)
    missing = [symbol for symbol in symbols if symbol not in predictions]
    if not missing:
        return PredictionOutcome(predictions)
    if deps.clock.now() >= deps.calendar.session_close(deps.calendar.next_session(as_of)):
        over: dict[str, OracleError] = {
            symbol: _refuse_closed(deps, symbol, as_of) for symbol in missing
        }
        return PredictionOutcome(predictions, over)

    histories, failures = await _gather_histories(deps, missing, as_of)
    if not histories:
        return PredictionOutcome(predictions, failures)
    try:
        fit = await get_fit(deps, as_of)
    except PoolIncomplete as error:
        return PredictionOutcome(predictions, failures | dict.fromkeys(histories, error))

    made = await asyncio.to_thread(forecast_histories, deps, fit, list(histories.values()), as_of)
    return PredictionOutcome(predictions | await _record(deps, made), failures)


async def _find_stored(
    deps: Dependencies, symbols: Sequence[str], as_of: date
) -> dict[str, Prediction]:
    found: dict[str, Prediction] = {}
    for symbol in symbols:
        prediction = deps.predictions.find(symbol, as_of)
        measurements.observe_cache("predictions", "miss" if prediction is None else "hit")
        if prediction is not None:
            found[symbol] = prediction
    unread = [symbol for symbol in symbols if symbol not in found]
    if not unread:
        return found
    async with deps.store.begin() as unit:
        stored = await unit.predictions.list_predictions(
            deps.feed.source, unread, as_of, MODEL_VERSION, Origin.LIVE
        )
    deps.predictions.keep(list(stored.values()))
    return found | stored


async def _gather_histories(
    deps: Dependencies, symbols: Sequence[str], as_of: date
) -> tuple[dict[str, PriceHistory], dict[str, OracleError]]:
    answers = await deps.market.list_histories(symbols, through=as_of)
    histories: dict[str, PriceHistory] = {}
    failures: dict[str, OracleError] = {}
    for symbol, answer in answers.items():
        if not isinstance(answer, StoredHistory):
            failures[symbol] = answer
            continue
        history = answer.history.up_to(as_of)
        if history.last_session == as_of:
            histories[symbol] = history
        else:
            failures[symbol] = FeedError(
                _say_missing(deps.feed.source, as_of, history.last_session)
            )
    return histories, failures


def _say_missing(source: Source, as_of: date, newest: date | None) -> str:
    sentence = f"The close of {name_session(as_of)} is not in yet"
    if source is Source.SAMPLE:
        sentence = f"The sample market has no close of {name_session(as_of)}"
    return (
        f"{sentence}."
        if newest is None
        else f"{sentence}; the newest is of {name_session(newest)}."
    )


def forecast_histories(
    deps: Dependencies,
    fit: Fit,
    histories: Sequence[PriceHistory],
    as_of: date,
    *,
    origin: Origin = Origin.LIVE,
) -> list[Prediction]:
    """Return the predictions, not yet stored, of histories that end with the bar of `as_of`."""
    started = perf_counter()
    panel = Panel.align(histories, sessions=fit.sessions)
    forecast = forecast_panel(fit, panel)
    closes = np.array([history.close[-1] for history in histories])
    prices = to_prices(forecast, closes)
    fingerprints = fingerprint_inputs(fit, panel, closes)
    target = deps.calendar.next_session(as_of)
    now = deps.clock.now()
    made = [
        Prediction(
            symbol=history.symbol,
            source=deps.feed.source,
            as_of=as_of,
            target=target,
            current_price=float(closes[column]),
            currency=history.currency,
            point=None if forecast.abstained[column] else float(prices.point[column]),
            quantiles=()
            if forecast.abstained[column]
            else tuple(float(price) for price in prices.quantiles[column]),
            model_version=MODEL_VERSION,
            fingerprint=fingerprints[column],
            origin=origin,
            created_at=now,
            abstained=bool(forecast.abstained[column]),
            reasons=forecast.reasons[column],
        )
        for column, history in enumerate(histories)
    ]
    metrics.forecast_duration.labels("forecast").observe(perf_counter() - started)
    return made


def _refuse_closed(deps: Dependencies, symbol: str, as_of: date) -> TargetSessionClosed:
    target = deps.calendar.next_session(as_of)
    return TargetSessionClosed(symbol, target, deps.calendar.session_close(target))


async def _record(deps: Dependencies, made: list[Prediction]) -> dict[str, Prediction]:
    # Asked again at the last moment: the session may have closed while the numbers were made.
    if deps.clock.now() >= deps.calendar.session_close(made[0].target):
        raise _refuse_closed(deps, made[0].symbol, made[0].as_of)
    async with deps.store.begin() as unit:
        stored = await unit.predictions.add_predictions(made)
    # Another instance may have been first; then it was that one's prediction.
    measurements.observe_predictions(
        each for each in made if stored[each.symbol].created_at == each.created_at
    )
    deps.predictions.keep(list(stored.values()))
    return stored
