"""Bars are stored only when they are complete and can be believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.errors import FeedRejected
from oracle.domain.instruments import Source
from oracle.domain.prices import MarketState, PriceHistory, Quote, Split
from oracle.domain.validation import check_quote, complete_rows, select_rows, validate_history

FIRST = np.datetime64("2022-10-03", "D")
HOLIDAY = date(2022, 11, 24)


def make_history(closes: list[float]) -> PriceHistory:
    """Return a history of one bar per weekday with believable ranges around the closes."""
    close = np.array(closes, dtype=np.float64)
    return PriceHistory(
        symbol="AAPL",
        currency="USD",
        sessions=np.busday_offset(FIRST, np.arange(len(closes)), roll="forward"),
        open=close.copy(),
        high=close * 1.01,
        low=close * 0.99,
        close=close,
        adj_close=close * 0.98,
        volume=np.full(len(closes), 1e6),
    )


def rising(count: int = 40) -> list[float]:
    """Return closes that rise by a half per cent a session."""
    return [float(price) for price in 100.0 * 1.005 ** np.arange(count)]


class Weekdays:
    """An exchange that trades on weekdays but Thanksgiving, and knows no later year than 2022."""

    def is_session(self, day: date) -> bool:
        """Return whether the exchange trades on that day."""
        assert day.year <= 2022
        return day.weekday() < 5 and day != HOLIDAY


def test_a_plain_history_passes_unchanged() -> None:
    """Nothing is withheld from prices that can be true."""
    history = make_history(rising())
    validated = validate_history(history)
    assert validated.history is history
    assert validated.withheld == ()


@given(
    st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=80),
    st.floats(0.01, 1e5),
)
def test_ordinary_moves_are_never_withheld(returns: list[float], start: float) -> None:
    """However the market moves within twenty per cent a session, every row is kept."""
    closes = [float(price) for price in start * np.exp(np.cumsum(returns))]
    assert validate_history(make_history(closes)).withheld == ()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, -5.0])
def test_a_close_that_is_no_price_is_withheld_alone(bad: float) -> None:
    """One impossible close costs one row, and the report says which and why."""
    closes = rising()
    closes[20] = bad
    validated = validate_history(make_history(closes))
    assert len(validated.history) == 39
    assert [row.session for row in validated.withheld] == [date(2022, 10, 31)]
    assert "close is not a positive number" in validated.withheld[0].reason


def test_a_missing_adjusted_close_is_withheld() -> None:
    """A row without its adjusted close would break the returns, so it is not stored."""
    history = make_history(rising())
    history.adj_close[7] = np.nan
    assert "adjusted close" in validate_history(history).withheld[0].reason


def test_prices_the_feed_did_not_give_are_no_fault() -> None:
    """A feed of closes alone passes: the range is checked only where it was given."""
    history = make_history(rising())
    history = replace(
        history,
        open=np.full(40, np.nan),
        high=np.full(40, np.nan),
        low=np.full(40, np.nan),
        volume=np.full(40, np.nan),
    )
    assert validate_history(history).withheld == ()


def test_an_impossible_range_is_withheld() -> None:
    """A high below the low, or a close outside of both, cannot have been traded."""
    history = make_history(rising())
    history.high[5], history.low[5] = history.low[5], history.high[5]
    history.high[9] = history.close[9] * 0.97
    history.low[9] = history.close[9] * 0.96
    reasons = [row.reason for row in validate_history(history).withheld]
    assert len(reasons) == 2
    assert "high is below the low" in reasons[0]
    assert "outside the range" in reasons[1]


def test_rounding_of_the_range_is_no_fault() -> None:
    """A close a hair above the high, as adjusted prices have it, is believed."""
    history = make_history(rising())
    history.high[5] = history.close[5] * (1.0 - 1e-4)
    assert validate_history(history).withheld == ()


@pytest.mark.parametrize("factor", [100.0, 0.01, 1.5, 0.5])
def test_a_jump_in_the_newest_row_is_withheld(factor: float) -> None:
    """A last close far from the one before waits until a later session confirms it."""
    history = make_history(rising())
    stored = history.latest(60).up_to(date(2022, 11, 24))
    history.close[-1] *= factor
    history.high[-1] *= factor
    history.low[-1] *= factor
    validated = validate_history(history, stored=stored)
    assert [row.session for row in validated.withheld] == [history.last_session]
    assert "no later session confirms it" in validated.withheld[0].reason


def test_a_jump_in_a_first_fetch_is_withheld_only_in_the_newest_rows() -> None:
    """With nothing stored, old history keeps its true jumps and the last row is still doubted."""
    closes = rising()
    closes = closes[:10] + [price * 1.8 for price in closes[10:]]
    closes[-1] *= 100.0
    validated = validate_history(make_history(closes))
    assert [row.session for row in validated.withheld] == [date(2022, 11, 25)]


def test_a_real_crash_is_believed_once_the_next_session_stays_there() -> None:
    """A loss of half, confirmed by the following session, is history and not a fault."""
    closes = rising()
    closes[-2] *= 0.5
    closes[-1] *= 0.5
    assert validate_history(make_history(closes)).withheld == ()


def test_two_rows_of_mixed_units_do_not_confirm_each_other() -> None:
    """Two closes in the wrong unit stay withheld, however well they agree."""
    closes = rising()
    closes[-2] *= 100.0
    closes[-1] *= 100.0
    assert len(validate_history(make_history(closes)).withheld) == 2


def test_a_single_mix_up_of_units_in_old_history_is_withheld() -> None:
    """A lone close a hundred times too high is recognised wherever it stands."""
    closes = rising()
    closes[12] *= 100.0
    validated = validate_history(make_history(closes))
    assert [row.session for row in validated.withheld] == [date(2022, 10, 19)]


def test_old_rows_that_were_never_stored_are_not_doubted() -> None:
    """A refetch that reaches further back than the store may hold wild old moves."""
    closes = rising()
    closes[5] *= 2.0
    history = make_history(closes)
    assert validate_history(history, stored=history.latest(10)).withheld == ()


def test_a_bad_stored_row_heals() -> None:
    """A delivered row that fits its neighbours replaces one that was stored wrong."""
    history = make_history(rising())
    stored = select_rows(history, np.ones(40, dtype=np.bool_))
    stored.close[30] *= 2.0
    assert validate_history(history, stored=stored).withheld == ()


def test_a_stored_row_is_not_spoilt() -> None:
    """A delivered row that left both its neighbours and the store is withheld."""
    history = make_history(rising())
    stored = select_rows(history, np.ones(40, dtype=np.bool_))
    history.close[30] *= 2.0
    history.high[30] *= 2.0
    validated = validate_history(history, stored=stored)
    assert [row.session for row in validated.withheld] == [date(2022, 11, 14)]


def test_a_reported_split_rescales_the_whole_history() -> None:
    """After a 4:1 split every delivered close is a quarter of the stored one, and accepted."""
    before = make_history(rising())
    stored = before.up_to(date(2022, 11, 22))
    after = make_history([price / 4.0 for price in rising()])
    split = Split(session=date(2022, 11, 23), ratio=4.0)
    assert validate_history(after, stored=stored, splits=[split]).withheld == ()


def test_another_scale_without_a_split_is_refused() -> None:
    """A history a hundred times higher than the stored one is refused as a whole."""
    stored = make_history(rising())
    wrong = make_history([price * 100.0 for price in rising()])
    with pytest.raises(FeedRejected, match=r"AAPL: the closes up to 2022-11-25 are 100 times"):
        validate_history(wrong, stored=stored)


def test_a_split_that_does_not_explain_the_scale_is_refused() -> None:
    """A 2:1 split does not explain prices a hundred times lower."""
    stored = make_history(rising())
    wrong = make_history([price / 100.0 for price in rising()])
    with pytest.raises(FeedRejected, match="no split is reported that explains it"):
        validate_history(wrong, stored=stored, splits=[Split(date(2022, 11, 28), 2.0)])


def test_an_old_split_explains_no_new_scale() -> None:
    """A split from before the stored end was already in the stored prices."""
    stored = make_history(rising())
    wrong = make_history([price / 4.0 for price in rising()])
    with pytest.raises(FeedRejected, match=r"0\.25 times"):
        validate_history(wrong, stored=stored, splits=[Split(date(2022, 11, 1), 4.0)])


def test_a_split_not_yet_adjusted_for_is_refused() -> None:
    """Prices before a split that still have the old scale would be a false loss of 75 per cent."""
    closes = rising()
    closes[-2] /= 4.0
    closes[-1] /= 4.0
    history = make_history(closes)
    with pytest.raises(FeedRejected, match=r"split is reported by session 2022-11-24"):
        validate_history(history, splits=[Split(date(2022, 11, 24), 4.0)])


@pytest.mark.parametrize("order", [[0, 2, 1, 3], [0, 1, 1, 2]])
def test_sessions_out_of_order_are_refused(order: list[int]) -> None:
    """A session delivered twice or backwards discredits the answer, and is named."""
    history = make_history(rising(4))
    shuffled = replace(history, sessions=history.sessions[order])
    with pytest.raises(FeedRejected, match=r"AAPL: session 2022-10-0\d is delivered twice or out"):
        validate_history(shuffled)


def test_an_empty_history_is_refused() -> None:
    """An answer without a complete session is no history."""
    with pytest.raises(FeedRejected, match="AAPL: the answer holds no complete session"):
        validate_history(make_history(rising()).latest(0))


def test_a_wholly_rotten_history_is_refused() -> None:
    """When much of an answer is impossible none of it is believed, and the first fault is named."""
    closes = rising()
    for row in range(5, 20):
        closes[row] = np.nan
    with pytest.raises(
        FeedRejected, match=r"AAPL: 15 of 40 sessions .* 2022-10-10 the close is not"
    ):
        validate_history(make_history(closes))


def test_the_partial_bar_of_a_running_session_is_dropped() -> None:
    """The bar of a session that has not closed yet is no bar."""
    history = make_history(rising(3))
    complete = complete_rows(history, calendar=Weekdays(), last_session=date(2022, 10, 4))
    assert complete.last_session == date(2022, 10, 4)
    assert len(complete) == 2


def test_rows_of_holidays_and_of_the_future_are_dropped() -> None:
    """Bars of days the exchange was shut, or that have not come yet, are no bars."""
    history = make_history(rising(60))
    complete = complete_rows(history, calendar=Weekdays(), last_session=date(2022, 12, 1))
    assert np.datetime64(HOLIDAY) in history.sessions
    assert np.datetime64(HOLIDAY) not in complete.sessions
    assert complete.last_session == date(2022, 12, 1)


def test_the_calendar_is_not_asked_about_the_future() -> None:
    """A row far beyond the calendar's range is dropped without an error from the calendar."""
    history = replace(
        make_history(rising(2)), sessions=np.array(["2022-10-03", "2999-01-01"], "datetime64[D]")
    )
    last = date(2022, 10, 5)
    assert len(complete_rows(history, calendar=Weekdays(), last_session=last)) == 1


def make_quote(price: float) -> Quote:
    """Return a quote of that price."""
    moment = datetime(2022, 12, 1, 18, 0, tzinfo=UTC)
    return Quote("AAPL", price, "USD", moment, MarketState.OPEN, Source.YAHOO, moment)


def test_a_believable_quote_passes() -> None:
    """A latest price near the last close raises nothing, nor does one without any close."""
    check_quote(make_quote(110.0), 100.0)
    check_quote(make_quote(110.0), None)


@pytest.mark.parametrize("price", [np.nan, 0.0, -1.0, 10_000.0, 1.0])
def test_an_unbelievable_quote_is_refused(price: float) -> None:
    """A latest price that is none, or a hundred times off, is refused by its symbol."""
    with pytest.raises(FeedRejected, match="AAPL: the latest price"):
        check_quote(make_quote(price), 100.0)
