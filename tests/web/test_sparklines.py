"""Small pictures of closes: their geometry and their words."""

from __future__ import annotations

from oracle.web.sparklines import HEIGHT, draw_sparkline
from tests.web import scenes


def test_a_line_goes_from_the_first_close_to_the_last() -> None:
    """It has one step per session, stays in its box, and is told in words."""
    drawn = draw_sparkline(scenes.history((100.0, 110.0, 105.0)), "USD")
    assert drawn is not None
    assert drawn.line == f"M0 {HEIGHT - 4}l4-48 4 24"
    assert drawn.width == 8
    assert drawn.summary.replace("\N{NARROW NO-BREAK SPACE}", " ") == (
        "Last 3 closes: +5.00 %, lowest $100.00, highest $110.00"
    )


def test_a_price_that_stands_still_is_a_level_line() -> None:
    """Without any change the line lies in the middle."""
    drawn = draw_sparkline(scenes.history((50.0, 50.0)), "USD")
    assert drawn is not None
    assert drawn.line == f"M0 {HEIGHT // 2}l4 0"


def test_too_few_closes_have_no_picture() -> None:
    """One close or none makes no line, and what the feed did not give counts for nothing."""
    assert draw_sparkline(None, "USD") is None
    assert draw_sparkline(scenes.history((50.0,)), "USD") is None
    assert draw_sparkline(scenes.history((50.0, float("nan"))), "USD") is None


def test_no_more_than_sixty_sessions_are_drawn() -> None:
    """However long the history is."""
    drawn = draw_sparkline(scenes.history(), "USD")
    assert drawn is not None
    assert drawn.summary.startswith("Last 60 closes")
