"""Older rows and newly delivered ones on one scale."""

from __future__ import annotations

import numpy as np
import pytest

from oracle.domain.prices import PriceHistory
from oracle.domain.splicing import splice_history


def history(first: int, closes: list[float], adjusted: list[float] | None = None) -> PriceHistory:
    """Return consecutive sessions from that day number on."""
    close = np.array(closes)
    return PriceHistory(
        "AAPL",
        "USD",
        np.arange(first, first + len(closes)).astype("datetime64[D]"),
        close,
        close,
        close,
        close,
        np.array(adjusted or closes),
        np.full(len(closes), 100.0),
    )


def test_rows_before_the_delivered_ones_stay() -> None:
    """What the feed no longer delivers is kept as it was while the scale is the same."""
    stored = history(0, [1.0, 2.0, 3.0, 4.0])
    spliced = splice_history(stored, history(1, [2.0, 3.0, 4.5, 5.0]))
    assert spliced.close.tolist() == [1.0, 2.0, 3.0, 4.5, 5.0]
    assert spliced.sessions.tolist() == history(0, [1.0] * 5).sessions.tolist()


def test_split_moves_the_older_rows_along() -> None:
    """After a split of 4 to 1 older prices are a quarter and older volumes fourfold."""
    spliced = splice_history(history(0, [40.0, 80.0, 84.0]), history(1, [20.0, 21.0, 22.0]))
    assert spliced.close.tolist() == [10.0, 20.0, 21.0, 22.0]
    assert spliced.volume.tolist() == [400.0, 100.0, 100.0, 100.0]


def test_dividend_moves_adjusted_closes_alone() -> None:
    """A dividend changes the older adjusted closes and leaves the closes."""
    stored = history(0, [10.0, 10.0, 10.0])
    spliced = splice_history(stored, history(1, [10.0, 10.0, 9.9], [9.9, 9.9, 9.9]))
    assert spliced.close.tolist() == [10.0, 10.0, 10.0, 9.9]
    assert spliced.adj_close.tolist() == pytest.approx([9.9, 9.9, 9.9, 9.9])


@pytest.mark.parametrize("stored", [None, history(0, [1.0, 2.0]), history(5, [1.0])])
def test_rows_that_share_no_session_are_left_out(stored: PriceHistory | None) -> None:
    """Without a common session nothing tells the scale, so only the delivered rows count."""
    delivered = history(5, [7.0, 8.0])
    assert splice_history(stored, delivered).close.tolist() == [7.0, 8.0]
