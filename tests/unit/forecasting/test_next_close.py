"""The public function: what goes in is checked, and what comes out is never made of rubbish."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.errors import InvalidArrays
from oracle.domain.forecasts import LEVELS
from oracle.forecasting import Forecast, Panel, fit_pool, forecast, forecast_panel, to_prices
from oracle.forecasting.next_close import interpolate_quantiles
from oracle.forecasting.price_arrays import read_prices
from tests.unit.forecasting.simulated_market import panel_of, simulate_closes, with_bars

CLOSES = simulate_closes(300, 5)
FORECAST = forecast(CLOSES)


def assert_same(actual: Forecast, expected: Forecast, rtol: float = 1e-8) -> None:
    """Fail unless both hold the same prices."""
    np.testing.assert_allclose(actual["point"], expected["point"], rtol=rtol)
    np.testing.assert_allclose(actual["quantiles"], expected["quantiles"], rtol=rtol)


def changed(row: int, column: int, value: object, dtype: type = float) -> Any:
    """Return the closes with one cell replaced."""
    closes: Any = CLOSES.astype(dtype)
    closes[row, column] = value
    return closes


def test_it_is_the_method_of_the_product() -> None:
    """The function returns what fit and forecast give, in prices."""
    panel = panel_of(CLOSES)
    prices = to_prices(forecast_panel(fit_pool(panel), panel), CLOSES[-1])
    np.testing.assert_array_equal(FORECAST["point"], prices.point)
    np.testing.assert_array_equal(FORECAST["quantiles"], prices.quantiles)
    np.testing.assert_array_equal(FORECAST["levels"], LEVELS)


@settings(max_examples=20)
@given(st.lists(st.floats(1e-4, 1e6), min_size=5, max_size=5))
def test_prices_follow_the_units_of_each_stock(factors: list[float]) -> None:
    """A stock quoted in other units gets the same forecast in those units."""
    scale = np.array(factors)
    answer = forecast(CLOSES * scale)
    expected = Forecast(
        point=FORECAST["point"] * scale,
        quantiles=FORECAST["quantiles"] * scale[:, None],
        levels=FORECAST["levels"],
    )
    assert_same(answer, expected)


@settings(max_examples=20)
@given(st.permutations(range(5)))
def test_columns_may_stand_in_any_order(order: list[int]) -> None:
    """The same stocks in another order get the same numbers."""
    answer = forecast(CLOSES[:, order])
    np.testing.assert_allclose(answer["quantiles"], FORECAST["quantiles"][order], rtol=1e-8)


@settings(max_examples=15)
@given(rows=st.integers(61, 299), garbage=st.sampled_from([np.nan, 1e-9, 1e9]))
def test_rows_after_the_last_one_shown_do_not_exist(rows: int, garbage: float) -> None:
    """A view into a larger table gives the numbers of its copy, whatever lies behind it."""
    table = CLOSES.copy()
    table[rows:] = garbage
    np.testing.assert_array_equal(
        forecast(table[:rows])["quantiles"], forecast(CLOSES[:rows].copy())["quantiles"]
    )


@settings(max_examples=60)
@given(st.data())
def test_no_input_makes_a_wrong_number_or_a_warning(drawn: st.DataObject) -> None:
    """Any prices and gaps give an ordered positive distribution around a price, or NaN."""
    rows, stocks = drawn.draw(st.integers(0, 90)), drawn.draw(st.integers(0, 4))
    seed = drawn.draw(st.integers(0, 2**32 - 1))
    spread = drawn.draw(st.sampled_from([0.0, 1e-9, 0.01, 0.5, 20.0]))
    gaps = drawn.draw(st.sampled_from([0.0, 0.02, 0.5, 1.0]))
    generator = np.random.default_rng(seed)
    logs = np.cumsum(spread * generator.standard_normal((rows, stocks)), axis=0)
    closes = np.exp(np.clip(logs, -300.0, 300.0))
    closes[generator.random(closes.shape) < gaps] = np.nan
    answer = forecast(closes)
    point, quantiles = answer["point"], answer["quantiles"]
    assert point.shape == (stocks,)
    assert quantiles.shape == (stocks, len(LEVELS))
    spoken = np.isfinite(point)
    assert np.isnan(quantiles[~spoken]).all()
    assert (np.diff(quantiles[spoken], axis=1) >= 0.0).all()
    assert (quantiles[spoken] > 0.0).all()
    if rows:
        assert np.isfinite(closes[-1][spoken]).all()
        assert (np.isfinite(closes).sum(axis=0)[spoken] >= 60).all()
    else:
        assert not spoken.any()


def test_one_stock_may_be_given_as_a_row() -> None:
    """A single stock's closes by themselves are one column."""
    np.testing.assert_array_equal(
        forecast(CLOSES[:, 0])["quantiles"], forecast(CLOSES[:, :1])["quantiles"]
    )


