"""Use cases of the leader: forecasts before anybody asks, fresh prices, outcomes of the last close.

What is done for a session is noted as a run in the name of the leader's epoch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from oracle.domain.errors import FeedError
from oracle.domain.runs import RunKind, RunState
from oracle.observability import measurements
from oracle.services.rank_stocks import rank_stocks
from oracle.services.read_mail_events import read_mail_events
from oracle.services.settle_predictions import settle_predictions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from oracle.domain.rankings import Ranking
    from oracle.services.dependencies import Dependencies


async def prepare_session(deps: Dependencies, epoch: int) -> None:
    """Rank the watchlist for the newest session unless that is done, and show what it predicts.

    Safe to run at any time, any number of times: what is stored first is what all instances serve.
    Raises DatabaseUnavailable and StaleEpoch.
    """
    ranking = await rank_stocks(deps)
    _show_predictions(deps, ranking)
    # A stock of which nothing can be said is finished as well: its prediction, stored, says so.
    waits = any(
        deps.predictions.find(each.symbol, ranking.as_of) is None for each in ranking.unavailable
    )
    if ranking.as_of == deps.market.usable_session() and not waits:
        await _note_done(deps, epoch, ranking.as_of, (RunKind.BARS, RunKind.FORECAST))


async def settle_session(deps: Dependencies, epoch: int) -> None:
    """Settle what has closed and note, once nothing is pending, that it is done.

    Raises DatabaseUnavailable and StaleEpoch.
    """
    session = deps.market.usable_session()
    report = await settle_predictions(deps)
    if not report.pending:
        await _note_done(deps, epoch, session, (RunKind.SETTLEMENT,))


async def refresh_prices(deps: Dependencies, epoch: int) -> None:
    """Show the watchlist's last known prices in the metrics, refreshing those that are due.

    Whatever the epoch: a price asked for twice harms nobody. Raises DatabaseUnavailable.
    """
    del epoch
    for symbol in deps.settings.watchlist:
        try:
            quote = await deps.market.get_quote(symbol)
        except FeedError:
            # It was logged where it happened; the other stocks are refreshed all the same.
            continue
        measurements.observe_stock(symbol, current=quote.price, predicted=None)


async def hear_reports(deps: Dependencies, epoch: int) -> None:
    """Read what the mail provider reports. Raises as `read_mail_events`."""
    await read_mail_events(deps, epoch=epoch)


def _show_predictions(deps: Dependencies, ranking: Ranking) -> None:
    """Show the ranking's values in the metrics, also where it was stored before this process began.

    A ranking of an earlier session says nothing of the next one.
    """
    current = ranking.as_of == deps.market.usable_session()
    for stock in ranking.stocks:
        predicted = stock.prediction.point if current else math.nan
        measurements.observe_stock(stock.symbol, current=None, predicted=predicted)
    for unavailable in ranking.unavailable:
        measurements.observe_stock(unavailable.symbol, current=None, predicted=math.nan)


async def _note_done(
    deps: Dependencies, epoch: int, session: date, kinds: Iterable[RunKind]
) -> None:
    source = deps.feed.source
    async with deps.store.begin() as unit:
        missing = [
            kind for kind in kinds if await unit.runs.find_run(source, kind, session) is None
        ]
    if not missing:
        return
    async with deps.store.begin() as unit:
        await unit.epochs.require_epoch(epoch)
        for kind in missing:
            await unit.runs.add_run(source, kind, session, state=RunState.FINISHED, epoch=epoch)
