"""Use case: how good the predictions were, of one origin at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

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
from oracle.observability import metrics
from oracle.services.rank_stocks import selection_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from oracle.domain.instruments import Source
    from oracle.domain.outcomes import RecordState, ScoredPrediction, StoredChoice
    from oracle.services.dependencies import Dependencies

    Choices = Mapping[str, Sequence[StoredChoice]]
    Question = tuple[Source, Origin, Window, str | None]

SEED = 20
"""Of the intervals' resampling: the same record has the same intervals, wherever it is read."""

CACHED_RECORDS = 200


class TrackRecordCache:
    """Records that were read before, each good for as long as the stored record is the same."""

    def __init__(self, size: int = CACHED_RECORDS) -> None:
        self._size = size
        self._records: OrderedDict[Question, tuple[RecordState, TrackRecord]] = OrderedDict()

    def find(self, question: Question, state: RecordState) -> TrackRecord | None:
        """Return the record if nothing was settled or corrected since."""
        known = self._records.get(question)
        return known[1] if known is not None and known[0] == state else None

    def keep(self, question: Question, state: RecordState, record: TrackRecord) -> None:
        """Remember the record, forgetting the one kept longest ago beyond the size."""
        self._records[question] = (state, record)
        self._records.move_to_end(question)
        if len(self._records) > self._size:
            self._records.popitem(last=False)


async def read_track_record(
    deps: Dependencies,
    *,
    origin: Origin = Origin.LIVE,
    window: Window = Window.YEAR,
    symbol: str | None = None,
) -> TrackRecord:
    """Return the record of all stocks, or of one, over that many of the last settled sessions.

    Predictions of different origins or model versions are never in one figure. What the best buys
    earned is told of the whole watchlist alone. Raises DatabaseUnavailable.
    """
    state = await read_record_state(deps, origin, symbol)
    question = (deps.feed.source, origin, window, symbol)
    known = deps.track_records.find(question, state)
    metrics.observe_cache("track_records", "miss" if known is None else "hit")
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
    deps.track_records.keep(question, state, record)
    return record


async def read_record_state(deps: Dependencies, origin: Origin, symbol: str | None) -> RecordState:
    """Return which state the record is in: as long as it is equal, so is the record."""
    through = deps.market.usable_session()
    async with deps.store.begin() as unit:
        return await unit.outcomes.find_state(deps.feed.source, origin, symbol, through=through)


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