@pytest.mark.parametrize("rows", [0, 1, 59])
def test_too_short_a_past_gives_nan(rows: int) -> None:
    """Under 60 sessions nothing is said, and that is no error."""
    answer = forecast(CLOSES[:rows])
    assert np.isnan(answer["point"]).all()
    assert np.isnan(answer["quantiles"]).all()


def test_a_stock_without_prices_abstains_and_harms_nobody() -> None:
    """All-missing columns, even when they are the majority, leave the others as they were."""
    absent = np.full((300, 7), np.nan)
    answer = forecast(np.hstack([absent, CLOSES]))
    assert np.isnan(answer["point"][:7]).all()
    np.testing.assert_allclose(answer["quantiles"][7:], FORECAST["quantiles"], rtol=1e-8)


def test_late_listings_do_not_shorten_the_past_of_others() -> None:
    """Stocks listed lately are forecast but do not make the fit forget what came before."""
    young = simulate_closes(300, 8, seed=77)
    young[:200] = np.nan
    answer = forecast(np.hstack([young, CLOSES]))
    assert np.isfinite(answer["point"]).all()
    np.testing.assert_allclose(answer["quantiles"][8:], FORECAST["quantiles"], rtol=1e-8)


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_a_price_off_by_a_hundred_abstains(factor: float) -> None:
    """A newest price a hundred times off is not forecast from; the other stocks are unharmed."""
    answer = forecast(changed(-1, 2, CLOSES[-1, 2] * factor))
    assert np.isnan(answer["point"]).tolist() == [False, False, True, False, False]
    np.testing.assert_allclose(answer["point"][0], FORECAST["point"][0], rtol=0.01)


@pytest.mark.parametrize("factor", [1.9, 0.5])
def test_an_odd_last_move_abstains_until_it_is_confirmed(factor: float) -> None:
    """A lone jump is not forecast from until a session stays there; other stocks' answers stay."""
    jumped = changed(-1, 2, CLOSES[-2, 2] * factor)
    odd = forecast(jumped)
    assert np.flatnonzero(np.isnan(odd["point"])).tolist() == [2]
    assert np.isnan(odd["quantiles"][2]).all()
    confirmed = forecast(np.vstack([jumped, jumped[-1] * 1.001]))
    assert np.isfinite(confirmed["point"]).all()
    wild = CLOSES.copy()
    wild[:, 2] = 100.0 * np.where(np.arange(len(wild)) % 2, 1.0, 1.0 / factor)
    assert np.isfinite(forecast(wild)["point"]).all()


def test_the_reason_names_the_odd_move() -> None:
    """People read how far the price moved, and what may be behind it."""
    panel = panel_of(changed(-1, 2, CLOSES[-2, 2] * 1.9))
    answer = forecast_panel(fit_pool(panel), panel)
    assert answer.abstained.tolist() == [False, False, True, False, False]
    (reason,) = answer.reasons[2]
    assert "moved by +90% in one session, which may be an error of the feed or a split" in reason


