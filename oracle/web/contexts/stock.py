"""The page of one stock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.prices import MarketState
from oracle.web import charts, formatting
from oracle.web.api.present_history import present_history
from oracle.web.contexts.company_mark import build_company_mark
from oracle.web.contexts.history import build_history_view
from oracle.web.contexts.marking import ORIGIN_NAMES, SOURCE_NAMES
from oracle.web.contexts.record_strip import build_record_strip
from oracle.web.history_chart import draw_history

if TYPE_CHECKING:
    from oracle.domain.forecasts import Prediction
    from oracle.domain.prices import Quote
    from oracle.domain.track_record import TrackRecord
    from oracle.services.list_past_predictions import PastPredictions
    from oracle.services.predict_stock import StockReport
    from oracle.services.read_market_status import MarketStatus
    from oracle.web.charts import RangeBar
    from oracle.web.contexts.company_mark import CompanyMark
    from oracle.web.contexts.history import HistoryView
    from oracle.web.contexts.record_strip import RecordStrip
    from oracle.web.formatting import Change
    from oracle.web.history_chart import HistoryChart

CLOSES = "Daily closes"
ADJUSTED_CLOSES = "Daily closes, adjusted for dividends"
_LEVELS = (0.5, 0.8, 0.95)


@dataclass(frozen=True, slots=True)
class PriceView:
    """The last known price, when the market made it, and whether it is older than it should be.

    `fetched_at` is None where the clock that said it is not the world's.
    """

    amount: str
    currency: str
    as_of: str
    as_of_utc: str
    as_of_machine: str
    market: str
    is_open: bool
    is_stale: bool
    age: str
    source: str
    fetched_at: str | None
    fetched_at_machine: str


@dataclass(frozen=True, slots=True)
class RangeRow:
    """One prediction interval in words."""

    level: str
    lower: str
    upper: str


@dataclass(frozen=True, slots=True)
class ForecastView:
    """The prediction: its value against the close it starts from, its ranges, its origin.

    `is_past`: its session is over; `next_forecast` then says when the next one comes, unless that
    is any moment. `made_at` is None where the clock that said it is not the world's.
    """

    point: str
    change: Change
    base_price: str
    as_of: str
    target: str
    short_target: str
    expected_target: str
    is_outdated: bool
    is_past: bool
    next_forecast: str | None
    is_abstained: bool
    reasons: tuple[str, ...]
    ranges: tuple[RangeRow, ...]
    bar: RangeBar | None
    model_version: str
    made_at: str | None
    made_at_machine: str
    fingerprint: str
    origin: str
    source: str


@dataclass(frozen=True, slots=True)
class StockView:
    """All that is shown of one stock; what is not known is None.

    `shows_older`: something below the notices is older than it should be.
    """

    price: PriceView | None
    forecast: ForecastView | None
    chart: HistoryChart | None
    chart_title: str
    history: HistoryView
    record: RecordStrip | None
    notices: tuple[str, ...]
    shows_older: bool


@dataclass(frozen=True, slots=True)
class StockPage:
    """The page `/stocks/<symbol>`; while the feed is being asked `view` is None."""

    symbol: str
    name: str
    exchange: str
    currency: str
    address: str
    view: StockView | None
    mark: CompanyMark


def build_stock_page(
    report: StockReport,
    past: PastPredictions | None,
    record: TrackRecord | None,
    picture: str | None = None,
) -> StockPage:
    """Return the page of a report, with what was predicted in the past if anything was."""
    instrument = report.instrument
    history = present_history(report, past)
    return StockPage(
        symbol=instrument.symbol,
        name=instrument.name,
        exchange=instrument.exchange,
        currency=instrument.currency,
        address=f"/stocks/{instrument.symbol}",
        view=StockView(
            price=(
                None
                if report.quote is None
                else build_price_view(report.quote, report.status, is_stale=report.quote_stale)
            ),
            forecast=None if report.prediction is None else _forecast(report, report.prediction),
            chart=draw_history(history),
            chart_title=ADJUSTED_CLOSES if report.status.is_sample else CLOSES,
            history=build_history_view(history),
            record=build_record_strip(record, report.status),
            notices=report.notices,
            shows_older=report.quote_stale or report.prediction_outdated,
        ),
        mark=build_company_mark(instrument.symbol, instrument.name, picture),
    )


def describe_stock(page: StockPage) -> str:
    """Return the page in a sentence for previews: the prediction in numbers, if there is one."""
    forecast = None if page.view is None else page.view.forecast
    ranges = () if forecast is None or forecast.is_abstained else forecast.ranges
    row = next((each for each in ranges if each.level == formatting.level(0.8)), None)
    if forecast is None or row is None:
        named = page.name if page.name == page.symbol else f"{page.name} ({page.symbol})"
        return f"Current price and predicted close of {named}, with its range."
    return (
        f"{page.symbol}: {forecast.point} predicted for {forecast.short_target}, "
        f"{row.level} range {row.lower} to {row.upper}."
    )


def build_waiting_page(symbol: str, name: str | None, picture: str | None = None) -> StockPage:
    """Return the page with a placeholder for what is still being fetched."""
    mark = build_company_mark(symbol, name or symbol, picture)
    return StockPage(symbol, name or symbol, "", "", f"/stocks/{symbol}", None, mark)


def build_price_view(quote: Quote, status: MarketStatus, *, is_stale: bool) -> PriceView:
    """Return the price as the page shows it, when it is loaded and whenever it moves."""
    return PriceView(
        amount=formatting.money(quote.price, quote.currency),
        as_of=formatting.exchange_time(quote.as_of),
        as_of_utc=formatting.utc_time(quote.as_of),
        as_of_machine=formatting.machine_time(quote.as_of),
        currency=quote.currency,
        market=formatting.market_state(status.state),
        is_open=status.state is MarketState.OPEN,
        is_stale=is_stale,
        age=formatting.age(status.now - quote.as_of),
        source=SOURCE_NAMES[quote.source],
        fetched_at=(
            None if quote.source in ORIGIN_NAMES else formatting.utc_time(quote.fetched_at)
        ),
        fetched_at_machine=formatting.machine_time(quote.fetched_at),
    )


def _forecast(report: StockReport, prediction: Prediction) -> ForecastView:
    status = report.status
    origin = ORIGIN_NAMES.get(prediction.source)
    return ForecastView(
        point=formatting.money(prediction.point, prediction.currency),
        change=formatting.change(prediction.change_percent),
        base_price=formatting.money(prediction.current_price, prediction.currency),
        as_of=formatting.session(prediction.as_of),
        target=formatting.session(prediction.target),
        short_target=formatting.short_session(prediction.target),
        expected_target=formatting.session(status.target),
        is_outdated=report.prediction_outdated,
        is_past=report.prediction_outdated or status.target_closed,
        next_forecast=(
            formatting.exchange_clock(status.next_forecast) if status.target_closed else None
        ),
        is_abstained=prediction.abstained,
        reasons=prediction.reasons,
        ranges=_ranges(prediction),
        bar=charts.draw_range(prediction),
        model_version=prediction.model_version,
        made_at=formatting.utc_time(prediction.created_at) if origin is None else None,
        made_at_machine=formatting.machine_time(prediction.created_at),
        fingerprint=prediction.fingerprint[:12],
        origin=origin or prediction.origin.value,
        source=SOURCE_NAMES[prediction.source],
    )


def _ranges(prediction: Prediction) -> tuple[RangeRow, ...]:
    intervals = [prediction.interval(level) for level in _LEVELS]
    return tuple(
        RangeRow(
            formatting.level(interval.level),
            formatting.money(interval.lower, prediction.currency),
            formatting.money(interval.upper, prediction.currency),
        )
        for interval in intervals
        if interval is not None
    )
