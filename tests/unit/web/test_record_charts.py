"""The record's pictures: where things stand in them, and what they say in words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from oracle.domain.track_record import BestBuyValue, Coverage, Estimate, RollingCoverage
from oracle.web.record_charts import draw_best_buys, draw_coverage, draw_reliability

FIRST = date(2022, 1, 3)


def test_what_is_calibrated_lies_on_the_diagonal() -> None:
    """A level that held as often as stated is as far across as up, its interval around it."""
    diagram = draw_reliability(
        [
            Coverage(0.5, Estimate(0.5, 0.45, 0.55)),
            Coverage(0.8, Estimate(0.7)),
            Coverage(0.95, Estimate(0.95, 0.94, 0.96)),
        ]
    )
    calibrated, too_narrow, _ = diagram.dots
    assert calibrated.across == pytest.approx(100.0 - calibrated.down)
    assert calibrated.top < calibrated.down < calibrated.bottom
    assert too_narrow.down > 100.0 - too_narrow.across
    assert too_narrow.top == too_narrow.down == too_narrow.bottom
    assert "80\u202f% stated, 70.0\u202f% observed" in diagram.summary


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_every_share_lies_in_the_picture(share: float) -> None:
    """The axis reaches as far down as any share or its interval does."""
    diagram = draw_reliability([Coverage(0.8, Estimate(share, max(0.0, share - 0.1), share))])
    (dot,) = diagram.dots
    assert 0.0 <= dot.top <= dot.down <= dot.bottom <= 100.0
    assert all(0.0 <= tick.position <= 100.0 for tick in diagram.down_ticks)


def test_coverage_over_time_stands_beside_what_it_should_be() -> None:
    """The line falls and rises with the share; 80 % is marked and named on the axis."""
    chart = draw_coverage(
        [
            RollingCoverage(FIRST + timedelta(days=day), share)
            for day, share in enumerate((0.7, 0.9))
        ]
    )
    assert chart is not None
    assert chart.lines == ("M0.0 300.0L1000.0 0.0",)
    assert chart.reference == pytest.approx(50.0)
    assert "80\u202f%" in [tick.text for tick in chart.down_ticks]
    assert chart.summary == (
        "From Mon 3 Jan 2022 to Tue 4 Jan 2022: the 80\u202f% range held between 70\u202f% and "
        "90\u202f% of the closes, last 90\u202f%."
    )


def test_best_buys_are_drawn_beside_all_and_the_hundred_they_began_with() -> None:
    """The best buys come last, and so over the others; the words name both ends."""
    chart = draw_best_buys(
        [
            BestBuyValue(FIRST, 100.0, 100.0),
            BestBuyValue(FIRST + timedelta(days=1), 90.0, 110.0),
        ]
    )
    assert chart is not None
    assert chart.lines == ("M0.0 150.0L1000.0 0.0", "M0.0 150.0L1000.0 300.0")
    assert "90.00 in the best buys after costs, and 110.00 in all" in chart.summary


def test_one_point_is_no_line() -> None:
    """A picture that would hold a single point is left out."""
    assert draw_coverage([RollingCoverage(FIRST, 0.8)]) is None
    assert draw_best_buys([BestBuyValue(FIRST, 100.0, 100.0)]) is None


def test_values_that_do_not_move_are_drawn_in_the_middle_of_an_axis() -> None:
    """Where every value is the same the axis still has a height."""
    chart = draw_coverage([RollingCoverage(FIRST + timedelta(days=day), 0.8) for day in range(3)])
    assert chart is not None
    assert 0.0 <= chart.reference <= 100.0
    assert len(chart.down_ticks) > 1


def test_months_are_named_where_they_fit() -> None:
    """A year has a few names of months, none at the picture's edges."""
    chart = draw_coverage([RollingCoverage(FIRST + timedelta(days=day), 0.8) for day in range(365)])
    assert chart is not None
    assert 2 <= len(chart.time_ticks) <= 4
    assert all(10.0 < tick.position < 90.0 for tick in chart.time_ticks)
