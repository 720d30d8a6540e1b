"""Use case: predictions as they would have been made in the past, marked as such.

A replay sees the bars as they are known today, corrections included, and of them those up to
`as_of` alone. Its fits are made for it and never stored: the table of fits holds what was frozen
before a session's predictions were seen, and a live prediction must never be served from any other.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.errors import PoolIncomplete
from oracle.domain.forecasts import Origin
from oracle.domain.instruments import parse_symbol
from oracle.forecasting import MODEL_VERSION
from oracle.ports import StoredHistory
from oracle.services.find_instrument import find_instrument
from oracle.services.get_fit import fit_histories
from oracle.services.make_predictions import forecast_histories
from oracle.services.settle_predictions import SettlementReport, settle_predictions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from oracle.domain.forecasts import Prediction
    from oracle.domain.prices import PriceHistory
    from oracle.services.dependencies import Dependencies

    Histories = Mapping[str, PriceHistory]
    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class SkippedReplay:
    """A session that could not be replayed, or a stock of which there are no prices, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay did: the sessions gone through, predictions made and found, and settled."""

    sessions: int
    made: int
    found: int
    skipped: tuple[SkippedReplay, ...]
    settlement: SettlementReport


async def replay_sessions(
    deps: Dependencies,
    sessions: int,
    symbols: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> ReplayReport:
    """Predict the last `sessions` closed targets walk-forward, store and settle the predictions.

    `symbols` None is the watchlist. What an earlier replay stored stays as it is, so one that was
    interrupted goes on where it stopped. Raises InvalidSymbol, UnknownSymbol, FeedError and
    DatabaseUnavailable.
    """
    chosen = await _choose(deps, symbols)
    through = deps.market.usable_session()
    histories, skipped = await _gather_histories(deps, chosen, through)
    days = _sessions_before(deps, through, sessions)
    made = found = 0
    for done, as_of in enumerate(days, start=1):
        try:
            new, old = await _replay_session(deps, histories, chosen, as_of)
        except PoolIncomplete as error:
            skipped.append(SkippedReplay(as_of.isoformat(), str(error)))
        else:
            made, found = made + new, found + old
        if progress is not None:
            progress("Replaying", done, len(days))

    settlement = await settle_predictions(
        deps,
        progress=None
        if progress is None
        else lambda done, total: progress("Settling", done, total),
    )
    return ReplayReport(len(days), made, found, tuple(skipped), settlement)


async def _choose(deps: Dependencies, symbols: Sequence[str] | None) -> tuple[str, ...]:
    wanted = deps.settings.watchlist if symbols is None else symbols
    found = [(await find_instrument(deps, parse_symbol(each))).symbol for each in wanted]
    return tuple(dict.fromkeys(found))


async def _gather_histories(
    deps: Dependencies, chosen: Sequence[str], through: date
) -> tuple[dict[str, PriceHistory], list[SkippedReplay]]:
    everybody = tuple(dict.fromkeys((*chosen, *deps.pool)))
    answers = await deps.market.list_histories(everybody, through=through)
    histories = {
        symbol: answer.history
        for symbol, answer in answers.items()
        if isinstance(answer, StoredHistory)
    }
    skipped = [
        SkippedReplay(symbol, str(answers[symbol])) for symbol in chosen if symbol not in histories
    ]
    return histories, skipped


def _sessions_before(deps: Dependencies, through: date, count: int) -> tuple[date, ...]:
    """Return the last `count` sessions whose target has closed, the oldest first."""
    days: list[date] = []
    day = through
    for _ in range(count):
        day = deps.calendar.previous_session(day)
        days.append(day)
    return tuple(reversed(days))


async def _replay_session(
    deps: Dependencies, histories: Histories, chosen: Sequence[str], as_of: date
) -> tuple[int, int]:
    """Return how many predictions were made from that session, and how many were there."""
    async with deps.store.begin() as unit:
        stored = await unit.predictions.list_predictions(
            deps.feed.source, chosen, as_of, MODEL_VERSION, Origin.REPLAY
        )
    missing = [
        symbol
        for symbol in chosen
        if symbol not in stored and _reaches(histories.get(symbol), as_of)
    ]
    if not missing:
        return 0, len(stored)

    made = await asyncio.to_thread(_forecast, deps, histories, missing, as_of)

    async with deps.store.begin() as unit:
        await unit.predictions.add_predictions(made)
    return len(made), len(stored)


def _forecast(
    deps: Dependencies, histories: Histories, symbols: Sequence[str], as_of: date
) -> list[Prediction]:
    """Return the predictions; nothing in here sees a row after `as_of`."""
    past = {symbol: history.up_to(as_of) for symbol, history in histories.items()}
    fit = fit_histories([past[symbol] for symbol in deps.pool if symbol in past], deps.pool, as_of)
    return forecast_histories(
        deps, fit, [past[symbol] for symbol in symbols], as_of, origin=Origin.REPLAY
    )


def _reaches(history: PriceHistory | None, as_of: date) -> bool:
    return history is not None and history.up_to(as_of).last_session == as_of
