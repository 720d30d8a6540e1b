"""The ranking: a region of the home page and a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.web import formatting
from oracle.web.contexts.marking import SOURCE_NAMES
from oracle.web.sparklines import draw_sparkline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.domain.prices import PriceHistory
    from oracle.domain.rankings import RankedStock, Ranking
    from oracle.services.read_live_prices import LivePrices
    from oracle.services.read_market_status import MarketStatus
    from oracle.web.errors import Problem
    from oracle.web.formatting import Change
    from oracle.web.sparklines import Sparkline


@dataclass(frozen=True, slots=True)
class Row:
    """One ranked stock."""

    rank: int
    symbol: str
    name: str
    spark: Sparkline | None
    price: str
    now: str
    predicted: str
    change: Change
    lower: str
    upper: str
    score: str
    strength: str
    is_best: bool


@dataclass(frozen=True, slots=True)
class Best:
    """The best buy, with its reason in words.

    `covers_costs`: more is expected of it than buying and selling it costs.
    """

    symbol: str
    name: str
    reason: str
    covers_costs: bool
    row: Row | None


@dataclass(frozen=True, slots=True)
class Unranked:
    """A stock that could not be ranked, and why."""

    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class RankingView:
    """A ranking as it is shown.

    `is_outdated`: a newer session has closed meanwhile. `is_past`: the session that was forecast
    is over, so that its best can be bought no more; `next_forecast` then says when the next one
    comes, unless that is any moment.
    """

    as_of: str
    target: str
    short_target: str
    expected_as_of: str
    is_outdated: bool
    is_past: bool
    is_running: bool
    next_forecast: str | None
    is_watchlist: bool
    best: Best | None
    rows: tuple[Row, ...]
    unavailable: tuple[Unranked, ...]
    model_version: str
    source: str
    stream: str


@dataclass(frozen=True, slots=True)
class RankingPage:
    """The page `/ranking`. `selection` is what was asked for, as text; `view` None is loading.

    With a `problem` there is nothing to show but that.
    """

    selection: str
    address: str
    view: RankingView | None
    problem: Problem | None = None


def build_ranking_view(
    ranking: Ranking,
    status: MarketStatus,
    histories: Mapping[str, PriceHistory],
    *,
    is_watchlist: bool,
    live: LivePrices | None = None,
    stream: str = "",
) -> RankingView:
    """Return the ranking in words and figures, with a picture where the bars are known.

    `live` holds what the stocks cost in the session that is running, `stream` is where that is
    sent from.
    """
    now = current_prices(live)
    best_symbol = None if ranking.best is None else ranking.best.symbol
    rows = tuple(
        _row(
            stock,
            histories.get(stock.symbol),
            now=now.get(stock.symbol, ""),
            is_best=stock.symbol == best_symbol,
        )
        for stock in ranking.stocks
    )
    is_outdated = ranking.as_of < status.as_of
    return RankingView(
        as_of=formatting.session(ranking.as_of),
        target=formatting.session(ranking.target),
        short_target=formatting.short_session(ranking.target),
        expected_as_of=formatting.session(status.as_of),
        is_outdated=is_outdated,
        is_past=is_outdated or status.target_closed,
        is_running=not is_outdated and status.target_is_running,
        next_forecast=(
            formatting.exchange_clock(status.next_forecast) if status.target_closed else None
        ),
        is_watchlist=is_watchlist,
        best=_best(ranking, rows),
        rows=rows,
        unavailable=tuple(Unranked(each.symbol, each.reason) for each in ranking.unavailable),
        model_version=ranking.model_version,
        source=SOURCE_NAMES[ranking.source],
        stream=stream,
    )


def current_prices(live: LivePrices | None) -> dict[str, str]:
    """Return what the stocks cost in the running session, by symbol; others are left out."""
    if live is None:
        return {}
    return {
        symbol: formatting.money(quote.price, quote.currency)
        for symbol, quote in live.quotes.items()
        if symbol in live.traded
    }


def _best(ranking: Ranking, rows: Sequence[Row]) -> Best | None:
    if ranking.best is None:
        return None
    row = next((row for row in rows if row.is_best), None)
    return Best(
        ranking.best.symbol,
        ranking.best.name,
        ranking.best.reason,
        ranking.best_covers_costs,
        row,
    )


def _row(stock: RankedStock, history: PriceHistory | None, *, now: str, is_best: bool) -> Row:
    prediction = stock.prediction
    interval = prediction.interval(0.8)
    currency = prediction.currency
    return Row(
        rank=stock.rank,
        symbol=stock.symbol,
        name=stock.name,
        spark=draw_sparkline(history, currency),
        price=formatting.money(prediction.current_price, currency),
        now=now,
        predicted=formatting.money(prediction.point, currency),
        change=formatting.change(prediction.change_percent),
        lower=formatting.money(None if interval is None else interval.lower, currency),
        upper=formatting.money(None if interval is None else interval.upper, currency),
        score=formatting.decimal(stock.score, 3),
        strength=formatting.strength(stock.score),
        is_best=is_best,
    )
