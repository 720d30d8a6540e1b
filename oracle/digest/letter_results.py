"""Last night's results in words: what was predicted of the session that has just closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oracle.digest.columns import printable
from oracle.digest.letter_text import write_paragraphs, write_results_table
from oracle.domain.costs import covers_costs
from oracle.domain.formatting import change
from oracle.domain.wording import count_of, name_session_briefly, write_share

if TYPE_CHECKING:
    from oracle.digest.content import DigestContent, DigestResult, LastNight
    from oracle.digest.links import DigestLinks

_STRIP: Final = 5
"""Stocks in one line of the strip."""

_TEN: Final = 10


@dataclass(frozen=True, slots=True)
class ResultCell:
    """One settled stock in the strip: what came, and whether the range held, in a word."""

    symbol: str
    url: str
    came: str
    arrow: str
    tone: str
    word: str
    held: bool


@dataclass(frozen=True, slots=True)
class Results:
    """Last night's results: the headline, what it means, how the pick did, and every stock."""

    headline: str
    explanation: str
    pick: str
    cells: tuple[tuple[ResultCell, ...], ...]
    paragraphs: str
    table: str


def write_results(content: DigestContent, links: DigestLinks) -> Results:
    """Return last night's results of the listed stocks, or that there are none."""
    last = content.last_night
    session = name_session_briefly(content.session)
    pick = "" if last is None else _pick_sentence(last)
    if last is None or not last.results:
        explanation = (
            f"No close of {session} was predicted, so there is nothing to hold against it."
        )
        headline = "Nothing to look back on yet"
        return Results(headline, explanation, pick, (), write_paragraphs(explanation, pick), "")
    headline = f"Last night: {last.held} of {last.settled} ranges held"
    if not last.settled:
        headline = f"Last night's results are not in yet ({session})"
    count, waiting = len(last.results), len(last.results) - last.settled
    explanation = (
        f"{_say_predicted(content, count, session)} "
        f"{write_share(80)} of closes should fall into their range"
    )
    explanation += f"; {waiting} {_are(waiting)} not known yet." if waiting else "."
    cells = [_cell(result, links) for result in last.results]
    return Results(
        headline,
        explanation,
        pick,
        tuple(tuple(cells[first : first + _STRIP]) for first in range(0, len(cells), _STRIP)),
        write_paragraphs(explanation, pick),
        write_results_table(last.results),
    )


def _say_predicted(content: DigestContent, count: int, session: str) -> str:
    listed = len(content.listed)
    if count == listed:
        of_which = f"For the close of {session}, {count_of(count, 'price')}"
        return f"{of_which} {_were(count)} predicted the evening before."
    whose = "your" if content.is_own_list else "the"
    ten = "ten" if listed == _TEN else count_of(listed, "stock")
    return (
        f"Of {whose} {ten}, {count} {_were(count)} predicted the evening before, "
        f"for the close of {session}."
    )


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _pick_sentence(last: LastNight) -> str:
    if not last.was_ranked:
        return ""
    pick = last.pick
    if pick is None:
        return "No stock was named best buy then."
    name = printable(pick.name)
    expected = pick.predicted_percent
    before_costs = "" if expected is None or covers_costs(expected) else ", before costs,"
    said = f"The pick{before_costs} was {name}: predicted {change(expected).text}"
    if pick.range_held is None:
        return f"{said}; its close is not known yet."
    where = "inside" if pick.range_held else "outside"
    return f"{said}, came {change(pick.actual_percent).text}, {where} its range."


def _cell(result: DigestResult, links: DigestLinks) -> ResultCell:
    came = change(result.actual_percent)
    held = result.range_held
    return ResultCell(
        symbol=result.symbol,
        url=links.stock(result.symbol),
        came=came.text,
        arrow=came.arrow,
        tone=came.direction.value,
        word="open" if held is None else "held" if held else "missed",
        held=held is True,
    )
