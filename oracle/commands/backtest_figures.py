"""All figures of a backtest in the form that is printed as JSON."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from oracle.domain.forecasts import LEVELS
from oracle.forecasting.evaluation import BANDS, state_verdict

if TYPE_CHECKING:
    from oracle.forecasting.evaluation import Evaluation
    from oracle.services.backtest_forecaster import Backtest


def present_backtest(backtest: Backtest) -> dict[str, Any]:
    """Return every figure with its interval; what is unknown is None."""
    evaluation = backtest.evaluation
    verdict = state_verdict(evaluation)
    figures: dict[str, Any] = _plain(
        {
            "forecaster": backtest.forecaster,
            "prices": {
                "name": backtest.table.name,
                "symbols": backtest.table.symbols,
                "has_open_high_low": backtest.table.has_bars,
                "provenance": backtest.table.provenance,
                "notices": backtest.table.notices,
            },
            "first_session": str(backtest.first_target),
            "last_session": str(backtest.last_target),
            "window": backtest.plan.window,
            "levels": LEVELS,
            "bands": BANDS,
            "verdict": {"headline": verdict.headline, "sentences": verdict.sentences},
            "audited_sessions": backtest.audit.sessions,
            "forecasting_seconds": round(backtest.seconds, 3),
            "resumed_sessions": backtest.resumed,
            **_evaluation(evaluation),
        }
    )
    return figures


def _evaluation(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "days": evaluation.days,
        "stocks": evaluation.stocks,
        "forecasts": evaluation.forecasts,
        "abstained": evaluation.abstained,
        "mean_error": asdict(evaluation.mean_error),
        "mean_crps": asdict(evaluation.mean_crps),
        "against": {str(one.baseline): asdict(one) for one in evaluation.comparisons},
        "coverage": [{**asdict(one), "error": one.error} for one in evaluation.coverage],
        "reliability": [asdict(point) for point in evaluation.reliability],
        "selection": asdict(evaluation.selection),
        "by_year": [asdict(one) for one in evaluation.years],
        "by_stock": [asdict(one) for one in evaluation.by_stock],
        "rolling_250_days": {
            "sessions": [str(session) for session in evaluation.rolling.sessions],
            "coverage": evaluation.rolling.coverage.tolist(),
            "width": evaluation.rolling.width.tolist(),
        },
    }


def _plain(value: Any) -> Any:
    """Return the value with plain lists and dictionaries, and None for what is not a number."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
