"""Turns results of the services into the objects of the JSON interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.forecasts import LEVELS
from oracle.domain.instruments import Source
from oracle.web.api.resources import (
    BestStock,
    CurrentPrice,
    Quantile,
    RankedStock,
    Recommendation,
    SearchMatch,
    SearchResults,
    Stock,
    StockPrediction,
    UnavailableStock,
)
from oracle.web.origins import present_origin

if TYPE_CHECKING:
    from oracle.domain.forecasts import Prediction
    from oracle.domain.prices import Quote
    from oracle.domain.rankings import BestBuy, Ranking
    from oracle.domain.rankings import RankedStock as Ranked
    from oracle.services.predict_stock import StockReport
    from oracle.services.read_market_status import MarketStatus
    from oracle.services.search_symbols import SearchResult


def present_stock(report: StockReport) -> Stock:
    """Return the stock as JSON shows it."""
    instrument = report.instrument
    prediction = report.prediction
    return Stock(
        symbol=instrument.symbol,
        name=instrument.name,
        exchange=instrument.exchange,
        currency=instrument.currency,
        current=None if report.quote is None else _current(report, report.quote),
        prediction=(
            None
            if prediction is None
            else present_prediction(prediction, outdated=report.prediction_outdated)
        ),
        source=report.status.source.provider,
        is_sample=report.status.is_sample,
        is_rehearsal=report.status.is_rehearsal,
        notices=report.notices,
    )


def present_recommendation(ranking: Ranking, status: MarketStatus) -> Recommendation:
    """Return the ranking as JSON shows it."""
    best = ranking.best
    return Recommendation(
        as_of=ranking.as_of,
        target=ranking.target,
        best=None if best is None else _best(ranking, best),
        stocks=tuple(_ranked(stock) for stock in ranking.stocks),
        unavailable=tuple(
            UnavailableStock(each.symbol, each.reason) for each in ranking.unavailable
        ),
        outdated=ranking.as_of < status.as_of,
        target_closed=ranking.target < status.target or status.target_closed,
        model_version=ranking.model_version,
        created_at=ranking.created_at,
        source=ranking.source.provider,
        is_sample=ranking.source is Source.SAMPLE,
        is_rehearsal=ranking.source is Source.REHEARSAL,
    )


def present_search(result: SearchResult, status: MarketStatus) -> SearchResults:
    """Return what was found as JSON shows it."""
    return SearchResults(
        query=result.query,
        exact=None if result.exact is None else result.exact.instrument.symbol,
        matches=tuple(
            SearchMatch(
                symbol=match.instrument.symbol,
                name=match.instrument.name,
                exchange=match.instrument.exchange,
                currency=match.instrument.currency,
                score=round(match.score, 1),
                exact=match.exact,
            )
            for match in result.matches
        ),
        source=status.source.provider,
        is_sample=status.is_sample,
        is_rehearsal=status.is_rehearsal,
    )


def _best(ranking: Ranking, best: BestBuy) -> BestStock:
    return BestStock(best.symbol, best.reason, covers_costs=ranking.best_covers_costs)


def _current(report: StockReport, quote: Quote) -> CurrentPrice:
    return CurrentPrice(
        price=quote.price,
        as_of=quote.as_of,
        market_state=report.status.state,
        source=quote.source.provider,
        stale=report.quote_stale,
    )


def present_prediction(prediction: Prediction, *, outdated: bool) -> StockPrediction:
    """Return the prediction as JSON shows it."""
    levels = zip(LEVELS, prediction.quantiles, strict=bool(prediction.quantiles))
    return StockPrediction(
        as_of=prediction.as_of,
        target=prediction.target,
        starting_price=prediction.current_price,
        point=prediction.point,
        change_percent=prediction.change_percent,
        quantiles=tuple(Quantile(level, price) for level, price in levels),
        model_version=prediction.model_version,
        abstained=prediction.abstained,
        reasons=prediction.reasons,
        outdated=outdated,
        origin=present_origin(prediction.origin, prediction.source),
        created_at=prediction.created_at,
        fingerprint=prediction.fingerprint,
    )


def _ranked(stock: Ranked) -> RankedStock:
    prediction = stock.prediction
    interval = prediction.interval(0.8)
    return RankedStock(
        rank=stock.rank,
        symbol=stock.symbol,
        name=stock.name,
        current_price=prediction.current_price,
        predicted_price=prediction.point,
        change_percent=prediction.change_percent,
        lower_80=None if interval is None else interval.lower,
        upper_80=None if interval is None else interval.upper,
        score=stock.score,
    )
