"""Use case: how good the predictions were, of one origin at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.errors import DatabaseUnavailable
from oracle.domain.forecasts import Origin
from oracle.domain.track_record import TrackRecord, VersionRecord, Window
from oracle.forecasting.record_scores import (
    choose_afterwards,
    latest_sessions,
    score_best_buys,
    score_predictions,
    score_stocks,
)
from oracle.forecasting.verdicts import judge_record, say_too_few
from oracle.observability import measurements
from oracle.observability.logs import get_logger
from oracle.services.background import SingleFlight
from oracle.services.find_instrument import unknown_symbol
from oracle.services.rank_stocks import selection_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from oracle.domain.instruments import Source
    from oracle.domain.outcomes import RecordState, ScoredPrediction, StoredChoice
    from oracle.ports import UnitOfWork
    from oracle.services.dependencies import Dependencies

    Choices = Mapping[str, Sequence[StoredChoice]]
    Question = tuple[Source, Origin, Window, str | None]

SEED = 20
"""Of the intervals' resampling: the same record has the same intervals, wherever it is read."""

CACHED_RECORDS = 200

PATIENCE = 0.8
"""Seconds the website waits for a sign of the database before it gives what it remembers."""

LONGEST_STALE = timedelta(days=1)
"""Figures older than this are not given any more: each evening adds to the record."""

