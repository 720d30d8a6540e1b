"""What a digest's run freezes, and how exactly."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.digest.content import DigestContent, DigestItem, DigestResult, LastNight, Mark
from oracle.domain.instruments import Source
from tests.unit.digest.contents import SESSION, content, item, marked, result

PRICES = st.floats(min_value=1e-4, max_value=1e6, allow_nan=False)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
TEXTS = st.text(max_size=40)
ITEMS = st.builds(
    DigestItem,
    symbol=TEXTS,
    name=TEXTS,
    currency=st.just("USD"),
    price=st.none() | PRICES,
    price_of=st.none() | DAYS,
    predicted=st.none() | PRICES,
    lower=st.none() | PRICES,
    upper=st.none() | PRICES,
    score=st.none() | st.floats(-10, 10),
    mark=st.sampled_from(Mark),
    reasons=st.lists(TEXTS, max_size=3).map(tuple),
)
RESULTS = st.builds(
    DigestResult,
    symbol=TEXTS,
    name=TEXTS,
    currency=st.just("USD"),
    price=PRICES,
    predicted=PRICES,
    lower=PRICES,
    upper=PRICES,
    actual=st.none() | PRICES,
)
CONTENTS = st.builds(
    DigestContent,
    source=st.sampled_from(Source),
    session=DAYS,
    target=DAYS,
    model_version=TEXTS,
    listed=st.lists(TEXTS, max_size=4).map(tuple),
    items=st.lists(ITEMS, max_size=4).map(tuple),
    last_night=st.none()
    | st.builds(
        LastNight,
        as_of=DAYS,
        was_ranked=st.booleans(),
        pick=st.none() | RESULTS,
        results=st.lists(RESULTS, max_size=3).map(tuple),
    ),
    is_own_list=st.booleans(),
)


@given(CONTENTS)
def test_what_was_frozen_comes_back_to_the_last_digit(frozen: DigestContent) -> None:
    """Written as JSON and read again, a content is the same value; so is its JSON."""
    text = frozen.to_json()
    assert DigestContent.from_json(text) == frozen
    assert DigestContent.from_json(text).to_json() == text


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"form":2}', '{"form":1}', content().to_json().replace("yahoo", "?")],
)
def test_anything_else_is_refused(text: str) -> None:
    """What is no content, or one of a form to come, is a ValueError and never half a digest."""
    with pytest.raises(ValueError, match="not the content of a digest"):
        DigestContent.from_json(text)


def test_numbers_that_are_none_cannot_be_frozen() -> None:
    """A price that is no number stops the run before anything is mailed."""
    spoiled = content(items=(replace(item("AAPL"), price=float("nan")),))
    with pytest.raises(ValueError, match="JSON"):
        spoiled.to_json()


def test_json_names_sessions_as_dates() -> None:
    """Whoever reads the stored run by hand finds days, not numbers of seconds."""
    assert json.loads(content().to_json())["session"] == SESSION.isoformat()


def test_rows_are_the_best_first_and_marked_ones_last() -> None:
    """The listed stocks stand by their score; equal ones by symbol; others are left out."""
    rows = content(
        listed=("AAPL", "KO", "MSFT", "HD", "ZZZZ"),
        items=(
            marked("AAPL", Mark.ABSTAINED, "Too short."),
            item("MSFT", score=0.1),
            item("KO", score=0.3),
            item("HD", score=0.1),
            item("AMD", score=0.9),
        ),
    ).rows
    assert [row.symbol for row in rows] == ["KO", "HD", "MSFT", "AAPL"]


def test_current_counts_closes_of_the_session() -> None:
    """An older price does not count, one of which nothing is said does: its close is in."""
    frozen = content(
        listed=("AAPL", "KO", "HD"),
        items=(
            item("AAPL"),
            marked("KO", Mark.MISSING, "Not in yet."),
            marked("HD", Mark.ABSTAINED, "Too short."),
        ),
    )
    assert frozen.current == 2


def test_a_range_holds_with_its_ends() -> None:
    """A close on the very end of a range is inside; without a close there is nothing to say."""
    inside = replace(result("KO"), actual=98.5)
    assert inside.range_held is True
    assert replace(inside, actual=98.49).range_held is False
    assert replace(inside, actual=None).range_held is None
    last = LastNight(SESSION, was_ranked=True, pick=None, results=(inside, result("HD", came=None)))
    assert (last.held, last.settled) == (1, 1)
