"""What the repositories of fits, predictions and rankings promise, on each database alike."""

from __future__ import annotations

import dataclasses
import math
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Source
from tests.integration.database.examples import (
    AS_OF,
    AWKWARD,
    MODEL,
    NOW,
    TARGET,
    fit,
    prediction,
    ranking,
)

if TYPE_CHECKING:
    from oracle.adapters.sql.store import SqlStore
    from oracle.domain.rankings import Ranking
    from oracle.ports import UnitOfWork

SAMPLE = Source.SAMPLE


async def find_ranking(unit: UnitOfWork) -> Ranking | None:
    """Return the newest ranking of the selection that the examples are made for."""
    return await unit.rankings.find_latest_ranking(SAMPLE, "5" * 64, MODEL, through=AS_OF)


async def test_the_first_fit_of_a_session_stays(store: SqlStore) -> None:
    """A second fit of the same session, pool and model changes nothing; the first is returned."""
    first = fit('{"weights":[' + ",".join(["0.1"] * 30_000) + "]}")
    second = dataclasses.replace(fit("{}"), fingerprint="e" * 64, created_at=NOW + timedelta(1))
    async with store.begin() as unit:
        assert await unit.fits.find_fit(SAMPLE, AS_OF, "pool-1", MODEL) is None
        assert await unit.fits.add_fit(first) == first
    async with store.begin() as unit:
        assert await unit.fits.add_fit(second) == first
        assert await unit.fits.find_fit(SAMPLE, AS_OF, "pool-1", MODEL) == first
        assert await unit.fits.find_fit(SAMPLE, AS_OF, "pool-2", MODEL) is None
        assert await unit.fits.find_fit(SAMPLE, TARGET, "pool-1", MODEL) is None


async def test_predictions_read_back_as_they_were_stored(store: SqlStore) -> None:
    """All numbers, texts and times come back, of a prediction and of an abstained one."""
    quantiles = (*AWKWARD, *(1 / (step + 3) for step in range(39 - len(AWKWARD))))
    given = {
        "AAPL": prediction("AAPL", 1 / 3, quantiles=quantiles),
        "MSFT": prediction("MSFT", None),
    }
    async with store.begin() as unit:
        assert await unit.predictions.add_predictions(list(given.values())) == given
        assert await unit.predictions.add_predictions([]) == {}
    async with store.begin() as unit:
        found = await unit.predictions.list_predictions(
            SAMPLE, ["AAPL", "MSFT", "KO"], AS_OF, MODEL, Origin.LIVE
        )
        none = await unit.predictions.list_predictions(SAMPLE, [], AS_OF, MODEL, Origin.LIVE)
    assert found == given
    assert none == {}


async def test_the_first_prediction_stays(store: SqlStore) -> None:
    """What is stored is returned, whatever the second writer thinks; new ones are added."""
    first = prediction("AAPL", 127.1)
    second = prediction("AAPL", 999.9, fingerprint="c" * 64, created_at=NOW + timedelta(hours=1))
    other = prediction("MSFT", 240.0)
    async with store.begin() as unit:
        await unit.predictions.add_predictions([first])
    async with store.begin() as unit:
        stored = await unit.predictions.add_predictions([other, second])
    assert stored == {"AAPL": first, "MSFT": other}


async def test_predictions_of_other_sessions_models_and_origins_are_their_own(
    store: SqlStore,
) -> None:
    """Each is unique by source, symbol, as_of, model version and origin, and only by them."""
    variants = [
        prediction(),
        prediction(origin=Origin.REPLAY),
        prediction(model_version="2022.2"),
        prediction(source=Source.YAHOO),
        prediction(as_of=date(2022, 12, 27), target=AS_OF),
    ]
    async with store.begin() as unit:
        for variant in variants:
            assert await unit.predictions.add_predictions([variant]) == {"AAPL": variant}
        for variant in variants:
            found = await unit.predictions.list_predictions(
                variant.source, ["AAPL"], variant.as_of, variant.model_version, variant.origin
            )
            assert found == {"AAPL": variant}


async def test_two_predictions_of_one_symbol_are_refused(store: SqlStore) -> None:
    """The answer is by symbol, so that two of one symbol could not both be told."""
    async with store.begin() as unit:
        with pytest.raises(ValueError, match="one prediction per symbol"):
            await unit.predictions.add_predictions([prediction(), prediction(origin=Origin.REPLAY)])


