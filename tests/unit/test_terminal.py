"""What the terminal says of a ranking's best."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from oracle.terminal import render_ranking
from oracle.web.design import examples

if TYPE_CHECKING:
    from oracle.domain.rankings import Ranking


def show(ranking: Ranking) -> str:
    """Return what is printed of the ranking."""
    written = StringIO()
    render_ranking(Console(file=written, width=100), ranking)
    return written.getvalue()


@pytest.mark.parametrize(("rise", "is_before_costs"), [(0.004, False), (0.0004, True)])
def test_a_best_that_costs_more_than_it_gains_says_so(rise: float, is_before_costs: bool) -> None:  # noqa: FBT001
    """The frame around the best buy carries the word."""
    shown = show(examples.ranking(rise=rise))
    assert "Best buy" in shown
    assert ("Best buy, before costs" in shown) is is_before_costs


def test_nothing_forecast_is_not_called_nothing_to_buy() -> None:
    """A ranking of nothing says so; one in which nothing is expected to rise has no clear buy."""
    assert "No clear buy tonight." in show(examples.ranking(best=False))
    nothing = show(replace(examples.ranking(best=False), stocks=()))
    assert "None of these could be forecast." in nothing
    assert "No clear buy" not in nothing
