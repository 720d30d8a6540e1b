"""Fixed values that the states are shown with; none of them was ever a price or a prediction."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import exp, sin

import numpy as np

from oracle.digest.content import DigestContent, DigestItem, Mark
from oracle.domain.forecasts import LEVELS, FrozenFit, Origin, Prediction
from oracle.domain.instruments import Instrument, Source
from oracle.domain.outcomes import Move, Outcome
from oracle.domain.prices import MarketState, PriceHistory, Quote
from oracle.domain.rankings import BestBuy, RankedStock, Ranking, UnavailableStock
from oracle.domain.track_record import (
    BestBuyScores,
    BestBuyValue,
    Coverage,
    Direction,
    Estimate,
    RollingCoverage,
    Scores,
    StockScores,
    TrackRecord,
    VersionRecord,
    Window,
)
from oracle.services.predict_stock import StockReport
from oracle.services.read_digests import ArchivedDigest
from oracle.services.read_market_status import MarketStatus
from oracle.services.read_service_status import ServiceStatus, StoredProgress

AS_OF = date(2022, 12, 28)
TARGET = date(2022, 12, 29)
CLOSE = datetime(2022, 12, 28, 21, 0, tzinfo=UTC)
TARGET_CLOSE = CLOSE + timedelta(days=1)
EXAMPLE = Instrument("EXMP", "Example Company", "NYSE")
MODEL = "example-1"

EVENING = MarketStatus(
    now=CLOSE + timedelta(minutes=30),
    state=MarketState.AFTER_HOURS,
    source=Source.YAHOO,
    as_of=AS_OF,
    target=TARGET,
    next_open=datetime(2022, 12, 29, 14, 30, tzinfo=UTC),
    target_close=TARGET_CLOSE,
    next_forecast=TARGET_CLOSE + timedelta(minutes=15),
)
TRADING = replace(EVENING, now=TARGET_CLOSE - timedelta(hours=2), state=MarketState.OPEN)
CLOSED = replace(EVENING, now=TARGET_CLOSE + timedelta(minutes=5))
NEXT_EVENING = replace(EVENING, as_of=TARGET, target=date(2022, 12, 30))


def prediction(symbol: str = EXAMPLE.symbol, *, rise: float = 0.004) -> Prediction:
    """Return a prediction whose quantiles lie evenly around the expected rise."""
    price = 125.0
    return Prediction(
        symbol=symbol,
        source=Source.YAHOO,
        as_of=AS_OF,
        target=TARGET,
        current_price=price,
        currency="USD",
        point=price * (1 + rise),
        quantiles=tuple(price * exp(rise + 0.05 * (level - 0.5)) for level in LEVELS),
        model_version=MODEL,
        fingerprint="e" * 64,
        origin=Origin.LIVE,
        created_at=EVENING.now,
        reasons=("This stands where the drivers are named.", "There may be two or three."),
    )


def abstention() -> Prediction:
    """Return a prediction that declines to say."""
    reasons = ("Only 12 sessions of prices are known; 60 are needed.",)
    return replace(prediction(), point=None, quantiles=(), abstained=True, reasons=reasons)


def history() -> PriceHistory:
    """Return a year of closes along a gentle wave."""
    close = 120.0 + 10.0 * np.sin(np.arange(252) / 20.0)
    first = np.datetime64(AS_OF, "D") - (close.size - 1)
    sessions = first + np.arange(close.size).astype("timedelta64[D]")
    return PriceHistory(
        EXAMPLE.symbol, "USD", sessions, close, close, close, close, close, np.ones_like(close)
    )


def report(status: MarketStatus = EVENING) -> StockReport:
    """Return a report in which nothing is missing."""
    return StockReport(
        instrument=EXAMPLE,
        status=status,
        quote=Quote(
            EXAMPLE.symbol, 125.5, "USD", CLOSE, MarketState.CLOSED, Source.YAHOO, EVENING.now
        ),
        quote_stale=False,
        prediction=prediction(),
        prediction_outdated=False,
        history=history(),
        notices=(),
    )


def ranking(*, best: bool = True, empty: bool = False, rise: float = 0.004) -> Ranking:
    """Return a ranking of four stocks, or of none, with one that is not available.

    `rise` is what is expected of the first.
    """
    stocks = tuple(
        RankedStock(rank, f"EX{rank}", f"Example {rank}", each * 40, prediction(rise=each))
        for rank, each in enumerate((rise, rise / 4.0, 0.0, -0.003), start=1)
    )
    return Ranking(
        source=Source.YAHOO,
        selection="e" * 64,
        as_of=AS_OF,
        target=TARGET,
        model_version=MODEL,
        best=BestBuy("EX1", "Example 1", "Here stands the reason in words.") if best else None,
        stocks=() if empty else stocks if best else stocks[2:],
        unavailable=(UnavailableStock("EX9", "The feed gave no prices."),),
        fingerprint="e" * 64,
        created_at=EVENING.now,
    )


def record(origin: Origin) -> TrackRecord:
    """Return a record in which every figure was measured."""
    even = Estimate(0.998, 0.991, 1.004)
    scores = Scores(
        n=2500,
        sessions=250,
        first=date(2022, 1, 3),
        last=AS_OF,
        coverages=tuple(
            Coverage(level, Estimate(level + 0.004, level - 0.02, level + 0.03))
            for level in (0.5, 0.8, 0.95)
        ),
        mae_ratio=even,
        crps_gaussian_ratio=even,
        crps_empirical_ratio=even,
        direction=Direction(2490, Estimate(0.51), Estimate(0.52), Estimate(-0.01)),
        revised=3,
        input_healed=1,
        rolling_80=tuple(
            RollingCoverage(AS_OF - timedelta(days=220 - day), 0.8 + 0.04 * sin(day / 25.0))
            for day in range(221)
        ),
    )
    nothing = Estimate(0.0002, -0.001, 0.0015)
    course = tuple(
        BestBuyValue(AS_OF - timedelta(days=249 - day), 100.0 + 0.0048 * day, 100.0 + 0.0184 * day)
        for day in range(250)
    )
    best_buys = BestBuyScores(250, 240, 120, 0.001, nothing, nothing, nothing, 101.2, 104.6, course)
    version = VersionRecord(
        model_version=MODEL,
        scores=scores,
        best_buys=best_buys,
        stocks=(StockScores("EX1", 250, 0.81, 1.001, 0.99),),
        verdicts=("Here stands what the figures say.", "There is one sentence for each."),
    )
    return TrackRecord(
        Source.YAHOO, origin, Window.YEAR, None, AS_OF, 1, (version,), version.verdicts
    )


def empty_record(origin: Origin) -> TrackRecord:
    """Return a record in which nothing is settled."""
    return replace(record(origin), last_settled=None, pending=0, versions=(), verdicts=())


def stale_record(origin: Origin) -> TrackRecord:
    """Return a record that the database does not confirm any more."""
    return replace(record(origin), stale_since=EVENING.now - timedelta(minutes=3))


def service(status: MarketStatus = EVENING) -> ServiceStatus:
    """Return a service in which everything works, as long as the status is of that evening."""
    fit = FrozenFit(Source.YAHOO, AS_OF, "e" * 64, MODEL, "{}", "e" * 64, EVENING.now)
    progress = StoredProgress(EVENING.now, AS_OF, fit, ranking())
    return ServiceStatus(market=status, feed_paused=False, stored=progress)


def digest(*, settled: bool) -> ArchivedDigest:
    """Return a digest of two stocks and one that could not be forecast; settled, if asked for."""
    items = (
        DigestItem(
            symbol=EXAMPLE.symbol,
            name=EXAMPLE.name,
            currency="USD",
            price=100.0,
            price_of=AS_OF,
            predicted=100.4,
            lower=98.6,
            upper=102.1,
            score=0.23,
            mark=Mark.NONE,
            reasons=("What stocks usually gain.",),
        ),
        DigestItem(
            symbol="OTHR",
            name="Other Company",
            currency="USD",
            price=50.0,
            price_of=AS_OF,
            predicted=49.9,
            lower=49.2,
            upper=50.6,
            score=-0.14,
            mark=Mark.NONE,
            reasons=(),
        ),
        DigestItem(
            symbol="LATE",
            name="Late Company",
            currency="USD",
            price=20.0,
            price_of=AS_OF - timedelta(days=1),
            predicted=None,
            lower=None,
            upper=None,
            score=None,
            mark=Mark.MISSING,
            reasons=("The close is not in yet.",),
        ),
    )
    content = DigestContent(
        source=Source.YAHOO,
        session=AS_OF,
        target=TARGET,
        model_version=MODEL,
        listed=tuple(item.symbol for item in items),
        items=items,
        last_night=None,
    )
    outcomes = {EXAMPLE.symbol: _outcome(100.9, held=True), "OTHR": _outcome(48.8, held=False)}
    return ArchivedDigest(content, outcomes if settled else {})


def _outcome(actual: float, *, held: bool) -> Outcome:
    return Outcome(
        actual=actual,
        error=0.005,
        naive_error=0.009,
        crps=0.004,
        crps_gaussian=None,
        crps_empirical=None,
        inside_50=False,
        inside_80=held,
        inside_95=True,
        predicted_move=Move.UP,
        actual_move=Move.UP,
        score=None,
        input_healed=False,
        settled_at=TARGET_CLOSE,
    )
