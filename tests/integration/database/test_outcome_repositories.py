"""What the repositories of outcomes, splits and choices promise, on each database alike."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Source
from oracle.domain.outcomes import (
    OutcomeRevision,
    RecordState,
    ScoredPrediction,
    SettledPrediction,
    StoredChoice,
)
from oracle.domain.prices import Split
from tests.integration.database.examples import (
    AS_OF,
    MODEL,
    NOW,
    TARGET,
    history,
    prediction,
    ranking,
    settled,
)

if TYPE_CHECKING:
    from oracle.adapters.sql.store import SqlStore
    from oracle.domain.forecasts import Prediction

SAMPLE = Source.SAMPLE
EARLIER: dict[str, Any] = {"as_of": date(2022, 12, 27), "target": AS_OF}


async def keep(store: SqlStore, *given: Prediction | SettledPrediction) -> None:
    """Store the predictions, and the outcomes of those that come with one."""
    async with store.begin() as unit:
        for each in given:
            if isinstance(each, SettledPrediction):
                await unit.predictions.add_predictions([each.prediction])
                await unit.outcomes.add_outcomes([each])
            else:
                await unit.predictions.add_predictions([each])


async def test_outcomes_read_back_as_they_were_stored(store: SqlStore) -> None:
    """All numbers, moves and times come back beside their prediction; pending ones have none."""
    first = settled(prediction("AAPL"))
    second = settled(
        prediction("MSFT", 240.0), score=0.1, crps_gaussian=None, input_healed=True, inside_95=False
    )
    await keep(store, first, second, prediction("KO"), prediction("XOM", None))
    async with store.begin() as unit:
        stored = await unit.outcomes.list_of_session(SAMPLE, TARGET)
        none = await unit.outcomes.list_of_session(Source.YAHOO, TARGET)
    assert [each.prediction.symbol for each in stored] == ["AAPL", "KO", "MSFT"]
    assert stored[0] == first
    assert stored[1].outcome is None
    assert stored[2] == second
    assert none == ()


async def test_the_first_outcome_stays(store: SqlStore) -> None:
    """A second writer's outcome changes nothing, and only new ones are counted."""
    first, other = settled(prediction("AAPL")), settled(prediction("MSFT"))
    await keep(store, first, other.prediction)
    later = settled(first.prediction, actual=9.0, settled_at=NOW + timedelta(days=9))
    async with store.begin() as unit:
        assert await unit.outcomes.add_outcomes([later, other]) == 1
        assert await unit.outcomes.add_outcomes([later, other]) == 0
        assert await unit.outcomes.add_outcomes([]) == 0
        assert list(await unit.outcomes.list_of_session(SAMPLE, TARGET)) == [first, other]


async def test_an_outcome_needs_its_prediction(store: SqlStore) -> None:
    """Of a prediction that is not stored nothing is kept."""
    async with store.begin() as unit:
        with pytest.raises(ValueError, match="not stored: KO"):
            await unit.outcomes.add_outcomes([settled(prediction("KO"))])


async def test_a_correction_keeps_what_was_said_before(store: SqlStore) -> None:
    """Each conditional update counts one, and only the one who knows the present state makes it."""
    given = settled(prediction())
    await keep(store, given)
    when = NOW + timedelta(days=2)
    second = settled(given.prediction, actual=2.5, input_healed=True, revised_at=when)
    third = settled(given.prediction, actual=3.5, revised_at=when + timedelta(days=1))
    async with store.begin() as unit:
        assert await unit.outcomes.revise_outcome(second, expected=0)
        assert not await unit.outcomes.revise_outcome(third, expected=0)
        assert await unit.outcomes.revise_outcome(third, expected=1)
    async with store.begin() as unit:
        (stored,) = await unit.outcomes.list_of_session(SAMPLE, TARGET)
        revisions = await unit.outcomes.list_revisions(stored)
        page = await unit.outcomes.list_settled(SAMPLE, Origin.LIVE, None, after=0, limit=9)
        latest = await unit.outcomes.list_latest_settled(
            SAMPLE, Origin.LIVE, given.prediction.symbol, limit=9
        )
    assert [each.first_actual for each in (*page.rows, *latest)] == [1 / 3, 1 / 3]
    assert stored.prediction == given.prediction
    assert third.outcome is not None
    assert stored.outcome == dataclasses.replace(third.outcome, revisions=2)
    assert revisions == (
        OutcomeRevision(1, 1 / 3, input_healed=False, replaced_at=when),
        OutcomeRevision(2, 2.5, input_healed=True, replaced_at=when + timedelta(days=1)),
    )


