"""Use case: one stock's current price and its predicted value."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

from oracle.domain.errors import (
    FeedError,
    OracleError,
    SymbolNotInFeed,
    TargetSessionClosed,
    UnsupportedInstrument,
)
from oracle.domain.forecasts import Origin
from oracle.domain.freshness import is_stale
from oracle.forecasting import MODEL_VERSION
from oracle.observability import measurements
from oracle.services.find_instrument import find_instrument, unknown_symbol
from oracle.services.make_predictions import make_predictions
from oracle.services.read_market_status import read_market_status

if TYPE_CHECKING:
    from datetime import date

    from oracle.domain.forecasts import Prediction
    from oracle.domain.instruments import Instrument
    from oracle.domain.prices import PriceHistory, Quote
    from oracle.services.dependencies import Dependencies
    from oracle.services.read_market_status import MarketStatus

KNOWN_PATIENCE = 1.0
"""Seconds to wait for a new prediction where an older one can be shown."""


@dataclass(frozen=True, slots=True)
class StockReport:
    """All that is known of one stock now.

    `quote` is the last good price, `quote_stale` whether it is older than it should be.
    `prediction` is for `status.target` unless `prediction_outdated`: then it is the last one
    that could be made. `history` holds the stored bars (for the chart), or None. `notices` are
    sentences on what failed and what still works.
    """

    instrument: Instrument
    status: MarketStatus
    quote: Quote | None
    quote_stale: bool
    prediction: Prediction | None
    prediction_outdated: bool
    history: PriceHistory | None
    notices: tuple[str, ...]


async def predict_stock(deps: Dependencies, symbol: str) -> StockReport:
    """Return the report of one stock; its prediction is stored before this returns.

    A failing feed is no error here but a notice. Raises InvalidSymbol, UnknownSymbol,
    UnsupportedInstrument, FeedError when nobody knows the symbol and the feed cannot be asked,
    and DatabaseUnavailable when nothing at all can be said.
    """
    status = read_market_status(deps)
    instrument = await find_instrument(deps, symbol)
    notices: list[str] = []

    last = await _find_last(deps, instrument.symbol, status.as_of)
    prediction = await _predict(deps, instrument.symbol, status.as_of, last, notices)
    outdated = prediction is None
    if prediction is None:
        prediction = last
    history = await deps.market.find_history(instrument.symbol)
    quote = await _read_quote(deps, instrument.symbol, notices)
    stale = quote is not None and _is_stale(deps, quote, status)

    measurements.observe_stock(
        instrument.symbol,
        current=None if quote is None else quote.price,
        predicted=nan if outdated or prediction is None else prediction.point or nan,
    )
    return StockReport(
        instrument=instrument,
        status=status,
        quote=quote,
        quote_stale=stale,
        prediction=prediction,
        prediction_outdated=outdated and prediction is not None,
        history=history,
        notices=tuple(dict.fromkeys(notices)),
    )


async def _predict(
    deps: Dependencies, symbol: str, as_of: date, last: Prediction | None, notices: list[str]
) -> Prediction | None:
    if last is not None and last.as_of == as_of and last.model_version == MODEL_VERSION:
        return last
    work = deps.predictions.flights.run(
        (symbol, as_of), lambda: make_predictions(deps, [symbol], as_of)
    )
    try:
        # Who knows an older prediction shows that rather than wait long for the new one.
        async with asyncio.timeout(None if last is None else KNOWN_PATIENCE):
            outcome = await work
    except TimeoutError:
        notices.append("The forecast for the next session is being made.")
        return None
    except TargetSessionClosed as closed:
        notices.append(_sentence(closed))
        return None
    failure = outcome.failures.get(symbol)
    if isinstance(failure, SymbolNotInFeed):
        raise unknown_symbol(deps, symbol) from failure
    if isinstance(failure, UnsupportedInstrument):
        raise failure
    if failure is not None:
        notices.append(_sentence(failure))
    return outcome.predictions.get(symbol)


async def _find_last(deps: Dependencies, symbol: str, as_of: date) -> Prediction | None:
    known = deps.predictions.find(symbol, as_of)
    if known is not None:
        return known
    async with deps.store.begin() as unit:
        return await unit.predictions.find_latest_prediction(
            deps.feed.source, symbol, Origin.LIVE, through=as_of
        )


async def _read_quote(deps: Dependencies, symbol: str, notices: list[str]) -> Quote | None:
    try:
        return await deps.market.get_quote(symbol)
    except FeedError as error:
        notices.append(_sentence(error))
        return None


def _is_stale(deps: Dependencies, quote: Quote, status: MarketStatus) -> bool:
    return is_stale(
        quote,
        now=status.now,
        state=status.state,
        session_opened=deps.calendar.session_open(status.target),
        last_close=deps.calendar.session_close(status.as_of),
    )


def _sentence(error: OracleError) -> str:
    return f"{error} {error.hint}".strip()
