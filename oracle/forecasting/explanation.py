"""Why a forecast is what it is, in plain sentences made from its exact parts alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

from oracle.domain.wording import write_change, write_share
from oracle.forecasting.contributions import CLOSE_PARTS, RANGE_PARTS, WIDTH_PARTS

if TYPE_CHECKING:
    from oracle.forecasting.contributions import Contributions

_NOTABLE = 0.05

_OWN = "the stock's own moves of the last weeks"
_YEAR = "the stock's moves over the past year"
_OWN_FALLS = "recent falls of the stock itself"
_MARKET = "the whole market's moves of the last weeks"
_MARKET_FALLS = "recent falls of the whole market"
_NIGHTS = "its jumps between one close and the next opening"

_SUBJECTS = dict(
    zip(
        (*CLOSE_PARTS, *RANGE_PARTS),
        (
            *(_OWN, _OWN, _OWN, _YEAR, _OWN_FALLS, _OWN_FALLS),
            *((_MARKET_FALLS,) * 3 + (_MARKET,) * 4),
            *(_OWN, _YEAR, _OWN, _OWN, _OWN, _OWN, _NIGHTS, _NIGHTS),
            *((_MARKET_FALLS,) * 3 + (_MARKET,) * 4),
        ),
        strict=True,
    )
)

_GROUPS = {
    subject: [place for place, part in enumerate(WIDTH_PARTS) if _SUBJECTS.get(part) == subject]
    for subject in (_OWN, _YEAR, _OWN_FALLS, _MARKET, _MARKET_FALLS, _NIGHTS)
}

_SURPRISES = slice(len(WIDTH_PARTS) - 2, len(WIDTH_PARTS))


class Reasons(Sequence[tuple[str, ...]]):
    """Per stock why nothing is said of it, or what drives its forecast, told when it is asked for.

    `refusals` holds a stock's sentences of refusal, empty where there is a forecast.
    """

    def __init__(self, refusals: Sequence[tuple[str, ...]], contributions: Contributions) -> None:
        self._refusals = refusals
        self._contributions = contributions

    def __len__(self) -> int:
        return len(self._refusals)

    @overload
    def __getitem__(self, index: int) -> tuple[str, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[tuple[str, ...], ...]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, ...] | tuple[tuple[str, ...], ...]:
        """Return one stock's sentences, or those of several."""
        if isinstance(index, slice):
            return tuple(self[row] for row in range(*index.indices(len(self))))
        return self._refusals[index] or explain_forecast(self._contributions, index)


def explain_forecast(contributions: Contributions, row: int) -> tuple[str, ...]:
    """Return two or three sentences: on the range, on recent surprises, on the expected return."""
    return (
        *_explain_range(contributions, row),
        *_explain_surprises(contributions, row),
        _explain_expectation(contributions, row),
    )


def _explain_range(contributions: Contributions, row: int) -> tuple[str, ...]:
    now, usual = contributions.width[row], contributions.usual_width[row]
    if now.sum() <= 0.0 or usual.sum() <= 0.0:
        return ()
    change = now.sum() / usual.sum() - 1.0
    if abs(change) < _NOTABLE:
        return ("The range is about as wide as it usually was over the past year.",)
    wider = change > 0.0
    turn, turns, size = (
        ("wider", "widens", "larger") if wider else ("narrower", "narrows", "smaller")
    )
    steps = [(float((now - usual)[parts].sum()), name) for name, parts in _GROUPS.items()]
    surprise = float((now - usual)[_SURPRISES].sum())
    steps.append((surprise, f"recent moves {size} than were expected"))
    step, subject = max(steps) if wider else min(steps)
    sentence = (
        f"The range is {write_share(100.0 * abs(change))} {turn} than its average over the past "
        f"year; what {turns} it most, by {100.0 * abs(step) / usual.sum():.0f} points, "
        f"are {subject}."
    )
    return (sentence,)


def _explain_surprises(contributions: Contributions, row: int) -> tuple[str, ...]:
    width = contributions.width[row]
    shared, own = width[_SURPRISES]
    expected = width.sum() - shared - own
    if expected <= 0.0 or abs(shared + own) < _NOTABLE * expected:
        return ()
    size = "larger" if shared + own > 0.0 else "smaller"
    sentence = (
        f"Moves lately turned out {size} than expected: next to a range that leaves this out, "
        f"those of all stocks {_say_effect(100.0 * shared / expected)}, and the stock's own "
        f"{_say_effect(100.0 * own / expected)}."
    )
    return (sentence,)


def _say_effect(percent: float) -> str:
    share = write_share(abs(percent))
    if share == write_share(0.0):
        return "hardly change this one"
    return f"make this one {share} {'wider' if percent > 0.0 else 'narrower'}"


def _explain_expectation(contributions: Contributions, row: int) -> str:
    parts = 100.0 * contributions.expected[row]
    market, own, centre = parts[0], float(np.sum(parts[1:6])), parts[6]
    return (
        f"Of the expected change, {write_change(market)} comes from the market's last move, "
        f"{write_change(own)} from the stock's own past, and {write_change(centre)} is what "
        "stocks usually gain."
    )