async def test_sessions_with_work_are_found(store: SqlStore) -> None:
    """Those with a pending prediction, and the recent ones; none that has not closed."""
    await keep(
        store,
        settled(prediction("AAPL", **EARLIER)),
        settled(prediction("AAPL")),
        prediction("KO", source=Source.YAHOO),
    )
    async with store.begin() as unit:

        async def find(
            source: Source = SAMPLE, through: date = TARGET, since: date | None = TARGET
        ) -> list[date]:
            return list(
                await unit.outcomes.list_sessions_to_settle(
                    source, through=through, recheck_since=since
                )
            )

        assert await find() == [TARGET]
        assert await find(since=TARGET + timedelta(days=1)) == []
        assert await find(since=None) == [AS_OF, TARGET]
        assert await find(since=None, through=AS_OF) == [AS_OF]
        assert await find(Source.YAHOO, since=TARGET + timedelta(days=1)) == [TARGET]
        await unit.predictions.add_predictions(
            [prediction("MSFT", **EARLIER), prediction("XOM", None, **EARLIER)]
        )
        assert await find() == [AS_OF, TARGET]


async def test_the_state_counts_outcomes_corrections_and_what_is_pending(store: SqlStore) -> None:
    """Of one source and origin, of all stocks or one, up to a session."""
    first = settled(prediction("AAPL"))
    await keep(
        store,
        first,
        settled(prediction("MSFT", **EARLIER)),
        settled(prediction("MSFT", origin=Origin.REPLAY)),
        prediction("KO"),
        prediction("XOM", None),
    )
    async with store.begin() as unit:
        await unit.outcomes.revise_outcome(
            settled(first.prediction, actual=2.0, revised_at=NOW), expected=0
        )

        async def find(
            origin: Origin = Origin.LIVE, symbol: str | None = None, through: date = TARGET
        ) -> RecordState:
            return await unit.outcomes.find_state(SAMPLE, origin, symbol, through=through)

        assert await find() == RecordState(2, 1, 1, TARGET)
        assert await find(through=AS_OF) == RecordState(2, 1, 0, TARGET)
        assert await find(symbol="MSFT") == RecordState(1, 0, 0, AS_OF)
        assert await find(Origin.REPLAY) == RecordState(1, 0, 0, TARGET)
        assert await find(symbol="ZZZ") == RecordState(0, 0, 0, None)


async def test_scored_predictions_come_by_session_without_the_other_origin(
    store: SqlStore,
) -> None:
    """Live and replayed rows are listed apart, pending ones not at all."""
    live = settled(prediction("MSFT", 240.0), score=0.25)
    earlier = settled(prediction("AAPL", **EARLIER))
    replayed = settled(prediction("AAPL", origin=Origin.REPLAY))
    await keep(store, live, earlier, replayed, prediction("KO"))
    async with store.begin() as unit:
        found = await unit.outcomes.list_scored(SAMPLE, Origin.LIVE, None)
        other = await unit.outcomes.list_scored(SAMPLE, Origin.REPLAY, None)
        single = await unit.outcomes.list_scored(SAMPLE, Origin.LIVE, "AAPL")
    assert [each.symbol for each in found] == ["AAPL", "MSFT"]
    assert live.outcome is not None
    assert found[1] == ScoredPrediction("MSFT", AS_OF, TARGET, MODEL, 126.04, live.outcome)
    assert [(each.symbol, each.target) for each in other] == [("AAPL", TARGET)]
    assert [each.symbol for each in single] == ["AAPL"]


