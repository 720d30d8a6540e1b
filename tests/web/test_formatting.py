"""Numbers, times and pictures: how they are written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import inf, nan

import pytest

from oracle.domain.prices import MarketState
from oracle.web import formatting
from oracle.web.charts import draw_range
from tests.web import scenes

THIN = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (129.294, "USD", "$129.29"),
        (1234567.5, "USD", "$1,234,567.50"),
        (-3.2, "USD", f"{MINUS}$3.20"),
        (-0.001, "USD", "$0.00"),
        (12.5, "CHF", f"12.50{THIN}CHF"),
        (None, "USD", "No data"),
        (nan, "USD", "No data"),
        (inf, "USD", "No data"),
    ],
)
def test_money(value: float | None, currency: str, text: str) -> None:
    """Prices are grouped, have two places and their currency; what is unknown is not zero."""
    assert formatting.money(value, currency) == text


@pytest.mark.parametrize(
    ("value", "text", "arrow", "word"),
    [
        (0.821, f"+0.82{THIN}%", "▲", "up"),
        (-1.5, f"{MINUS}1.50{THIN}%", "▼", "down"),
        (0.0, f"0.00{THIN}%", "■", "unchanged"),
        (-0.004, f"0.00{THIN}%", "■", "unchanged"),
        (None, "No data", "", "unknown"),
        (nan, "No data", "", "unknown"),
    ],
)
def test_changes(value: float | None, text: str, arrow: str, word: str) -> None:
    """Sign, arrow and word agree; what rounds to zero points nowhere, nor does the unknown."""
    shown = formatting.change(value)
    assert (shown.text, shown.arrow, shown.direction) == (text, arrow, word)


def test_times_are_shown_on_the_exchanges_clock() -> None:
    """Summer and winter time are New York's own, whatever the machine's zone."""
    winter = datetime(2022, 12, 28, 21, 0, tzinfo=UTC)
    summer = datetime(2022, 7, 1, 20, 0, tzinfo=UTC)
    assert formatting.exchange_time(winter) == "Wed 28 Dec 2022, 16:00 ET"
    assert formatting.exchange_time(summer) == "Fri 1 Jul 2022, 16:00 ET"
    assert formatting.utc_time(winter) == "Wed 28 Dec 2022, 21:00 UTC"
    assert formatting.machine_time(winter) == "2022-12-28T21:00:00Z"
    assert formatting.session(date(2022, 12, 29)) == "Thu 29 Dec 2022"


@pytest.mark.parametrize(
    ("elapsed", "text"),
    [
        (timedelta(seconds=-5), "less than a minute old"),
        (timedelta(seconds=59), "less than a minute old"),
        (timedelta(minutes=1), "1 minute old"),
        (timedelta(minutes=119), "1 hour old"),
        (timedelta(hours=30), "1 day old"),
        (timedelta(days=9), "9 days old"),
    ],
)
def test_ages(elapsed: timedelta, text: str) -> None:
    """An age is told in its largest whole unit."""
    assert formatting.age(elapsed) == text


def test_signals_are_named_in_words() -> None:
    """A score has a word that does not depend on its sign; no score has none."""
    words = [formatting.strength(score) for score in (0.0, 0.03, -0.07, 0.4, None, nan)]
    assert words == ["very weak", "weak", "moderate", "strong", "No data", "No data"]


def test_every_market_state_has_words() -> None:
    """No state of the exchange is shown as its code."""
    assert {formatting.market_state(state) for state in MarketState} == {
        *("Market open", "Market closed", "Pre-market", "After hours"),
    }


def test_the_range_bar_nests_its_bands() -> None:
    """Narrower ranges lie within wider ones, inside the picture, with the point among them."""
    bar = draw_range(scenes.prediction())
    assert bar is not None
    assert [band.level for band in bar.bands] == [95, 80, 50]
    for outer, inner in zip(bar.bands, bar.bands[1:], strict=False):
        assert outer.start < inner.start
        assert inner.start + inner.width < outer.start + outer.width
    assert 0 < bar.bands[0].start < bar.point < bar.bands[0].start + bar.bands[0].width < 100


def test_a_price_outside_the_range_stays_in_the_picture() -> None:
    """A current price beyond the widest range widens the picture, not the range."""
    bar = draw_range(replace(scenes.prediction(), current_price=200.0))
    assert bar is not None
    assert bar.bands[0].start + bar.bands[0].width < bar.current < 100


def test_no_numbers_no_range() -> None:
    """An abstention has no picture."""
    assert draw_range(scenes.abstention()) is None


def test_days_and_hours_are_those_of_the_exchange() -> None:
    """A session has its day of the week in full, and a time of day its place's."""
    assert formatting.weekday(date(2022, 12, 29)) == "Thursday"
    assert formatting.exchange_clock(datetime(2022, 12, 29, 21, 15, tzinfo=UTC)) == "16:15 ET"