SILENCE = 5.0
"""Seconds after a failure in which a remembered record is given without asking the database."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    """A record that was read, the state it is of, and when the database last confirmed it."""

    state: RecordState
    record: TrackRecord
    confirmed_at: datetime


class TrackRecordCache:
    """Records that were read before, each good for as long as the stored record is the same.

    `flights` are the questions for the state under way: whoever asks the same waits for the same.
    """

    def __init__(self, size: int = CACHED_RECORDS) -> None:
        self._size = size
        self._records: OrderedDict[Question, _Known] = OrderedDict()
        self._silent_until = -inf
        self.flights: SingleFlight[Question, RecordState] = SingleFlight("record_state")

    def find(self, question: Question, state: RecordState, now: datetime) -> TrackRecord | None:
        """Return the record if nothing was settled or corrected since."""
        known = self._records.get(question)
        if known is None or known.state != state:
            return None
        self._records[question] = replace(known, confirmed_at=now)
        return known.record

    def keep(
        self, question: Question, state: RecordState, record: TrackRecord, now: datetime
    ) -> None:
        """Remember the record, forgetting the one kept longest ago beyond the size."""
        self._records[question] = _Known(state, record, now)
        self._records.move_to_end(question)
        if len(self._records) > self._size:
            self._records.popitem(last=False)

    def find_stale(self, question: Question, now: datetime) -> TrackRecord | None:
        """Return the record that was confirmed within a day, marked as stale, else None."""
        known = self._records.get(question)
        if known is None or now - known.confirmed_at > LONGEST_STALE:
            return None
        return replace(known.record, stale_since=known.confirmed_at)

    def note_silence(self) -> None:
        """Take the database for silent for a moment: what is remembered is given at once."""
        self._silent_until = monotonic() + SILENCE

    @property
    def is_silent(self) -> bool:
        """Whether the database gave no answer a moment ago."""
        return monotonic() < self._silent_until


async def read_track_record(
    deps: Dependencies,
    *,
    origin: Origin = Origin.LIVE,
    window: Window = Window.YEAR,
    symbol: str | None = None,
    patience: float | None = None,
) -> TrackRecord:
    """Return the record of all stocks, or of one, over that many of the last settled sessions.

    Predictions of different origins or model versions are never in one figure. What the best buys
    earned is told of the whole watchlist alone. Where the database fails, or with `patience` gives
    no sign within so many seconds, the last record of the same question is returned, marked as
    stale. Raises DatabaseUnavailable when there is none of the last day, and UnknownSymbol.
    """
    question = (deps.feed.source, origin, window, symbol)
    cache = deps.track_records
    remembered = cache.find_stale(question, deps.clock.now())
    if remembered is not None and cache.is_silent:
        return remembered
    try:
        return await _read(deps, question, patience)
    except DatabaseUnavailable as error:
        cache.note_silence()
        if remembered is None:
            raise
        _log.warning("record_stale", symbol=symbol, origin=origin.value, why=str(error))
        return remembered


async def _read(deps: Dependencies, question: Question, patience: float | None) -> TrackRecord:
    _, origin, window, symbol = question
    cache = deps.track_records
    try:
        async with asyncio.timeout(patience):
            state = await cache.flights.run(
                question, lambda: read_record_state(deps, origin, symbol)
            )
    except TimeoutError as error:
        raise DatabaseUnavailable("The database does not answer.") from error
    known = cache.find(question, state, deps.clock.now())
    measurements.observe_cache("track_records", "miss" if known is None else "hit")
    if known is not None:
        return known
    async with deps.store.begin() as unit:
        scored = await unit.outcomes.list_scored(deps.feed.source, origin, symbol)
        versions = {each.model_version for each in scored}
        choices: dict[str, Sequence[StoredChoice]] = {}
        if origin is Origin.LIVE and symbol is None:
            selection = selection_of(deps.settings.watchlist)
            choices = {
                version: await unit.rankings.list_choices(deps.feed.source, selection, version)
                for version in versions
            }

    if origin is Origin.REPLAY and symbol is None:
        choices = {
            version: choose_afterwards(_of_version(scored, version), deps.settings.watchlist)
            for version in versions
        }
    records = await asyncio.to_thread(_score, scored, choices, window)

    record = TrackRecord(
        source=deps.feed.source,
        origin=origin,
        window=window,
        symbol=symbol,
        last_settled=state.last_settled,
        pending=state.pending,
        versions=records,
        verdicts=records[0].verdicts if records else (say_too_few(0),),
    )
    cache.keep(question, state, record, deps.clock.now())
    return record


async def read_record_state(deps: Dependencies, origin: Origin, symbol: str | None) -> RecordState:
    """Return which state the record is in: as long as it is equal, so is the record.

    Raises DatabaseUnavailable, and UnknownSymbol for a symbol that is neither known nor was ever
    predicted.
    """
    through = deps.market.usable_session()
    async with deps.store.begin() as unit:
        state = await unit.outcomes.find_state(deps.feed.source, origin, symbol, through=through)
        if symbol is None or state.settled or state.pending:
            return state
        if not await _is_known(deps, unit, symbol):
            raise unknown_symbol(deps, symbol)
        return state


async def _is_known(deps: Dependencies, unit: UnitOfWork, symbol: str) -> bool:
    """Return whether the directory, the feed's earlier answer or a prediction knows the symbol."""
    if deps.directory.find_instrument(symbol) is not None:
        return True
    source = deps.feed.source
    lookup = await unit.lookups.find_lookup(source, symbol)
    if lookup is not None and lookup.instrument is not None:
        return True
    for origin in Origin:
        if await unit.predictions.find_latest_prediction(source, symbol, origin, through=date.max):
            return True
    return False


def _score(
    scored: Sequence[ScoredPrediction], choices: Choices, window: Window
) -> tuple[VersionRecord, ...]:
    newest: dict[str, date] = {}
    for each in scored:
        newest[each.model_version] = max(each.as_of, newest.get(each.model_version, each.as_of))
    versions = sorted(newest, key=lambda version: (newest[version], version), reverse=True)
    return tuple(
        _score_version(version, _of_version(scored, version), choices.get(version, ()), window)
        for version in versions
    )


def _score_version(
    version: str,
    scored: Sequence[ScoredPrediction],
    choices: Sequence[StoredChoice],
    window: Window,
) -> VersionRecord:
    shown = latest_sessions(scored, window.sessions)
    scores = score_predictions(shown, np.random.default_rng(SEED))
    sessions = {each.as_of for each in shown}
    recent = [choice for choice in choices if choice.as_of in sessions]
    best_buys = score_best_buys(shown, recent, np.random.default_rng(SEED))
    return VersionRecord(
        model_version=version,
        scores=scores,
        best_buys=best_buys,
        stocks=score_stocks(shown),
        verdicts=judge_record(scores, best_buys),
    )


def _of_version(scored: Sequence[ScoredPrediction], version: str) -> list[ScoredPrediction]:
    return [each for each in scored if each.model_version == version]