async def test_settled_predictions_are_listed_in_pages(store: SqlStore) -> None:
    """The place of the last row leads to the next page, and the last page leads nowhere."""
    given = [settled(prediction(symbol)) for symbol in ("A", "B", "C")]
    await keep(store, *given, prediction("D"), settled(prediction("A", origin=Origin.REPLAY)))
    async with store.begin() as unit:
        first = await unit.outcomes.list_settled(SAMPLE, Origin.LIVE, None, after=0, limit=2)
        assert first.after is not None
        second = await unit.outcomes.list_settled(
            SAMPLE, Origin.LIVE, None, after=first.after, limit=2
        )
        only = await unit.outcomes.list_settled(SAMPLE, Origin.LIVE, "C", after=0, limit=2)
    assert [*first.rows, *second.rows] == given
    assert second.after is None
    assert only.rows == (given[2],)


async def test_the_latest_outcomes_of_a_stock_come_newest_first(store: SqlStore) -> None:
    """They go by target session, whenever they were stored, of that stock and origin alone."""
    new, old = settled(prediction("A")), settled(prediction("A", **EARLIER))
    await keep(store, new, old, settled(prediction("B")), prediction("A", origin=Origin.REPLAY))
    async with store.begin() as unit:
        latest = await unit.outcomes.list_latest_settled(SAMPLE, Origin.LIVE, "A", limit=5)
        newest = await unit.outcomes.list_latest_settled(SAMPLE, Origin.LIVE, "A", limit=1)
        none = await unit.outcomes.list_latest_settled(SAMPLE, Origin.REPLAY, "A", limit=5)
    assert list(latest) == [new, old]
    assert list(newest) == [new]
    assert list(none) == []


async def test_splits_of_the_newest_answer_stand(store: SqlStore) -> None:
    """They come oldest first by symbol; the same session's ratio is replaced."""
    old, new = Split(date(2014, 6, 9), 7.0), Split(date(2020, 8, 31), 4.0)
    async with store.begin() as unit:
        await unit.splits.upsert_splits(SAMPLE, "AAPL", [new, old])
        await unit.splits.upsert_splits(SAMPLE, "KO", [])
        await unit.splits.upsert_splits(Source.YAHOO, "KO", [new])
    corrected = Split(new.session, 1 / 3)
    async with store.begin() as unit:
        await unit.splits.upsert_splits(SAMPLE, "AAPL", [corrected])
        found = await unit.splits.list_splits(SAMPLE, ["AAPL", "KO"])
    assert found == {"AAPL": (old, corrected)}


async def test_the_newest_bar_of_each_symbol_is_found(store: SqlStore) -> None:
    """Each one's own, of that source alone; a symbol without any is left out."""
    async with store.begin() as unit:
        assert await unit.bars.list_newest_sessions(SAMPLE, ["AAPL"]) == {}
        await unit.bars.upsert_history(SAMPLE, history("AAPL").up_to(date(2022, 12, 27)), NOW)
        await unit.bars.upsert_history(SAMPLE, history("KO"), NOW)
        assert await unit.bars.list_newest_sessions(SAMPLE, ["AAPL", "KO", "XOM"]) == {
            "AAPL": date(2022, 12, 27),
            "KO": AS_OF,
        }
        assert await unit.bars.list_newest_sessions(Source.YAHOO, ["AAPL", "KO"]) == {}


async def test_the_last_ranking_of_a_session_is_its_choice(store: SqlStore) -> None:
    """A ranking that was completed later replaces the first; each names all that it ranked."""
    stocks = [prediction("MSFT"), prediction("AAPL")]
    before = [prediction("KO", **EARLIER)]
    async with store.begin() as unit:
        await unit.predictions.add_predictions(stocks)
        await unit.predictions.add_predictions(before)
        for given in (
            ranking(
                *stocks,
                fingerprint="2" * 64,
                created_at=NOW + timedelta(hours=1),
            ),
            ranking(stocks[1], fingerprint="1" * 64),
            ranking(*before, fingerprint="3" * 64, best=None, **EARLIER),
            ranking(stocks[1], fingerprint="4" * 64, selection="6" * 64),
            ranking(fingerprint="5" * 64, created_at=NOW + timedelta(hours=2)),
        ):
            await unit.rankings.add_ranking(given)
        choices = await unit.rankings.list_choices(SAMPLE, "5" * 64, MODEL)
    assert list(choices) == [
        StoredChoice(date(2022, 12, 27), None, ("KO",)),
        StoredChoice(AS_OF, "MSFT", ("AAPL", "MSFT")),
    ]