async def test_the_latest_prediction_is_the_one_of_the_newest_session(store: SqlStore) -> None:
    """Of one session's the one made last counts; later sessions, other symbols, origins do not."""
    newest = prediction(model_version="a", created_at=NOW + timedelta(seconds=1))
    async with store.begin() as unit:
        for stored in (
            prediction(as_of=date(2022, 12, 27), target=AS_OF, created_at=NOW + timedelta(days=9)),
            newest,
            prediction(model_version="b"),
            prediction("MSFT"),
            prediction(as_of=TARGET, target=date(2022, 12, 30), origin=Origin.REPLAY),
            prediction(as_of=TARGET, target=date(2022, 12, 30)),
        ):
            await unit.predictions.add_predictions([stored])
        find = partial(unit.predictions.find_latest_prediction, through=AS_OF)
        assert await find(SAMPLE, "AAPL", Origin.LIVE) == newest
        assert await find(SAMPLE, "KO", Origin.LIVE) is None
        assert await find(Source.YAHOO, "AAPL", Origin.LIVE) is None


async def test_a_ranking_reads_back_as_it_was_stored(store: SqlStore) -> None:
    """Order, scores, predictions, reasons and the best buy come back."""
    stocks = [prediction("MSFT", 240.0), prediction("AAPL", 127.1), prediction("KO", 1 / 3)]
    given = ranking(*stocks)
    async with store.begin() as unit:
        await unit.predictions.add_predictions(stocks)
        assert await find_ranking(unit) is None
        assert await unit.rankings.add_ranking(given) == given
    async with store.begin() as unit:
        assert await find_ranking(unit) == given
        assert (
            await unit.rankings.find_latest_ranking(SAMPLE, "6" * 64, MODEL, through=AS_OF) is None
        )
        assert (
            await unit.rankings.find_latest_ranking(SAMPLE, "5" * 64, "other", through=AS_OF)
            is None
        )
        assert (
            await unit.rankings.find_latest_ranking(Source.YAHOO, "5" * 64, MODEL, through=AS_OF)
            is None
        )


async def test_a_ranking_may_hold_no_stock_at_all(store: SqlStore) -> None:
    """Then it says why for each, and names no best buy."""
    given = ranking()
    async with store.begin() as unit:
        assert await unit.rankings.add_ranking(given) == given


async def test_a_score_that_is_not_a_number_stays_none(store: SqlStore) -> None:
    """NaN comes back as NaN."""
    stock = prediction()
    given = ranking(stock)
    given = dataclasses.replace(
        given, stocks=(dataclasses.replace(given.stocks[0], score=math.nan),)
    )
    async with store.begin() as unit:
        await unit.predictions.add_predictions([stock])
        stored = await unit.rankings.add_ranking(given)
    assert math.isnan(stored.stocks[0].score)


async def test_the_first_ranking_of_a_fingerprint_stays(store: SqlStore) -> None:
    """A second writer of the same outcome gets the first one's."""
    stocks = [prediction("AAPL"), prediction("MSFT")]
    first = ranking(*stocks)
    second = ranking(*reversed(stocks), created_at=NOW + timedelta(hours=1), unavailable=())
    async with store.begin() as unit:
        await unit.predictions.add_predictions(stocks)
        await unit.rankings.add_ranking(first)
    async with store.begin() as unit:
        assert await unit.rankings.add_ranking(second) == first
        assert await find_ranking(unit) == first


async def test_the_latest_ranking_is_the_newest_by_session_then_by_time(store: SqlStore) -> None:
    """A later session wins over a later computation, up to the session asked for."""
    late = ranking(fingerprint="1" * 64, created_at=NOW + timedelta(hours=1))
    early = ranking(fingerprint="2" * 64)
    ahead = ranking(fingerprint="4" * 64, as_of=TARGET, target=date(2022, 12, 30))
    older = ranking(
        fingerprint="3" * 64,
        as_of=date(2022, 12, 27),
        target=AS_OF,
        created_at=NOW + timedelta(days=2),
    )
    async with store.begin() as unit:
        for given in (late, early, older, ahead):
            await unit.rankings.add_ranking(given)
        assert await find_ranking(unit) == late


async def test_a_ranking_of_predictions_that_are_not_stored_is_refused(store: SqlStore) -> None:
    """Nothing of it is kept."""
    with pytest.raises(ValueError, match="not yet stored: KO"):
        async with store.begin() as unit:
            await unit.rankings.add_ranking(ranking(prediction("KO")))
    async with store.begin() as unit:
        assert await find_ranking(unit) is None
