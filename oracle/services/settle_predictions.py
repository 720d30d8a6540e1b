"""Use case: what became of the predictions whose target session has closed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from oracle.domain.outcomes import SettledPrediction
from oracle.domain.wording import name_session
from oracle.forecasting.settlement import compare, settle
from oracle.observability.logs import get_logger
from oracle.ports import StoredHistory
from oracle.services.observe_record import observe_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from oracle.domain.forecasts import Origin, Prediction
    from oracle.domain.prices import PriceHistory, Split
    from oracle.services.dependencies import Dependencies

    Progress = Callable[[int, int], None]

RECHECKED = timedelta(days=30)
"""Outcomes of sessions this recent are compared with the bars at every run, older ones on demand:
a feed corrects a bar within days."""

BATCH_SYMBOLS = 100
"""Predictions of at most so many stocks are settled in one transaction."""

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)

_log = get_logger(__name__)


class SettlementPauses:
    """When a stock whose close did not come may next be asked for: each time twice as long after.

    So a stock that has vanished costs the feed a question an hour, in each process.
    """

    def __init__(self) -> None:
        self._until: dict[str, tuple[datetime, timedelta, str]] = {}

    def reason(self, symbol: str, now: datetime) -> str | None:
        """Return why the stock is left alone at that moment, or None if it is not."""
        until, _, reason = self._until.get(symbol, (now, FIRST_PAUSE, ""))
        return reason if now < until else None

    def note(self, symbol: str, now: datetime, reason: str) -> None:
        """Leave the stock alone for a while."""
        _, pause, _ = self._until.get(symbol, (now, FIRST_PAUSE, ""))
        self._until[symbol] = (now + pause, min(2 * pause, LONGEST_PAUSE), reason)

    def forget(self, symbol: str) -> None:
        """Ask again at any time: the close has come."""
        self._until.pop(symbol, None)


@dataclass(frozen=True, slots=True)
class PendingPrediction:
    """A prediction whose target session has closed and which cannot be settled yet, and why."""

    symbol: str
    target: date
    origin: Origin
    reason: str


@dataclass(frozen=True, slots=True)
class SettlementReport:
    """What one run did: outcomes stored, corrected and left as they are; what is still pending."""

    sessions: int = 0
    settled: int = 0
    revised: int = 0
    unchanged: int = 0
    pending: tuple[PendingPrediction, ...] = ()

    def plus(self, other: SettlementReport) -> SettlementReport:
        """Return the sum of both."""
        return SettlementReport(
            sessions=self.sessions + other.sessions,
            settled=self.settled + other.settled,
            revised=self.revised + other.revised,
            unchanged=self.unchanged + other.unchanged,
            pending=self.pending + other.pending,
        )


async def settle_predictions(
    deps: Dependencies, *, recheck_all: bool = False, progress: Progress | None = None
) -> SettlementReport:
    """Store the outcome of every prediction whose close is known, and correct what was healed.

    One session after the other, each in short transactions; run again, or by several at once, it
    changes nothing more. With `recheck_all` every outcome ever stored is compared with the bars,
    else those of the last 30 days. Raises DatabaseUnavailable.
    """
    through = deps.market.usable_session()
    async with deps.store.begin() as unit:
        targets = await unit.outcomes.list_sessions_to_settle(
            deps.feed.source,
            through=through,
            recheck_since=None if recheck_all else through - RECHECKED,
        )
    report = SettlementReport()
    for done, target in enumerate(targets, start=1):
        report = report.plus(await _settle_session(deps, target))
        if progress is not None:
            progress(done, len(targets))
    if report.settled or report.revised:
        _log.info(
            "predictions_settled",
            settled=report.settled,
            revised=report.revised,
            pending=len(report.pending),
        )
    await observe_record(deps)
    return report


async def _settle_session(deps: Dependencies, target: date) -> SettlementReport:
    async with deps.store.begin() as unit:
        stored = await unit.outcomes.list_of_session(deps.feed.source, target)
    symbols = sorted({each.prediction.symbol for each in stored})
    report = SettlementReport(sessions=1)
    for first in range(0, len(symbols), BATCH_SYMBOLS):
        chosen = frozenset(symbols[first : first + BATCH_SYMBOLS])
        batch = [each for each in stored if each.prediction.symbol in chosen]
        report = report.plus(await _settle_batch(deps, target, batch))
    return report


async def _settle_batch(
    deps: Dependencies, target: date, batch: Sequence[SettledPrediction]
) -> SettlementReport:
    symbols = sorted({each.prediction.symbol for each in batch})
    histories, reasons = await _gather_histories(deps, symbols, target)
    async with deps.store.begin() as unit:
        splits = await unit.splits.list_splits(deps.feed.source, symbols)

    now = deps.clock.now()
    decided = await asyncio.to_thread(_decide, batch, histories, splits, now)
    _note_pauses(deps, decided, histories, reasons)

    revised = 0
    async with deps.store.begin() as unit:
        settled = await unit.outcomes.add_outcomes(decided.new)
        for before, after in decided.corrected:
            revised += await unit.outcomes.revise_outcome(after, expected=before)
    return SettlementReport(
        settled=settled,
        revised=revised,
        unchanged=decided.unchanged,
        pending=tuple(
            PendingPrediction(
                each.symbol, each.target, each.origin, _say_why(each, histories, reasons)
            )
            for each in decided.pending
        ),
    )


async def _gather_histories(
    deps: Dependencies, symbols: Sequence[str], target: date
) -> tuple[dict[str, PriceHistory], dict[str, str]]:
    """Return the histories there are, and for the other symbols the reason."""
    now = deps.clock.now()
    paused = {
        symbol: reason
        for symbol in symbols
        if (reason := deps.settlement_pauses.reason(symbol, now)) is not None
    }
    asked = [symbol for symbol in symbols if symbol not in paused]
    answers = await deps.market.list_histories(asked, through=target)
    histories: dict[str, PriceHistory] = {}
    reasons = paused
    for symbol, answer in answers.items():
        if isinstance(answer, StoredHistory):
            histories[symbol] = answer.history
        else:
            reasons[symbol] = str(answer)
    return histories, reasons


@dataclass(frozen=True, slots=True)
class _Decisions:
    """What to store, what to correct (with how often it was before), what stays, what waits."""

    new: tuple[SettledPrediction, ...]
    corrected: tuple[tuple[int, SettledPrediction], ...]
    unchanged: int
    pending: tuple[Prediction, ...]


def _decide(
    batch: Sequence[SettledPrediction],
    histories: Mapping[str, PriceHistory],
    splits: Mapping[str, tuple[Split, ...]],
    now: datetime,
) -> _Decisions:
    new: list[SettledPrediction] = []
    corrected: list[tuple[int, SettledPrediction]] = []
    pending: list[Prediction] = []
    unchanged = 0
    for each in batch:
        prediction, known = each.prediction, each.outcome
        history = histories.get(prediction.symbol)
        seen = (
            None
            if history is None
            else compare(prediction, history, splits.get(prediction.symbol, ()))
        )
        if history is None or seen is None:
            # What was settled stays so, even if its bars are gone.
            unchanged += known is not None
            if known is None:
                pending.append(prediction)
        elif known is None:
            new.append(SettledPrediction(prediction, settle(prediction, history, seen, now)))
        elif seen.agrees_with(known):
            unchanged += 1
        else:
            outcome = replace(settle(prediction, history, seen, now), revised_at=now)
            corrected.append((known.revisions, SettledPrediction(prediction, outcome)))
    return _Decisions(tuple(new), tuple(corrected), unchanged, tuple(pending))


def _note_pauses(
    deps: Dependencies,
    decided: _Decisions,
    histories: Mapping[str, PriceHistory],
    reasons: Mapping[str, str],
) -> None:
    """Leave those alone for whom the feed was asked in vain; a gap in the bars asks nobody."""
    now = deps.clock.now()
    for settled in decided.new:
        deps.settlement_pauses.forget(settled.prediction.symbol)
    for prediction in decided.pending:
        symbol = prediction.symbol
        history = histories.get(symbol)
        newest = None if history is None else history.last_session
        reached = newest is not None and newest >= prediction.target
        if not reached and deps.settlement_pauses.reason(symbol, now) is None:
            deps.settlement_pauses.note(symbol, now, _say_why(prediction, histories, reasons))


def _say_why(
    prediction: Prediction, histories: Mapping[str, PriceHistory], reasons: Mapping[str, str]
) -> str:
    history = histories.get(prediction.symbol)
    if history is None:
        return reasons.get(prediction.symbol) or "The feed has not delivered the close yet."
    newest = history.last_session
    known = "" if newest is None else f" The newest bar is of {name_session(newest)}."
    return (
        f"The closes of {name_session(prediction.as_of)} and {name_session(prediction.target)} "
        f"are not both in.{known}"
    )
