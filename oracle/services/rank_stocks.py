"""Use case: several stocks in order of expected return for their risk."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from typing import TYPE_CHECKING

from oracle.domain.errors import InvalidSelection, InvalidSymbol, OracleError, TargetSessionClosed
from oracle.domain.instruments import parse_symbol
from oracle.domain.rankings import MAX_SELECTION, MIN_SELECTION, Ranking, UnavailableStock
from oracle.forecasting import MODEL_VERSION, choose_best, order_by_score
from oracle.observability import metrics
from oracle.services.background import SingleFlight
from oracle.services.find_instrument import find_instrument
from oracle.services.make_predictions import PredictionOutcome, make_predictions
from oracle.services.read_market_status import read_market_status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.instruments import Instrument
    from oracle.services.dependencies import Dependencies
    from oracle.services.read_market_status import MarketStatus

RETRY_SECONDS = 60.0
"""How long an incomplete ranking is served before the missing stocks are tried again."""

CACHED_RANKINGS = 200


class RankingCache:
    """The newest ranking of each selection, and until when an incomplete one is good enough."""

    def __init__(self, size: int = CACHED_RANKINGS) -> None:
        self._size = size
        self._rankings: OrderedDict[str, tuple[Ranking, float]] = OrderedDict()
        self.flights: SingleFlight[tuple[str, date], Ranking] = SingleFlight("rank_stocks")

    def find(self, selection: str, as_of: date) -> Ranking | None:
        """Return the ranking if it is of that session, and complete or tried only just now."""
        ranking, retry_at = self._rankings.get(selection, (None, 0.0))
        if ranking is None:
            return None
        settled = ranking.as_of == as_of and not ranking.unavailable
        return ranking if settled or asyncio.get_running_loop().time() < retry_at else None

    def keep(self, ranking: Ranking) -> None:
        """Remember the ranking, forgetting the one longest unused beyond the size."""
        retry_at = asyncio.get_running_loop().time() + RETRY_SECONDS
        self._rankings[ranking.selection] = (ranking, retry_at)
        self._rankings.move_to_end(ranking.selection)
        if len(self._rankings) > self._size:
            self._rankings.popitem(last=False)


async def rank_stocks(deps: Dependencies, symbols: Sequence[str] | None = None) -> Ranking:
    """Return the ranking of the symbols (None: the watchlist), stored before this returns.

    When the feed cannot deliver the last close the newest stored ranking is returned: its `as_of`
    is then older than that of `read_market_status`. Raises InvalidSelection (not 2 to 50 different
    well-formed symbols) and DatabaseUnavailable.
    """
    chosen = deps.settings.watchlist if symbols is None else parse_selection(symbols)
    status = read_market_status(deps)
    selection = selection_of(chosen)
    cached = deps.rankings.find(selection, status.as_of)
    metrics.observe_cache("rankings", "miss" if cached is None else "hit")
    if cached is not None:
        return cached
    return await deps.rankings.flights.run(
        (selection, status.as_of), lambda: _find_or_rank(deps, chosen, selection, status)
    )


def selection_of(symbols: Sequence[str]) -> str:
    """Return the SHA-256 that names this set of symbols, in whatever order."""
    return _digest(sorted(symbols))


def parse_selection(symbols: Sequence[str]) -> tuple[str, ...]:
    """Return the symbols in their one spelling. Raises InvalidSelection."""
    try:
        chosen = tuple(parse_symbol(symbol) for symbol in symbols)
    except InvalidSymbol:
        raise InvalidSelection("One entry of the list is not a stock symbol.") from None
    if len(set(chosen)) != len(chosen):
        raise InvalidSelection("A symbol stands twice in the list.")
    if not MIN_SELECTION <= len(chosen) <= MAX_SELECTION:
        raise InvalidSelection(f"The list has {len(chosen)} symbols.")
    return chosen


async def _find_or_rank(
    deps: Dependencies, symbols: Sequence[str], selection: str, status: MarketStatus
) -> Ranking:
    async with deps.store.begin() as unit:
        stored = await unit.rankings.find_latest_ranking(
            deps.feed.source, selection, MODEL_VERSION, through=status.as_of
        )
    if stored is not None and stored.as_of == status.as_of and not stored.unavailable:
        deps.rankings.keep(stored)
        return stored

    instruments, failures = await _find_instruments(deps, symbols)
    outcome = await _predict(deps, list(instruments), status)
    outcome = PredictionOutcome(outcome.predictions, failures | outcome.failures)
    names = {symbol: instrument.name for symbol, instrument in instruments.items()}
    ranking = _decide(selection, status, names, outcome)
    if not ranking.stocks and stored is not None:
        # Nothing can be said of the new session yet: the last ranking stands, with its date.
        deps.rankings.keep(stored)
        return stored

    async with deps.store.begin() as unit:
        ranking = await unit.rankings.add_ranking(ranking)
    deps.rankings.keep(ranking)
    for stock in ranking.stocks:
        metrics.observe_stock(stock.symbol, current=None, predicted=stock.prediction.point)
    return ranking


async def _find_instruments(
    deps: Dependencies, symbols: Sequence[str]
) -> tuple[dict[str, Instrument], dict[str, OracleError]]:
    answers = await asyncio.gather(
        *(find_instrument(deps, symbol) for symbol in symbols), return_exceptions=True
    )
    instruments: dict[str, Instrument] = {}
    failures: dict[str, OracleError] = {}
    for symbol, answer in zip(symbols, answers, strict=True):
        if isinstance(answer, OracleError):
            failures[symbol] = answer
        elif isinstance(answer, BaseException):
            raise answer
        else:
            # A former symbol (FB) is ranked once, under the symbol it has now.
            instruments.setdefault(answer.symbol, answer)
    return instruments, failures


async def _predict(
    deps: Dependencies, symbols: Sequence[str], status: MarketStatus
) -> PredictionOutcome:
    try:
        return await make_predictions(deps, symbols, status.as_of)
    except TargetSessionClosed as closed:
        return PredictionOutcome({}, dict.fromkeys(symbols, closed))


def _decide(
    selection: str, status: MarketStatus, names: dict[str, str], outcome: PredictionOutcome
) -> Ranking:
    stocks = order_by_score(
        [(symbol, names[symbol], prediction) for symbol, prediction in outcome.predictions.items()]
    )
    reasons = {symbol: str(error) for symbol, error in outcome.failures.items()} | {
        symbol: " ".join(prediction.reasons)
        for symbol, prediction in outcome.predictions.items()
        if prediction.abstained
    }
    unavailable = tuple(UnavailableStock(*item) for item in sorted(reasons.items()))
    fingerprint = _digest(
        [
            selection,
            status.as_of.isoformat(),
            MODEL_VERSION,
            status.source,
            *(stock.prediction.fingerprint for stock in stocks),
            *(f"{stock.symbol}:{stock.reason}" for stock in unavailable),
        ]
    )
    return Ranking(
        source=status.source,
        selection=selection,
        as_of=status.as_of,
        target=status.target,
        model_version=MODEL_VERSION,
        best=choose_best(stocks),
        stocks=stocks,
        unavailable=unavailable,
        fingerprint=fingerprint,
        created_at=status.now,
    )


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()
