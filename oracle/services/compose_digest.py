"""Use case: gather what a session's digest says, for its run to freeze."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from oracle.digest.content import DigestContent, DigestItem, DigestResult, LastNight, Mark
from oracle.domain.errors import OracleError, TargetSessionClosed
from oracle.domain.forecasts import Origin
from oracle.forecasting import MODEL_VERSION
from oracle.services.find_instrument import find_instrument
from oracle.services.make_predictions import PredictionOutcome, make_predictions
from oracle.services.rank_stocks import rank_stocks, selection_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.forecasts import Prediction
    from oracle.domain.instruments import Instrument
    from oracle.domain.outcomes import SettledPrediction
    from oracle.domain.prices import PriceHistory
    from oracle.services.dependencies import Dependencies

RANGE: Final = 0.8
"""The level of the range that a digest shows."""


async def compose_digest(
    deps: Dependencies, session: date, symbols: Sequence[str] | None = None
) -> DigestContent:
    """Return the digest of a session that has closed.

    It holds the watchlist and `symbols`, which by default are all those that subscribers chose.
    Stocks whose close is not in, or of which nothing can be said, are marked; `current` of the
    result says how many of the watchlist have the session's close. Of a session whose target is
    over it holds what was stored live that evening. Raises DatabaseUnavailable.
    """
    watchlist = deps.settings.watchlist
    if symbols is None:
        async with deps.store.begin() as unit:
            symbols = await unit.deliveries.list_wanted_symbols()
    wanted = tuple(dict.fromkeys((*watchlist, *symbols)))
    names = await _find_names(deps, wanted)
    if session == deps.market.usable_session():
        # The ranking is stored along the way: tomorrow's digest tells what came of its best buy.
        await rank_stocks(deps)
    outcome = await _predict(deps, list(names), session)
    known = await deps.market.list_known(wanted)
    items = tuple(_item(symbol, session, names, outcome, known.get(symbol)) for symbol in wanted)
    return DigestContent(
        source=deps.feed.source,
        session=session,
        target=deps.calendar.next_session(session),
        model_version=next(
            (each.model_version for each in outcome.predictions.values()), MODEL_VERSION
        ),
        listed=watchlist,
        items=items,
        last_night=await _look_back(deps, session, wanted, names),
    )


async def _find_names(deps: Dependencies, symbols: Sequence[str]) -> dict[str, Instrument]:
    """Return the instruments that are known by these symbols, as they were asked for."""
    answers = await asyncio.gather(
        *(find_instrument(deps, symbol) for symbol in symbols), return_exceptions=True
    )
    found: dict[str, Instrument] = {}
    for symbol, answer in zip(symbols, answers, strict=True):
        if isinstance(answer, BaseException):
            if not isinstance(answer, OracleError):
                raise answer
            continue
        if answer.symbol == symbol:
            found[symbol] = answer
    return found


async def _predict(deps: Dependencies, symbols: Sequence[str], session: date) -> PredictionOutcome:
    try:
        outcome = await make_predictions(deps, symbols, session)
    except TargetSessionClosed as closed:
        outcome = PredictionOutcome({}, dict.fromkeys(symbols, closed))
    failures = outcome.failures
    if outcome.predictions or not any(
        isinstance(each, TargetSessionClosed) for each in failures.values()
    ):
        return outcome
    # An earlier model may have spoken that evening.
    async with deps.store.begin() as unit:
        rows = await unit.outcomes.list_of_session(
            deps.feed.source, deps.calendar.next_session(session)
        )
    earlier = {
        symbol: row.prediction
        for symbol, row in _of_one_version(rows, session).items()
        if symbol in failures
    }
    left = {symbol: failure for symbol, failure in failures.items() if symbol not in earlier}
    return PredictionOutcome(earlier, left)


def _item(
    symbol: str,
    session: date,
    names: dict[str, Instrument],
    outcome: PredictionOutcome,
    known: PriceHistory | None,
) -> DigestItem:
    instrument = names.get(symbol)
    name = symbol if instrument is None else instrument.name
    prediction = outcome.predictions.get(symbol)
    if prediction is not None:
        return _predicted_item(name, prediction)
    failure = outcome.failures.get(symbol)
    history = None if known is None else known.up_to(session)
    has_price = history is not None and len(history) > 0
    return DigestItem(
        symbol=symbol,
        name=name,
        currency=history.currency if history is not None else "USD",
        price=float(history.close[-1]) if history is not None and has_price else None,
        price_of=history.last_session if history is not None and has_price else None,
        predicted=None,
        lower=None,
        upper=None,
        score=None,
        mark=Mark.MISSING,
        reasons=("No price of it is known." if failure is None else str(failure),),
    )


def _predicted_item(name: str, prediction: Prediction) -> DigestItem:
    interval = None if prediction.abstained else prediction.interval(RANGE)
    says = interval is not None and prediction.point is not None
    return DigestItem(
        symbol=prediction.symbol,
        name=name,
        currency=prediction.currency,
        price=prediction.current_price,
        price_of=prediction.as_of,
        predicted=prediction.point if says else None,
        lower=interval.lower if interval is not None and says else None,
        upper=interval.upper if interval is not None and says else None,
        score=prediction.score if says else None,
        mark=Mark.NONE if says else Mark.ABSTAINED,
        reasons=prediction.reasons,
    )


async def _look_back(
    deps: Dependencies, session: date, wanted: Sequence[str], names: dict[str, Instrument]
) -> LastNight | None:
    source = deps.feed.source
    previous = deps.calendar.previous_session(session)
    async with deps.store.begin() as unit:
        rows = await unit.outcomes.list_of_session(source, session)
        settled = _of_one_version(rows, previous)
        version = next((row.prediction.model_version for row in settled.values()), MODEL_VERSION)
        choices = await unit.rankings.list_choices(
            source, selection_of(deps.settings.watchlist), version
        )
    choice = next((each for each in reversed(choices) if each.as_of == previous), None)
    if not settled and choice is None:
        return None
    results = {
        symbol: result
        for symbol, row in settled.items()
        if (result := _result(_name(deps, symbol, names), row)) is not None
    }
    pick = None if choice is None or choice.best is None else results.get(choice.best)
    return LastNight(
        as_of=previous,
        was_ranked=choice is not None,
        pick=pick,
        results=tuple(results[symbol] for symbol in wanted if symbol in results),
    )


def _of_one_version(rows: Sequence[SettledPrediction], as_of: date) -> dict[str, SettledPrediction]:
    """Return what was predicted live on that evening, by symbol, of the version made last."""
    live = [
        row
        for row in rows
        if row.prediction.origin is Origin.LIVE
        and row.prediction.as_of == as_of
        and not row.prediction.abstained
    ]
    if not live:
        return {}
    version = max(live, key=lambda row: row.prediction.created_at).prediction.model_version
    return {row.prediction.symbol: row for row in live if row.prediction.model_version == version}


def _name(deps: Dependencies, symbol: str, names: dict[str, Instrument]) -> str:
    instrument = names.get(symbol) or deps.directory.find_instrument(symbol)
    return symbol if instrument is None else instrument.name


def _result(name: str, row: SettledPrediction) -> DigestResult | None:
    prediction = row.prediction
    interval = prediction.interval(RANGE)
    if interval is None or prediction.point is None:
        return None
    return DigestResult(
        symbol=prediction.symbol,
        name=name,
        currency=prediction.currency,
        price=prediction.current_price,
        predicted=prediction.point,
        lower=interval.lower,
        upper=interval.upper,
        actual=None if row.outcome is None else row.outcome.actual,
    )
