"""Predictions in order of expected return for their risk, and the best of them in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.costs import warn_of_costs
from oracle.domain.rankings import BestBuy, RankedStock
from oracle.domain.wording import name_session, write_change, write_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oracle.domain.forecasts import Prediction


def order_by_score(
    predictions: Iterable[tuple[str, str, Prediction]],
) -> tuple[RankedStock, ...]:
    """Return the stocks (symbol, name, prediction) by score, the highest first; rank 1 is best.

    Abstained predictions and those without a score have no place in it. Equal scores stand in the
    order of their symbols, so the result does not depend on the order of the input.
    """
    scored = [
        (-score, symbol, name, prediction)
        for symbol, name, prediction in predictions
        if not prediction.abstained and (score := prediction.score) is not None
    ]
    scored.sort(key=lambda entry: entry[:2])
    return tuple(
        RankedStock(rank=rank, symbol=symbol, name=name, score=-negative, prediction=prediction)
        for rank, (negative, symbol, name, prediction) in enumerate(scored, start=1)
    )


def choose_best(ranked: Sequence[RankedStock]) -> BestBuy | None:
    """Return the first-ranked stock with its reason, or None if no expected return is above zero.

    `ranked` is what `order_by_score` returned. Where an expected return is above zero the highest
    score is too, as the half-width it is divided by is positive.
    """
    if not ranked or ranked[0].score <= 0.0:
        return None
    best = ranked[0]
    runner_up = ranked[1] if len(ranked) > 1 else None
    sentences = [_expectation(best), _comparison(best, runner_up)]
    if best.prediction.change_percent is not None:
        sentences.append(warn_of_costs(best.prediction.change_percent))
    return BestBuy(best.symbol, best.name, " ".join(filter(None, sentences)))


def _expectation(stock: RankedStock) -> str:
    prediction = stock.prediction
    change, interval = prediction.change_percent, prediction.interval(0.8)
    if change is None or interval is None:  # Nothing without numbers has a score.
        raise ValueError(f"{stock.symbol} is ranked without numbers")
    lower, upper = (
        100.0 * (end / prediction.current_price - 1.0) for end in (interval.lower, interval.upper)
    )
    return (
        f"Expected to change by {write_change(change)} by the close of "
        f"{name_session(prediction.target)}, with an {write_share(80)} range from "
        f"{write_change(lower, 1)} to {write_change(upper, 1)}."
    )


def _comparison(best: RankedStock, runner_up: RankedStock | None) -> str:
    if runner_up is None:
        return f"Its expected return is {best.score:.3f} of half that range; no other was ranked."
    if f"{best.score:.3f}" == f"{runner_up.score:.3f}":
        return (
            f"Its expected return is {best.score:.3f} of half that range, "
            f"practically equal to that of {runner_up.symbol}, which is next."
        )
    return (
        f"Its expected return is {best.score:.3f} of half that range, the most of all ranked; "
        f"next is {runner_up.symbol} with {runner_up.score:.3f}."
    )
