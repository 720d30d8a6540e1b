"""The record: as JSON, as a file, and as a page that keeps live and replayed apart."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oracle.domain.errors import DatabaseUnavailable, UnknownSymbol
from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Source
from oracle.domain.track_record import Window
from oracle.services.list_past_predictions import PastPredictions
from oracle.web.api.record_csv import HEADINGS, disarm
from tests.web import scenes
from tests.web.test_api import answer

if TYPE_CHECKING:
    from quart.typing import TestClientProtocol

    from tests.web.scenes import Scene

API = "/api/v1/track-record"
FILE = "/api/v1/track-record.csv"
PAGE = "/track-record"


async def read_rows(client: TestClientProtocol, address: str = FILE) -> list[dict[str, str]]:
    """Return the rows of the file by their headings."""
    response = await client.get(address)
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(await response.get_data(as_text=True))))


async def read_page(client: TestClientProtocol, address: str = PAGE) -> str:
    """Return the page's text; it must have been found."""
    response = await client.get(address)
    assert response.status_code == 200
    return str(await response.get_data(as_text=True))


async def test_the_record_is_live_and_a_year_long_unless_asked_otherwise(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Without parameters the live record of all stocks over 250 sessions is told."""
    body = await answer(client, API, "TrackRecord")
    assert scene.asked == [(Origin.LIVE, Window.YEAR, None)]
    assert (body["origin"], body["window"], body["symbol"]) == ("live", "250", None)
    assert body["last_settled"] == "2022-12-28"
    assert body["pending"] == 1
    assert body["is_sample"] is False
    (version,) = body["versions"]
    assert (version["n"], version["sessions"], version["revised"]) == (600, 60, 3)
    assert version["coverages"][1]["level"] == 0.8
    assert version["coverages"][1]["share"] == {
        "value": pytest.approx(0.796),
        "lower": pytest.approx(0.77),
        "upper": pytest.approx(0.82),
    }
    assert version["crps_empirical_ratio"] is None
    assert version["direction"]["right"]["lower"] is None
    assert version["best_buys"]["switches"] == 31
    assert body["verdicts"] == version["verdicts"]


async def test_symbol_origin_and_window_are_asked_for(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Each parameter reaches the service in its one spelling."""
    body = await answer(client, f"{API}?symbol=brk.b&origin=replay&window=all", "TrackRecord")
    assert scene.asked == [(Origin.REPLAY, Window.ALL, "BRK-B")]
    assert (body["origin"], body["symbol"]) == ("replay", "BRK-B")


@pytest.mark.parametrize("address", [API, FILE, PAGE])
@pytest.mark.parametrize(
    "query",
    [
        *("origin=both", "origin=", "window=30", "window=", "symbol=", "symbol=<b>"),
        "symbol=AAPL&symbol=MSFT",
    ],
)
async def test_wrong_parameters_are_refused(
    client: TestClientProtocol, scene: Scene, address: str, query: str
) -> None:
    """What is not known is a client's error with a hint, and no service is asked."""
    response = await client.get(f"{address}?{query}", headers={"Accept": "application/json"})
    body = json.loads(await response.get_data())
    # The file has no window: there it is the parameter itself that is not known.
    assert response.status_code == (422 if address == FILE and "window" in query else 400)
    assert response.mimetype == "application/problem+json"
    assert body["hint"]
    assert scene.asked == []


async def test_sample_data_is_marked_in_the_record(
    client: TestClientProtocol, scene: Scene
) -> None:
    """JSON, file and page all say that the prices are sample data."""
    scene.status = scenes.market(Source.SAMPLE)
    for origin in Origin:
        scene.records[origin] = scenes.record(origin, source=Source.SAMPLE)
    example = scenes.settled()
    sample = replace(example, prediction=replace(example.prediction, source=Source.SAMPLE))
    scene.outcomes = [sample]
    assert (await answer(client, API, "TrackRecord"))["is_sample"] is True
    assert (await read_rows(client))[0]["source"] == "sample"
    disposition = (await client.get(FILE)).headers["Content-Disposition"]
    assert disposition == 'attachment; filename="oracle-record-sample-live.csv"'
    page = await read_page(client)
    assert "Sample data, not live." in page
    assert "Sample data, not live" in page


async def test_an_unchanged_record_is_not_sent_again(
    client: TestClientProtocol, scene: Scene
) -> None:
    """JSON and file carry a tag; who names it gets 304, and after a new outcome the new one."""
    tags = {
        address: {"If-None-Match": (await client.get(address)).headers["ETag"]}
        for address in (API, FILE)
    }
    for address, tag in tags.items():
        again = await client.get(address, headers=tag)
        assert again.status_code == 304
        assert await again.get_data() == b""
    scene.outcomes.append(scenes.settled("KO"))
    assert (await client.get(FILE, headers=tags[FILE])).status_code == 200


async def test_a_database_that_is_down_is_a_problem_and_no_half_file(
    client: TestClientProtocol, scene: Scene
) -> None:
    """The file is refused with 503 before its first byte, and so are figures and page."""
    scene.records = {
        origin: DatabaseUnavailable("The database does not answer.") for origin in Origin
    }
    for address in (API, FILE, PAGE):
        response = await client.get(address)
        assert response.status_code == 503
        assert response.headers["Retry-After"]


async def test_the_file_has_a_row_per_settled_prediction(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Every number keeps its digits, and each row says when it was made and settled."""
    scene.outcomes = [scenes.settled(), scenes.settled("KO")]
    rows = await read_rows(client)
    assert [row["symbol"] for row in rows] == ["AAPL", "KO"]
    made, row = scenes.settled().prediction, rows[0]
    interval = made.interval(0.8)
    assert interval is not None
    assert tuple(row) == HEADINGS
    assert float(row["point"]) == made.point
    assert float(row["lower_80"]) == interval.lower
    assert float(row["upper_80"]) == interval.upper
    assert float(row["actual"]) == 126.0
    assert (row["inside_80"], row["input_healed"]) == ("true", "false")
    assert (row["as_of"], row["target"]) == ("2022-12-28", "2022-12-29")
    assert (row["origin"], row["source"], row["model_version"]) == ("live", "yahoo", "test-1")
    assert row["settled_at"] == "2022-12-28T21:30:00Z"
    assert (row["revised_at"], row["revisions"]) == ("", "0")


async def test_an_empty_file_has_its_headings(client: TestClientProtocol, scene: Scene) -> None:
    """A program that reads it finds no rows, and no error."""
    scene.outcomes = []
    assert await read_rows(client, f"{FILE}?symbol=KO&origin=replay") == []
    response = await client.get(f"{FILE}?symbol=KO&origin=replay")
    assert response.headers["Content-Disposition"].endswith('"oracle-record-yahoo-replay-KO.csv"')
    assert (await response.get_data(as_text=True)).startswith("symbol,as_of,target,")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_taken_for_a_formula(text: str) -> None:
    """A text that a spreadsheet would compute is disarmed; others are left alone."""
    assert disarm(text) == f"'{text}"
    assert disarm("BRK-B") == "BRK-B"


async def test_a_hostile_symbol_in_the_file_is_disarmed(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Even a symbol that should never have been stored computes nothing."""
    example = scenes.settled()
    hostile = replace(
        example, prediction=replace(example.prediction, symbol='=HYPERLINK("http://x")')
    )
    scene.outcomes = [hostile]
    assert (await read_rows(client))[0]["symbol"] == '\'=HYPERLINK("http://x")'


async def test_the_page_keeps_live_and_replayed_apart(client: TestClientProtocol) -> None:
    """Each origin has its own section, with its verdicts, figures, and addresses for checking."""
    page = await read_page(client)
    live, replayed = page.index('id="live"'), page.index('id="replay"')
    assert live < replayed
    assert page.count("Ranges held: 79.6 %") == 2
    assert "never counted as live" in page[replayed:]
    assert f'href="{FILE}"' in page[live:replayed]
    assert f'href="{FILE}?origin=replay"' in page[replayed:]
    assert "1 prediction of closed sessions still waits for the close." in page
    assert "Outcomes corrected because a price was: 3." in page
    assert "nothing here is investment advice" in page


async def test_the_page_says_when_there_is_nothing_yet(
    client: TestClientProtocol, scene: Scene
) -> None:
    """An empty record is explained, for each origin in its own words."""
    scene.records = {origin: scenes.empty_record(origin) for origin in Origin}
    page = await read_page(client)
    assert "No live prediction is settled yet." in page
    assert "<code>oracle replay --sessions 250</code>" in page


async def test_the_page_leads_to_other_windows_and_stocks(
    client: TestClientProtocol, scene: Scene
) -> None:
    """The window is chosen by a link, each stock has its own page, and that one leads back."""
    page = await read_page(client)
    assert '<a class="tab" href="/track-record?window=60">Last 60 sessions</a>' in page
    assert '<a class="tab" href="/track-record" aria-current="page">Last 250 sessions</a>' in page
    assert 'href="/track-record?symbol=AAPL"' in page
    scene.asked.clear()
    own = await read_page(client, f"{PAGE}?symbol=AAPL&window=all")
    assert scene.asked == [(origin, Window.ALL, "AAPL") for origin in Origin]
    assert "The record of AAPL" in own
    assert 'href="/track-record?window=all">All stocks</a>' in own


@pytest.mark.parametrize("origin", Origin)
async def test_the_page_shows_one_origin_alone(
    client: TestClientProtocol, scene: Scene, origin: Origin
) -> None:
    """One origin is asked for by a link, read alone, and kept while the window changes."""
    both = await read_page(client, f"{PAGE}?window=60")
    address = f"{PAGE}?origin={origin.value}&amp;window=60"
    assert f'href="{address}">{origin.value.capitalize()} alone</a>' in both
    assert 'href="/track-record?window=60" aria-current="page">Live and Replay</a>' in both
    scene.asked.clear()
    page = await read_page(client, address.replace("&amp;", "&"))
    assert scene.asked == [(origin, Window.SHORT, None)]
    assert page.count('<section class="record"') == 1
    assert f'id="{origin.value}"' in page
    assert f'href="{PAGE}?origin={origin.value}">Last 250 sessions</a>' in page
    assert f'<link rel="canonical" href="https://oracle.example{address}">' in page


async def test_an_empty_record_of_sample_data_is_not_called_live(
    client: TestClientProtocol, scene: Scene
) -> None:
    """On the sample market nothing is live, not even what has not been settled yet."""
    scene.status = scenes.market(Source.SAMPLE)
    empty = {each: scenes.empty_record(each) for each in Origin}
    scene.records = {each: replace(empty[each], source=Source.SAMPLE) for each in Origin}
    page = await read_page(client)
    assert "No prediction on sample data is settled yet." in page
    assert "No live prediction" not in page


async def test_every_answer_about_the_record_is_limited(client: TestClientProtocol) -> None:
    """The routes tell how often they may be asked, the file less often than the figures."""
    limits: dict[str, Any] = {
        address: int((await client.get(address)).headers["RateLimit-Limit"])
        for address in (API, FILE, PAGE)
    }
    assert limits == {API: 120, FILE: 60, PAGE: 120}


@pytest.mark.parametrize("address", [API, FILE, PAGE])
async def test_an_unknown_stock_has_no_record(
    client: TestClientProtocol, scene: Scene, address: str
) -> None:
    """JSON, file and page are 404 and suggest what may have been meant."""
    unknown = UnknownSymbol("APPL", suggestions=("AAPL",))
    scene.records = dict.fromkeys(Origin, unknown)
    response = await client.get(f"{address}?symbol=APPL")
    assert response.status_code == 404
    text = await response.get_data(as_text=True)
    assert "AAPL" in text
    assert "APPL" in text


async def test_a_stale_record_says_so(client: TestClientProtocol, scene: Scene) -> None:
    """Page and JSON tell since when the database has not confirmed the figures."""
    since = scenes.market().now - timedelta(minutes=3)
    scene.records = {origin: replace(scenes.record(origin), stale_since=since) for origin in Origin}
    assert (await answer(client, API, "TrackRecord"))["stale_since"] is not None
    assert "These figures are 3 minutes old." in await read_page(client)
    scene.records = {origin: scenes.record(origin) for origin in Origin}
    assert (await answer(client, API, "TrackRecord"))["stale_since"] is None
    assert "minutes old" not in await read_page(client)


@pytest.mark.parametrize(
    ("source", "provider", "origin"),
    [
        (Source.YAHOO, "yahoo", "live"),
        (Source.SAMPLE, "sample", "sample"),
        (Source.REHEARSAL, "yahoo (rehearsal)", "rehearsal"),
    ],
)
async def test_live_is_said_of_live_prices_alone(
    client: TestClientProtocol, scene: Scene, source: Source, provider: str, origin: str
) -> None:
    """JSON and file call the origin and the provider of other prices what pages call them."""
    scene.status = scenes.market(source)
    scene.records = {each: scenes.record(each, source=source) for each in Origin}
    example = scenes.settled()
    scene.outcomes = [replace(example, prediction=replace(example.prediction, source=source))]
    body = await answer(client, API, "TrackRecord")
    assert (body["source"], body["origin"]) == (provider, origin)
    replayed = await answer(client, f"{API}?origin=replay", "TrackRecord")
    assert replayed["origin"] == "replay"
    assert (await read_rows(client))[0]["origin"] == origin


async def test_corrections_are_visible(client: TestClientProtocol, scene: Scene) -> None:
    """The file shows the first value of a corrected close; a stock's history does so as well."""
    given = scenes.settled(target=scenes.AS_OF)
    assert given.outcome is not None
    revised = replace(given, outcome=replace(given.outcome, revisions=2), first_actual=63.0)
    scene.outcomes = [given, revised]
    first, second = await read_rows(client)
    assert (first["revisions"], first["first_actual"]) == ("0", "")
    assert (second["revisions"], second["first_actual"]) == ("2", "63.0")
    scene.past = PastPredictions(Origin.LIVE, "test-1", (revised,))
    body = await answer(client, "/api/v1/stocks/AAPL/history", "StockHistory")
    (past,) = body["settled"]["predictions"]
    close = next(each["close"] for each in body["closes"] if each["session"] == past["target"])
    assert past["revisions"] == 2
    assert past["first_close"] == pytest.approx(close * 63.0 / given.outcome.actual)
