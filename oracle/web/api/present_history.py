"""Turns one stock's past into the objects of the JSON interface."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from oracle.domain.instruments import Source
from oracle.web.api.history_resources import (
    DailyClose,
    PastPrediction,
    SettledPredictions,
    StockHistory,
)
from oracle.web.api.present import present_prediction
from oracle.web.origins import present_origin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from oracle.domain.outcomes import SettledPrediction
    from oracle.domain.prices import PriceHistory
    from oracle.services.list_past_predictions import PastPredictions
    from oracle.services.predict_stock import StockReport

YEARS_OF_SESSIONS = 5 * 252


def present_history(report: StockReport, past: PastPredictions | None) -> StockHistory:
    """Return the stock's closes and predictions as JSON shows them."""
    closes = known_closes(report.history)
    source = report.status.source
    prediction = report.prediction
    return StockHistory(
        symbol=report.instrument.symbol,
        currency=report.instrument.currency,
        closes=tuple(DailyClose(session, close) for session, close in closes.items()),
        prediction=(
            None
            if prediction is None
            else present_prediction(prediction, outdated=report.prediction_outdated)
        ),
        settled=None if past is None else _settled(past, closes, source),
        source=source.provider,
        is_sample=source is Source.SAMPLE,
        is_rehearsal=source is Source.REHEARSAL,
    )


def known_closes(history: PriceHistory | None) -> dict[date, float]:
    """Return the closes of five years by session, oldest first."""
    if history is None:
        return {}
    shown = history.latest(YEARS_OF_SESSIONS)
    sessions: list[date] = shown.sessions.astype("datetime64[D]").tolist()
    closes: list[float] = shown.close.tolist()
    pairs = zip(sessions, closes, strict=True)
    return {session: close for session, close in pairs if isfinite(close)}


def rescale(settled: SettledPrediction, closes: Mapping[date, float]) -> PastPrediction | None:
    """Return the prediction in the prices of these closes, or None if its session is not there.

    Its own prices know nothing of later splits; the close of its session is known on both scales.
    """
    prediction, outcome = settled.prediction, settled.outcome
    close = closes.get(prediction.target)
    interval = prediction.interval(0.8)
    if close is None or outcome is None or interval is None or prediction.point is None:
        return None
    factor = close / outcome.actual
    return PastPrediction(
        target=prediction.target,
        predicted=factor * prediction.point,
        lower_80=factor * interval.lower,
        upper_80=factor * interval.upper,
        inside_80=outcome.inside_80,
        revisions=outcome.revisions,
        first_close=None if settled.first_actual is None else factor * settled.first_actual,
    )


def _settled(
    past: PastPredictions, closes: Mapping[date, float], source: Source
) -> SettledPredictions:
    rescaled = (rescale(each, closes) for each in past.rows)
    return SettledPredictions(
        origin=present_origin(past.origin, source),
        model_version=past.model_version,
        predictions=tuple(each for each in rescaled if each is not None),
    )