def test_a_missing_newest_price_abstains() -> None:
    """Without a close in the last row there is nothing to start from."""
    answer = forecast(changed(-1, 1, np.nan))
    assert np.isnan(answer["point"]).tolist() == [False, True, False, False, False]


def test_prices_at_the_end_of_the_floats_do_not_overflow() -> None:
    """What cannot be written as a finite price is not said at all."""
    peak = 60 + int(np.argmax(CLOSES[60:, 0]))
    closes = CLOSES[: peak + 1].copy()
    closes[:, 0] *= 1.79e308 / closes[:, 0].max()
    answer = forecast(closes)
    assert np.isnan(answer["point"]).tolist() == [True, False, False, False, False]


def test_open_high_low_change_the_range() -> None:
    """Bars on the same basis are used as the product uses them."""
    bars = with_bars(panel_of(CLOSES))
    answer = forecast(CLOSES, open=bars.open, high=bars.high, low=bars.low)
    prices = to_prices(forecast_panel(fit_pool(bars), bars), CLOSES[-1])
    np.testing.assert_array_equal(answer["quantiles"], prices.quantiles)
    assert np.all(np.abs(answer["quantiles"][:, 0] / FORECAST["quantiles"][:, 0] - 1.0) > 1e-6)


def test_an_impossible_bar_is_left_out() -> None:
    """A bar whose prices contradict each other keeps its close only."""
    high, low = CLOSES * 1.01, CLOSES * 0.99
    high[7, 0], low[8, 1], high[9, 2] = CLOSES[7, 0] * 0.9, CLOSES[8, 1] * 1.2, np.nan
    prices = read_prices(CLOSES, open=CLOSES, high=high, low=low)
    assert prices.high is not None
    assert np.argwhere(np.isnan(prices.high)).tolist() == [[7, 0], [8, 1], [9, 2]]
    np.testing.assert_array_equal(prices.closes, CLOSES)
    crossed = read_prices(CLOSES, high=CLOSES * 1.001, low=CLOSES * 1.004)
    assert np.isfinite(crossed.closes).all()


def test_the_answer_shares_no_memory_with_the_question() -> None:
    """What the caller does with its arrays later changes nothing."""
    closes = CLOSES.copy()
    prices = read_prices(closes)
    closes[:] = 0.0
    np.testing.assert_array_equal(prices.closes, CLOSES)


@pytest.mark.parametrize("given", [CLOSES.tolist(), CLOSES.astype(np.float32), "masked", "objects"])
def test_numbers_in_other_containers_are_understood(given: Any) -> None:
    """Lists, single precision, masked arrays and objects with None hold numbers too."""
    closes, missing = given, False
    if isinstance(given, str):
        missing = True
        mask = np.zeros(CLOSES.shape, dtype=np.bool_)
        mask[10, 0] = True
        closes = np.ma.MaskedArray(CLOSES, mask)
        if given == "objects":
            closes = changed(10, 0, None, object)
    prices = read_prices(closes).closes
    assert np.isnan(prices[10, 0]) == missing
    np.testing.assert_allclose(prices[11:], CLOSES[11:], rtol=1e-6)


BAD_CLOSES: list[tuple[Any, str]] = [
    (changed(3, 2, -1.0), r"-1 in row 3, column 2"),
    (changed(0, 4, 0.0), r"0 in row 0, column 4"),
    (changed(7, 0, np.inf), r"inf in row 7, column 0"),
    (changed(7, 1, "twelve", object), r"'twelve' in row 7, column 1"),
    (changed(7, 1, np.bool_(1), object), r"in row 7, column 1, which is no number"),
    (CLOSES.astype(str), "not numbers"),
    (CLOSES.astype(complex), "not numbers"),
    (CLOSES > 50.0, "not numbers"),
    (np.zeros((2, 2, 2)), "shape 2 x 2 x 2"),
    (5.0, "a single number"),
    ([[1.0, 2.0], [3.0]], "rows differ in length"),
    (None, "a single number"),
]


