"""A subscriber's own ten, and the best buy among them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oracle.digest.content import Mark
from oracle.digest.personal import choose_best, personal_content
from oracle.domain.forecasts import LEVELS
from oracle.domain.rankings import RankedStock
from oracle.forecasting import choose_best as choose_best_of_ranking
from tests.unit.digest.contents import SYMBOLS, content, item, marked, result
from tests.web.scenes import prediction

FROZEN = content(items=(*content().items, item("AMD", score=0.9), item("BAC", score=-0.1)))


def test_without_a_choice_it_is_the_watchlist() -> None:
    """Who chose nothing gets the ten of everybody, and nothing else of what was frozen."""
    own = personal_content(FROZEN, ())
    assert own.listed == SYMBOLS
    assert {each.symbol for each in own.items} == set(SYMBOLS)
    assert not own.is_own_list


def test_a_choice_is_topped_up_from_the_watchlist() -> None:
    """Own symbols come first, the watchlist's follow in its order, ten in all, none twice."""
    own = personal_content(FROZEN, ("BAC", "KO", "AMD", "KO"))
    assert own.listed == ("BAC", "KO", "AMD", "AAPL", "MSFT", "JPM", "JNJ", "XOM", "WMT", "HD")
    assert own.is_own_list


def test_the_figures_are_the_very_same() -> None:
    """No subscriber's numbers differ from another's (I5)."""
    own = personal_content(FROZEN, ("AMD",))
    frozen = {each.symbol: each for each in FROZEN.items}
    assert all(frozen[each.symbol] is each for each in own.items)


def test_symbols_that_nobody_froze_are_left_out() -> None:
    """A stock that could not even be looked up leaves its place to the watchlist."""
    assert personal_content(FROZEN, ("ZZZZ",)).listed == SYMBOLS


def test_results_are_of_the_own_list_and_the_pick_is_everybodys() -> None:
    """Last night's results follow the list; what was named best buy then stays."""
    last = FROZEN.last_night
    assert last is not None
    frozen = replace(FROZEN, last_night=replace(last, results=(*last.results, result("AMD"))))
    own = personal_content(frozen, ("AMD",)).last_night
    assert own is not None
    assert {each.symbol for each in own.results} == {"AMD", *SYMBOLS[:9]}
    assert own.pick == last.pick


def test_the_best_is_the_highest_score_of_the_list() -> None:
    """Everybody's best is Intel; who chose AMD reads that it is ahead of Intel."""
    best = choose_best(personal_content(FROZEN, ()))
    assert best is not None
    assert best.symbol == "INTC"
    own = choose_best(personal_content(FROZEN, ("AMD", "INTC")))
    assert own is not None
    assert own.symbol == "AMD"
    assert "0.900 of half its 80 % range" in own.reason
    assert "next is INTC with 0.200" in own.reason


@pytest.mark.parametrize("score", [0.0, -0.2])
def test_nothing_that_rises_is_no_clear_buy(score: float) -> None:
    """Without an expected return above zero nothing is named."""
    assert choose_best(content(items=tuple(item(each, score=score) for each in SYMBOLS))) is None


def test_nothing_known_is_no_clear_buy() -> None:
    """Marked stocks are never named."""
    items = tuple(marked(each, Mark.ABSTAINED, "Too short.") for each in SYMBOLS)
    assert choose_best(content(items=items)) is None


@pytest.mark.parametrize(
    ("scores", "words"),
    [((0.2,), "no other stock"), ((0.2, 0.2), "practically equal"), ((0.2, 0.1), "next is")],
)
def test_the_reason_compares(scores: tuple[float, ...], words: str) -> None:
    """The words say how far ahead it is: alone, equal or in front."""
    items = tuple(item(symbol, score=each) for symbol, each in zip("AB", scores, strict=False))
    best = choose_best(content(listed=("A", "B"), items=items))
    assert best is not None
    assert words in best.reason


def test_mail_and_ranking_name_the_same_stock() -> None:
    """The digest's best of the watchlist is the ranking's, equal scores included."""
    assert len(LEVELS) == 39
    ranked = tuple(
        RankedStock(place, symbol, symbol, score, prediction(symbol))
        for place, (symbol, score) in enumerate((("HD", 0.2), ("KO", 0.2), ("XOM", 0.1)), start=1)
    )
    named = choose_best_of_ranking(ranked)
    items = tuple(item(stock.symbol, score=stock.score) for stock in reversed(ranked))
    best = choose_best(content(listed=("XOM", "KO", "HD"), items=items))
    assert named is not None
    assert best is not None
    assert best.symbol == named.symbol == "HD"
