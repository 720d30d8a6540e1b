"""What is said of a session depends on where it stands: to come, trading, or over."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.web import scenes
from tests.web.test_pages import APOSTROPHE, read

if TYPE_CHECKING:
    from quart.typing import TestClientProtocol

    from tests.web.scenes import Scene


async def test_no_best_is_said_in_words(client: TestClientProtocol, scene: Scene) -> None:
    """A night without a buy is named as such, and is not the same as one without forecasts."""
    scene.ranked = scenes.ranking(best=False)
    page = await read(client, "/")
    assert "No clear buy for Thu 29 Dec" in page
    assert "None could be forecast" not in page


async def test_nothing_forecast_is_no_verdict(client: TestClientProtocol, scene: Scene) -> None:
    """A ranking without any stock says that none could be forecast, and nothing of buying."""
    scene.ranked = replace(scenes.ranking(best=False), stocks=())
    page = await read(client, "/")
    assert "None could be forecast for Thu 29 Dec" in page
    assert "No clear buy" not in page
    assert "is expected to close above" not in page


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/", "Best buy for Thu 29 Dec"),
        ("/ranking", "Best buy for Thu 29 Dec"),
        ("/ranking?symbols=AAPL,KO", "Best of these for Thu 29 Dec"),
    ],
)
async def test_a_best_that_costs_more_than_it_gains_says_so_in_its_label(
    client: TestClientProtocol, scene: Scene, path: str, label: str
) -> None:
    """Whoever reads nothing but the card's label learns that the costs are not in it."""
    assert "before costs</p>" not in await read(client, path)
    scene.ranked = scenes.ranking(rise=0.0009)
    assert f"{label}, before costs</p>" in await read(client, path)
    scene.status = scenes.closed()
    assert f"Last session{APOSTROPHE}s pick, before costs</p>" in await read(client, path)


async def test_the_best_says_how_strong_its_signal_is(client: TestClientProtocol) -> None:
    """Beside the reason stands in words what the score amounts to."""
    card = (await read(client, "/")).partition('class="card best')[2].partition("</article>")[0]
    assert "<dt>Signal</dt><dd>strong</dd>" in card


async def test_an_older_ranking_is_marked(client: TestClientProtocol, scene: Scene) -> None:
    """A ranking of an earlier session says which close is missing."""
    scene.ranked = replace(scenes.ranking(), as_of=date(2022, 12, 27))
    page = await read(client, "/ranking")
    assert "The ranking from the close of Wed 28 Dec 2022 is not there yet" in page
    assert f"Last session{APOSTROPHE}s pick" in page
    assert "as soon as it can be made" in page
    assert "Best buy" not in page


async def test_while_the_session_trades_the_words_say_today(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Nothing speaks of tonight or tomorrow when the close in question is today's."""
    scene.status = scenes.trading()
    page = await read(client, "/")
    assert f"Best buy for today{APOSTROPHE}s close" in page
    assert f"Thursday{APOSTROPHE}s closing price" in page
    assert not re.search("tomorrow|tonight", page, re.IGNORECASE)


@pytest.mark.parametrize("path", ["/", "/ranking"])
async def test_after_the_close_no_best_buy_is_offered(
    client: TestClientProtocol, scene: Scene, path: str
) -> None:
    """When the forecast session is over, its pick is past, and the next forecast has its time."""
    scene.status = scenes.closed()
    page = await read(client, path)
    assert f"Last session{APOSTROPHE}s pick" in page
    assert "best--past" in page
    assert "The next forecast comes at 16:15 ET" in page
    assert "Best buy" not in page


async def test_after_the_close_a_prediction_is_past(
    client: TestClientProtocol, scene: Scene
) -> None:
    """A stock's prediction of a session that is over says so, and when the next one comes."""
    scene.reports["AAPL"] = replace(scenes.report(), status=scenes.closed())
    page = await read(client, "/stocks/AAPL")
    assert "That session is over. The next forecast comes at 16:15 ET." in page
    assert "Where the close should have fallen" in page


async def test_an_outdated_prediction_says_for_which_session_it_is(
    client: TestClientProtocol, scene: Scene
) -> None:
    """A prediction of an earlier session is not passed off as the present one."""
    older = replace(scenes.prediction(), as_of=date(2022, 12, 27), target=scenes.AS_OF)
    scene.reports["AAPL"] = replace(scenes.report(), prediction=older, prediction_outdated=True)
    page = await read(client, "/stocks/AAPL")
    assert "Outdated" in page
    assert "Made for Wed 28 Dec 2022, which is over;" in page
    assert "the one for Thu 29 Dec 2022 is not there yet." in page
