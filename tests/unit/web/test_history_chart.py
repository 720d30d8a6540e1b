"""The server's picture of a stock's last half year: closes, fan, past predictions, words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from math import nan
from typing import TYPE_CHECKING

import pytest

from oracle.domain.forecasts import Origin
from oracle.services.list_past_predictions import PastPredictions
from oracle.web.api.present_history import present_history
from oracle.web.charts import HEIGHT, WIDTH
from oracle.web.history_chart import LETTER_WIDTH, SESSIONS_SHOWN, draw_history
from tests.web import scenes

if TYPE_CHECKING:
    from oracle.domain.outcomes import SettledPrediction
    from oracle.web.history_chart import HistoryChart


def draw(
    closes: list[float] | None = None,
    *,
    predicted: bool = False,
    past: tuple[SettledPrediction, ...] = (),
) -> HistoryChart | None:
    """Return the picture of these closes, or of a gentle wave."""
    report = replace(scenes.report(), history=scenes.history(closes or ()))
    if not predicted:
        report = replace(report, prediction=None)
    settled = PastPredictions(Origin.LIVE, "test-1", past) if past else None
    return draw_history(present_history(report, settled))


def places(path: str) -> list[tuple[float, float]]:
    """Return the corners of a path of M and L."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](\S+?) ([\d.]+)", path)]


def test_the_line_spans_the_picture_and_ignores_gaps() -> None:
    """The line runs from edge to edge; a missing close is left out, not drawn as zero."""
    chart = draw([10.0, nan, 12.0, 11.0])
    assert chart is not None
    assert [x for x, _ in places(chart.line)] == [0.0, WIDTH / 2, WIDTH]
    assert (chart.fan, chart.strip) == (None, None)
    assert chart.summary.endswith("lowest $10.00, highest $12.00, last $11.00.")


def test_half_a_year_is_shown() -> None:
    """Older closes are for the interactive chart and the file."""
    chart = draw()
    assert chart is not None
    assert len(places(chart.line)) == SESSIONS_SHOWN


@pytest.mark.parametrize("closes", [[5.0, 5.0, 5.0], [0.01, 0.02], [1e6, 2e6]])
def test_odd_prices_still_make_a_picture(closes: list[float]) -> None:
    """Flat, tiny and huge prices get ticks within the picture."""
    chart = draw(closes, predicted=True)
    assert chart is not None
    assert chart.price_ticks
    assert all(0 <= tick.position <= 100 for tick in chart.price_ticks)


@pytest.mark.parametrize("close", [1.0, 150.0, 6e5])
def test_prices_beside_the_picture_have_their_room(close: float) -> None:
    """The room beside the picture grows with the longest price that stands there."""
    chart = draw([close, close * 1.2])
    assert chart is not None
    longest = max(len(tick.text) for tick in chart.price_ticks)
    assert chart.label_width == LETTER_WIDTH * longest


def test_too_few_closes_make_no_picture() -> None:
    """One close, or none, is no line."""
    assert draw([10.0]) is None
    assert draw([nan, nan]) is None


def test_the_fan_opens_from_the_last_close() -> None:
    """Three bands, widest first, begin where the line ends, within the picture, one in another."""
    chart = draw(predicted=True)
    assert chart is not None
    assert chart.fan is not None
    end = places(chart.line)[-1]
    assert end[0] < WIDTH
    assert [band.level for band in chart.fan.bands] == [95, 80, 50]
    spans = []
    for band in chart.fan.bands:
        start, (_, upper) = places(band.path)
        lower = float(band.path.partition("V")[2].removesuffix("Z"))
        assert start == end
        assert 0.0 <= upper < lower <= HEIGHT
        spans.append((upper, lower))
    for wide, narrow in pairwise(spans):
        assert wide[0] < narrow[0] < narrow[1] < wide[1]
    middle = places(chart.fan.line)[-1][1]
    assert spans[-1][0] < middle < spans[-1][1]
    assert chart.fan.label == "Thu 29 Dec"
    assert "Predicted for Thu 29 Dec: $" in chart.summary


def test_the_fan_follows_a_split() -> None:
    """A prediction stored on the scale before a split is drawn on the scale of the closes."""
    report = scenes.report()
    assert report.prediction is not None
    assert report.history is not None
    last = float(report.history.close[-1])
    before = scenes.prediction(price=4 * last)
    one = draw_history(present_history(replace(report, prediction=before), None))
    other = draw_history(
        present_history(replace(report, prediction=scenes.prediction(price=last)), None)
    )
    assert one is not None
    assert other is not None
    assert one.fan == other.fan


def test_a_prediction_that_is_over_is_no_outlook() -> None:
    """Only what was made from the very last close is drawn as coming."""
    report = scenes.report()
    assert report.prediction is not None
    older = replace(report.prediction, as_of=scenes.AS_OF.replace(day=27))
    for prediction in (older, scenes.abstention()):
        chart = draw_history(present_history(replace(report, prediction=prediction), None))
        assert chart is not None
        assert chart.fan is None
        assert "Predicted" not in chart.summary


def test_hits_and_misses_differ_in_height_and_in_words() -> None:
    """Each past prediction has a tick below its session: a miss taller than a hit, and counted."""
    hit = scenes.settled(target=scenes.AS_OF)
    assert hit.outcome is not None
    missed = scenes.settled(target=scenes.AS_OF.replace(day=27))
    missed = replace(missed, outcome=replace(hit.outcome, inside_80=False))
    chart = draw(past=(missed, hit))
    assert chart is not None
    assert chart.strip is not None
    (last, before) = places(chart.line)[-1], places(chart.line)[-2]
    assert re.fullmatch(rf"M{last[0]} {HEIGHT}v-(\d+)", chart.strip.hits)
    assert re.fullmatch(rf"M{before[0]} {HEIGHT}v-(\d+)", chart.strip.misses)
    short, tall = (int(path.rpartition("-")[2]) for path in (chart.strip.hits, chart.strip.misses))
    assert short < tall
    assert max(y for _, y in places(chart.line)) <= HEIGHT - tall
    assert [dot.is_hit for dot in chart.dots] == [False, True]
    assert [dot.across for dot in chart.dots] == [before[0] / 10, last[0] / 10]
    assert all(0 < dot.down < 100 for dot in chart.dots)
    assert "Of 2 closes that were predicted 1 fell into" in chart.summary


def test_no_name_stands_where_the_predicted_session_has_its_own() -> None:
    """The names of months leave room for the fan's, more of it on a phone."""
    given = present_history(scenes.report(), None)
    assert given.prediction is not None
    for days in range(90):
        shift = timedelta(days=days)
        closes = tuple(replace(each, session=each.session - shift) for each in given.closes)
        prediction = replace(given.prediction, as_of=closes[-1].session)
        chart = draw_history(replace(given, closes=closes, prediction=prediction))
        alone = draw_history(replace(given, closes=closes, prediction=None))
        assert chart is not None
        assert alone is not None
        assert chart.fan is not None
        both, wide = (
            [tick.position for tick in ticks] for ticks in (chart.time_ticks, chart.wide_ticks)
        )
        assert all(4 < place < chart.fan.end - 42 for place in both)
        assert all(4 < place < chart.fan.end - 18 for place in wide)
        assert all(after - place > 30 for place, after in pairwise(both))
        assert 3 <= len(both + wide) <= len(alone.time_ticks + alone.wide_ticks)
