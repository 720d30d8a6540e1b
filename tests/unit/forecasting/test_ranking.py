"""The ranking: order, ties, abstentions, and the words for the best."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.forecasts import LEVELS, Origin, Prediction
from oracle.domain.instruments import Source
from oracle.domain.wording import MINUS, THIN_SPACE
from oracle.forecasting import choose_best, order_by_score


def predict(
    symbol: str, expected: float, half_width: float = 0.02, *, price: float = 100.0
) -> tuple[str, str, Prediction]:
    """Return a stock whose 80 % log range is `expected` plus and minus `half_width`."""
    quantiles = tuple(price * exp(expected + half_width * (level - 0.5) / 0.4) for level in LEVELS)
    prediction = Prediction(
        symbol=symbol,
        source=Source.SAMPLE,
        as_of=date(2022, 12, 27),
        target=date(2022, 12, 28),
        current_price=price,
        currency="USD",
        point=price * exp(expected),
        quantiles=quantiles,
        model_version="test",
        fingerprint="0" * 64,
        origin=Origin.LIVE,
        created_at=datetime(2022, 12, 27, 22, tzinfo=UTC),
    )
    return symbol, f"{symbol} Inc.", prediction


def abstain(symbol: str) -> tuple[str, str, Prediction]:
    """Return a stock about which nothing can be said."""
    _, name, prediction = predict(symbol, 0.0)
    silent = Prediction(
        symbol=symbol,
        source=prediction.source,
        as_of=prediction.as_of,
        target=prediction.target,
        current_price=prediction.current_price,
        currency="USD",
        point=None,
        quantiles=(),
        model_version="test",
        fingerprint="0" * 64,
        origin=Origin.LIVE,
        created_at=prediction.created_at,
        abstained=True,
        reasons=("Too little history.",),
    )
    return symbol, name, silent


def test_order_is_by_return_for_its_risk_not_by_price_or_return() -> None:
    """A dear share and a high but very uncertain return do not come first by themselves."""
    ranked = order_by_score(
        [
            predict("DEAR", 0.0001, price=5000.0),
            predict("WILD", 0.004, half_width=0.2),
            predict("CALM", 0.002, half_width=0.02),
        ]
    )

    assert [stock.symbol for stock in ranked] == ["CALM", "WILD", "DEAR"]
    assert [stock.rank for stock in ranked] == [1, 2, 3]
    assert ranked[0].score == pytest.approx(0.1)
    assert ranked[0].name == "CALM Inc."


@settings(max_examples=25)
@given(st.permutations(["A", "B", "C", "D", "E"]))
def test_ties_stand_in_the_order_of_symbols(order: list[str]) -> None:
    """Equal scores give the same ranking whatever order they come in."""
    ranked = order_by_score(predict(symbol, 0.001) for symbol in order)

    assert [stock.symbol for stock in ranked] == ["A", "B", "C", "D", "E"]


def test_abstained_stocks_are_not_ranked() -> None:
    """A stock without numbers has no place, and its absence moves no other."""
    ranked = order_by_score([abstain("A"), predict("B", -0.001), predict("C", 0.001)])

    assert [stock.symbol for stock in ranked] == ["C", "B"]


def test_best_is_the_first_with_its_numbers_in_words() -> None:
    """The reason holds the change, the range, the session and the runner-up."""
    best = choose_best(order_by_score([predict("A", 0.002), predict("B", 0.001)]))

    assert best is not None
    assert (best.symbol, best.name) == ("A", "A Inc.")
    plain = best.reason.replace(THIN_SPACE, " ").replace(MINUS, "-")
    assert plain == (
        "Expected to change by +0.20 % by the close of Wed 28 Dec 2022, "
        "with an 80 % range from -1.8 % to +2.2 %. "
        "Its expected return is 0.100 of half that range, the most of all ranked; "
        "next is B with 0.050."
    )


def test_a_gain_below_its_costs_is_called_that() -> None:
    """Where a round trip costs more than the expected change, the reason says so."""
    best = choose_best(order_by_score([predict("A", 0.0006), predict("B", 0.0001)]))

    assert best is not None
    assert best.reason.replace(THIN_SPACE, " ").endswith(
        "Buying and selling it costs more: the record counts 0.10 %."
    )


def test_best_of_a_single_stock_names_no_runner_up() -> None:
    """One ranked stock is the best if it is expected to rise."""
    best = choose_best(order_by_score([predict("A", 0.002), abstain("B")]))

    assert best is not None
    assert "no other was ranked" in best.reason


def test_equal_scores_are_called_equal() -> None:
    """Two scores that look the same when written are not told apart by numbers."""
    best = choose_best(order_by_score([predict("A", 0.002), predict("B", 0.002)]))

    assert best is not None
    assert "practically equal to that of B" in best.reason


@pytest.mark.parametrize(
    "stocks",
    [[], [abstain("A")], [predict("A", 0.0)], [predict("A", -0.001), predict("B", -0.002)]],
)
def test_nothing_expected_to_rise_is_no_clear_buy(
    stocks: list[tuple[str, str, Prediction]],
) -> None:
    """There is no best when all abstain or no expected return is above zero."""
    assert choose_best(order_by_score(stocks)) is None
