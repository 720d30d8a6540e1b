"""Use case: several stocks in order of expected return for their risk."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.errors import InvalidSelection, InvalidSymbol, OracleError, TargetSessionClosed
from oracle.domain.instruments import parse_symbol
from oracle.domain.rankings import MAX_SELECTION, MIN_SELECTION, Ranking, UnavailableStock
from oracle.domain.wording import count_of
from oracle.forecasting import MODEL_VERSION, choose_best, order_by_score
from oracle.observability import measurements
from oracle.services.background import SingleFlight
from oracle.services.find_instrument import find_instrument
from oracle.services.make_predictions import PredictionOutcome, make_predictions
from oracle.services.read_market_status import read_market_status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.instruments import Instrument
    from oracle.ports.market import SymbolDirectory
    from oracle.services.dependencies import Dependencies
    from oracle.services.read_market_status import MarketStatus

KNOWN_PATIENCE = 1.0
"""Seconds to wait for a new ranking where an older one can be shown."""

RETRY_SECONDS = 60.0
"""How long an incomplete ranking is served before the missing stocks are tried again."""

CACHED_RANKINGS = 200


@dataclass(frozen=True, slots=True)
class _Kept:
    """A ranking, the session it was tried for, and until when an incomplete one is good enough."""

    ranking: Ranking
    tried_for: date
    retry_at: float


class RankingCache:
    """The newest ranking of each selection, and until when an incomplete one is good enough."""

    def __init__(self, size: int = CACHED_RANKINGS) -> None:
        self._size = size
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self.flights: SingleFlight[tuple[str, date], Ranking] = SingleFlight("rank_stocks")

    def find(self, selection: str, as_of: date) -> Ranking | None:
        """Return the ranking if it is of that session and complete, or was tried only just now."""
        kept = self._kept.get(selection)
        if kept is None or kept.tried_for != as_of:
            return None
        settled = kept.ranking.as_of == as_of and not kept.ranking.unavailable
        recent = asyncio.get_running_loop().time() < kept.retry_at
        return kept.ranking if settled or recent else None

    def keep(self, ranking: Ranking, tried_for: date) -> None:
        """Remember what came of ranking for that session, forgetting the oldest beyond the size."""
        retry_at = asyncio.get_running_loop().time() + RETRY_SECONDS
        self._kept[ranking.selection] = _Kept(ranking, tried_for, retry_at)
        self._kept.move_to_end(ranking.selection)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)


async def rank_stocks(deps: Dependencies, symbols: Sequence[str] | None = None) -> Ranking:
    """Return the ranking of the symbols (None: the watchlist), stored before this returns.

    When the feed cannot deliver the last close the newest stored ranking is returned: its `as_of`
    is then older than that of `read_market_status`. Raises InvalidSelection (not 2 to 50 different
    well-formed symbols) and DatabaseUnavailable.
    """
    chosen = (
        deps.settings.watchlist if symbols is None else parse_selection(symbols, deps.directory)
    )
    status = read_market_status(deps)
    selection = selection_of(chosen)
    cached = deps.rankings.find(selection, status.as_of)
    measurements.observe_cache("rankings", "miss" if cached is None else "hit")
    if cached is not None:
        return cached
    stored = await _find_stored(deps, selection, status)
    if stored is not None and stored.as_of == status.as_of and not stored.unavailable:
        deps.rankings.keep(stored, status.as_of)
        return stored
    work = deps.rankings.flights.run(
        (selection, status.as_of), lambda: _rank(deps, chosen, selection, status, stored)
    )
    if stored is None:
        return await work
    try:
        # Who knows an older ranking shows that rather than wait long for the new one.
        async with asyncio.timeout(KNOWN_PATIENCE):
            return await work
    except TimeoutError:
        return stored


def selection_of(symbols: Sequence[str]) -> str:
    """Return the SHA-256 that names this set of symbols, in whatever order."""
    return _digest(sorted(symbols))


def parse_selection(symbols: Sequence[str], directory: SymbolDirectory) -> tuple[str, ...]:
    """Return the symbols in their one spelling; a company's name stands for its symbol.

    Raises InvalidSelection.
    """
    try:
        chosen = tuple(parse_symbol(_symbol_of(text, directory)) for text in symbols)
    except InvalidSymbol:
        raise InvalidSelection("One entry of the list is not a stock symbol.") from None
    if len(set(chosen)) != len(chosen):
        raise InvalidSelection("A symbol stands twice in the list.")
    if not MIN_SELECTION <= len(chosen) <= MAX_SELECTION:
        raise InvalidSelection(f"The list has {count_of(len(chosen), 'symbol')}.")
    return chosen


def _symbol_of(text: str, directory: SymbolDirectory) -> str:
    if directory.find_instrument(text) is None:
        for match in directory.search(text, 1):
            if match.exact:
                return match.instrument.symbol
    return text


async def _find_stored(deps: Dependencies, selection: str, status: MarketStatus) -> Ranking | None:
    async with deps.store.begin() as unit:
        return await unit.rankings.find_latest_ranking(
            deps.feed.source, selection, MODEL_VERSION, through=status.as_of
        )


async def _rank(
    deps: Dependencies,
    symbols: Sequence[str],
    selection: str,
    status: MarketStatus,
    stored: Ranking | None,
) -> Ranking:
    instruments, failures = await _find_instruments(deps, symbols)
    outcome = await _predict(deps, list(instruments), status)
    outcome = PredictionOutcome(outcome.predictions, failures | outcome.failures)
    names = {symbol: instrument.name for symbol, instrument in instruments.items()}
    ranking = _decide(selection, status, names, outcome)
    if not ranking.stocks and stored is not None:
        # Nothing can be said of the new session yet: the last ranking stands, with its date.
        deps.rankings.keep(stored, status.as_of)
        return stored

    async with deps.store.begin() as unit:
        ranking = await unit.rankings.add_ranking(ranking)
    deps.rankings.keep(ranking, status.as_of)
    for stock in ranking.stocks:
        measurements.observe_stock(stock.symbol, current=None, predicted=stock.prediction.point)
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
    # Sentences may hold what passes, such as how long a pause still lasts; the kind says the same.
    kinds = {symbol: type(error).__name__ for symbol, error in outcome.failures.items()} | {
        symbol: prediction.fingerprint
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
            *(f"{symbol}:{kind}" for symbol, kind in sorted(kinds.items())),
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
