"""One stock's past: as JSON, as a file, and on its page as chart and table."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from oracle.domain.errors import DatabaseUnavailable
from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Source
from oracle.services.list_past_predictions import PastPredictions
from tests.web import scenes
from tests.web.test_api import answer

if TYPE_CHECKING:
    from quart.typing import TestClientProtocol

    from tests.web.scenes import Scene

API = "/api/v1/stocks/AAPL/history"
PAGE = "/stocks/AAPL"
FIRST_PARTY_LIMIT = 60_000


async def read(client: TestClientProtocol, address: str = PAGE) -> str:
    """Return the text; it must have been found."""
    response = await client.get(address)
    assert response.status_code == 200
    return str(await response.get_data(as_text=True))


async def test_history_holds_closes_prediction_and_outcomes(client: TestClientProtocol) -> None:
    """All that the chart draws comes in one answer, oldest first."""
    history = await answer(client, API, "StockHistory")
    assert history["symbol"] == "AAPL"
    assert len(history["closes"]) == 300
    assert history["closes"][-1]["session"] == "2022-12-28"
    assert history["prediction"]["target"] == "2022-12-29"
    settled = history["settled"]
    assert (settled["origin"], settled["model_version"]) == ("live", "test-1")
    assert [each["target"] for each in settled["predictions"]] == ["2022-12-28"]


async def test_past_predictions_follow_a_split(client: TestClientProtocol, scene: Scene) -> None:
    """A prediction made before a split stands beside the close of its session, not far off."""
    given = scenes.settled(target=scenes.AS_OF)
    assert given.outcome is not None
    before = replace(given, outcome=replace(given.outcome, actual=4 * given.outcome.actual))
    before = replace(before, prediction=replace(given.prediction, point=4 * 126.0))
    scene.past = PastPredictions(Origin.LIVE, "test-1", (before,))
    history = await answer(client, API, "StockHistory")
    (past,) = history["settled"]["predictions"]
    assert past["predicted"] == pytest.approx(history["closes"][-1]["close"])


async def test_predictions_of_sessions_without_a_close_are_left_out(
    client: TestClientProtocol, scene: Scene
) -> None:
    """There is nothing to put them beside."""
    scene.past = PastPredictions(Origin.LIVE, "test-1", (scenes.settled(target=scenes.TARGET),))
    history = await answer(client, API, "StockHistory")
    assert history["settled"]["predictions"] == []


async def test_an_unknown_history_is_empty(client: TestClientProtocol, scene: Scene) -> None:
    """What is not known is empty or null, and the page has no chart and no table."""
    scene.reports["AAPL"] = replace(scenes.report(), history=None, prediction=None)
    scene.past = None
    history = await answer(client, API, "StockHistory")
    assert (history["closes"], history["prediction"], history["settled"]) == ([], None, None)
    assert len((await read(client, f"{API}.csv")).splitlines()) == 1
    assert "price-chart" not in await read(client)


async def test_the_file_holds_the_bars(client: TestClientProtocol, scene: Scene) -> None:
    """One row per session with all its prices; what is missing is an empty cell."""
    history = scenes.history()
    history.open[0] = float("nan")
    scene.reports["AAPL"] = replace(scenes.report(source=Source.SAMPLE), history=history)
    response = await client.get(f"{API}.csv")
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="oracle-history-sample-AAPL.csv"'
    )
    rows = list(csv.DictReader(io.StringIO(await response.get_data(as_text=True))))
    assert len(rows) == 300
    assert rows[0]["open"] == ""
    assert float(rows[-1]["close"]) == history.close[-1]
    assert (rows[-1]["session"], rows[-1]["source"]) == ("2022-12-28", "sample")
    known = await client.get(f"{API}.csv", headers={"If-None-Match": response.headers["ETag"]})
    assert known.status_code == 304


@pytest.mark.parametrize(
    ("origin", "words"),
    [(Origin.LIVE, "stored before the fact"), (Origin.REPLAY, "replayed afterwards")],
)
async def test_the_page_names_the_origin_of_past_predictions(
    client: TestClientProtocol, scene: Scene, origin: Origin, words: str
) -> None:
    """Key and table say whether predictions were live or replayed."""
    scene.past = PastPredictions(origin, "test-1", (scenes.settled(target=scenes.AS_OF),))
    page = await read(client)
    assert page.count(words) == 2
    file = f"/api/v1/track-record.csv?symbol=AAPL{'&amp;origin=replay' * (origin is Origin.REPLAY)}"
    assert f'<a href="{file}">Past predictions (CSV)</a>' in page


async def test_the_table_holds_the_last_thirty_sessions(client: TestClientProtocol) -> None:
    """The chart's twin for those who cannot see it: newest first, with what was predicted."""
    page = await read(client)
    table = page[page.index("The last 30 sessions") :].partition("</table>")[0]
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', table)
    assert len(rows) == 30
    assert rows[0].startswith("Wed 28 Dec 2022")
    assert "inside" in rows[0]
    assert rows[-1].startswith("Tue 29 Nov 2022")


async def test_the_page_stands_without_past_predictions(
    client: TestClientProtocol, scene: Scene
) -> None:
    """While the database is down prices from memory are shown, without a word of the past."""
    scene.past = DatabaseUnavailable("The database did not answer.")
    page = await read(client)
    assert "The last 30 sessions" in page
    assert "Past predictions" not in page
    assert (await client.get(API)).status_code == 503


async def test_scripts_of_the_chart_come_with_stock_pages_alone(client: TestClientProtocol) -> None:
    """Other pages do not carry what they do not need."""
    assert "lightweight-charts.js" in await read(client)
    assert "lightweight-charts.js" not in await read(client, "/")


async def test_pages_and_own_assets_stay_small(client: TestClientProtocol) -> None:
    """A page's HTML stays below 60 KB, and so do own styles and scripts together."""
    page = await read(client)
    assert len(page.encode()) < FIRST_PARTY_LIMIT
    own = re.findall(r'(?:src|href)="(/static/(?!vendor)[^"]+\.(?:js|css)[^"]*)"', page)
    assert len(own) == 4
    sizes = [len(await read(client, address)) for address in own]
    assert sum(sizes) < FIRST_PARTY_LIMIT