@pytest.mark.parametrize(("closes", "sentence"), BAD_CLOSES)
def test_what_is_no_price_is_refused(closes: Any, sentence: str) -> None:
    """The error is a ValueError whose sentence names the row and the column, or the form."""
    with pytest.raises(ValueError, match=sentence) as refused:
        forecast(closes)
    assert isinstance(refused.value, InvalidArrays)


@pytest.mark.parametrize("name", ["open", "high", "low"])
def test_bars_are_held_to_the_same(name: str) -> None:
    """Another shape or a price that is none is refused with the array's name."""
    with pytest.raises(InvalidArrays, match=f"{name} has the shape 299 x 5 and closes have"):
        forecast(CLOSES, **{name: CLOSES[1:]})
    with pytest.raises(InvalidArrays, match=f"{name} holds -2 in row 1, column 3"):
        forecast(CLOSES, **{name: changed(1, 3, -2.0)})


@pytest.mark.parametrize(
    ("levels", "sentence"),
    [
        ([0.5, 0.4], "level 1 is 0.4 after 0.5"),
        ([0.5, 0.5], "must rise"),
        ([0.0, 0.5], "between 0 and 1"),
        ([0.5, 1.0], "between 0 and 1"),
        ([np.nan], "between 0 and 1"),
        ([0.01], "known from level 0.025 to 0.975"),
        ([0.99], "nothing is said of its tails"),
        ([], "at least one level"),
        (0.5, "one row"),
        (["half"], "not numbers"),
    ],
)
def test_levels_that_are_none_are_refused(levels: Any, sentence: str) -> None:
    """Levels rise strictly and stay where the distribution is known."""
    with pytest.raises(InvalidArrays, match=sentence):
        forecast(CLOSES, levels=levels)


@settings(max_examples=30)
@given(st.lists(st.floats(0.025, 0.975), min_size=1, max_size=9, unique=True).map(sorted))
def test_other_levels_lie_between_their_neighbours(levels: list[float]) -> None:
    """Quantiles at any levels are ordered and between those of the neighbouring 39."""
    answer = forecast(CLOSES, levels=levels)
    np.testing.assert_array_equal(answer["levels"], levels)
    assert answer["quantiles"].shape == (5, len(levels))
    assert (np.diff(answer["quantiles"], axis=1) >= 0.0).all()
    for place, level in enumerate(levels):
        below = int(np.searchsorted(LEVELS, level, side="right")) - 1
        above = min(below + 1, len(LEVELS) - 1)
        column = answer["quantiles"][:, place]
        slack = 1e-12 * column
        assert (column >= FORECAST["quantiles"][:, below] - slack).all()
        assert (column <= FORECAST["quantiles"][:, above] + slack).all()


def test_levels_among_the_39_are_exact() -> None:
    """Asking for a few of the known levels returns those quantiles to the bit."""
    answer = forecast(CLOSES, levels=[0.025, 0.1, 0.5, 0.9, 0.975])
    chosen = [LEVELS.index(level) for level in (0.025, 0.1, 0.5, 0.9, 0.975)]
    np.testing.assert_array_equal(answer["quantiles"], FORECAST["quantiles"][:, chosen])


def test_interpolation_is_exact_for_the_gaussian() -> None:
    """Between levels of a Gaussian the true quantile is found."""
    for level, score in ((0.31, -0.4958503473), (0.8999999, 1.2815509957)):
        found = interpolate_quantiles(_gaussian(), np.array([level]))
        np.testing.assert_allclose(found, [[score]], rtol=1e-8)


def _gaussian() -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([[NormalDist().inv_cdf(level) for level in LEVELS]])


def test_the_pool_of_a_panel_is_the_panel() -> None:
    """With complete histories every stock trains the fit, as in the product."""
    panel = Panel(("A", "B"), panel_of(CLOSES).sessions, CLOSES[:, :2])
    expected = to_prices(forecast_panel(fit_pool(panel), panel), CLOSES[-1, :2])
    np.testing.assert_array_equal(forecast(CLOSES[:, :2])["quantiles"], expected.quantiles)
