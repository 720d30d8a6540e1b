"""The digest in words: what the templates of the mail put in their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oracle.digest.columns import plain, printable
from oracle.digest.content import Mark
from oracle.digest.letter_text import (
    write_best,
    write_paragraphs,
    write_results_table,
    write_rows_table,
)
from oracle.digest.personal import choose_best
from oracle.domain.formatting import change, decimal, money
from oracle.domain.instruments import Source
from oracle.domain.wording import count_of, name_session, name_session_briefly, write_share

if TYPE_CHECKING:
    from oracle.digest.content import DigestContent, DigestItem, DigestResult, LastNight
    from oracle.digest.links import DigestLinks

_PREFIXES: Final = {Source.SAMPLE: "Sample data: ", Source.REHEARSAL: "Rehearsal: "}
_NOTES: Final = {
    Source.SAMPLE: "Sample data, not live. Old closes, adjusted for dividends.",
    Source.REHEARSAL: "Rehearsal, not live. These prices are not real.",
}
_STRIP: Final = 5
"""Stocks in one line of the strip."""

NO_PICK: Final = "No clear buy tonight"


@dataclass(frozen=True, slots=True)
class Figures:
    """A stock's figures as they are written. `tone` is `up`, `down`, `unchanged` or `unknown`."""

    symbol: str
    name: str
    url: str
    price: str
    price_of: str
    predicted: str
    change: str
    arrow: str
    tone: str
    lower: str
    upper: str
    note: str
    is_best: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """The best buy's 80 % range as a bar: whole per cent of its length, from left to right.

    `first` and `second` name what the two ticks stand for: `close` or `predicted`.
    """

    before: int
    first: str
    between: int
    second: str
    after: int


@dataclass(frozen=True, slots=True)
class Best:
    """The best buy, with the reason and what moved its prediction."""

    figures: Figures
    reason: str
    drivers: tuple[str, ...]
    bar: Bar


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


@dataclass(frozen=True, slots=True)
class DigestLetter:
    """Everything that the templates of the mail `digest` show."""

    subject: str
    preheader: str
    note: str
    session: str
    target: str
    short_target: str
    results: Results
    best: Best | None
    best_text: str
    no_pick: str
    list_name: str
    warning: str
    rows: tuple[Figures, ...]
    table: str
    links: DigestLinks


def write_letter(content: DigestContent, links: DigestLinks) -> DigestLetter:
    """Return the letter of that content, which is a subscriber's own or the watchlist's."""
    chosen = choose_best(content)
    best_symbol = "" if chosen is None else chosen.symbol
    rows = tuple(
        _figures(item, content, links, is_best=item.symbol == best_symbol) for item in content.rows
    )
    best = None
    if chosen is not None:
        item = next(each for each in content.rows if each.symbol == chosen.symbol)
        figures = next(row for row in rows if row.is_best)
        best = Best(figures, chosen.reason, item.reasons, _bar(item))
    results = _results(content.last_night, content, links)
    missing = len(content.listed) - content.current
    return DigestLetter(
        subject=subject_of(content),
        preheader=plain(f"{results.headline}. {results.pick}".rstrip(". ") + "."),
        note=_NOTES.get(content.source, ""),
        session=name_session(content.session),
        target=name_session(content.target),
        short_target=name_session_briefly(content.target),
        results=results,
        best=best,
        best_text="" if best is None else write_best(best.figures, best.reason, best.drivers),
        no_pick=NO_PICK,
        list_name="Your stocks" if content.is_own_list else "Tonight's ten",
        warning=(
            f"Of {count_of(missing, 'stock')} the close of {name_session_briefly(content.session)} "
            "is not in yet; marked below."
            if missing
            else ""
        ),
        rows=rows,
        table=write_rows_table(rows),
        links=links,
    )


def subject_of(content: DigestContent) -> str:
    """Return the subject, which carries the fact: the pick with its range, or that there is none.

    It is in one line, and says first where prices are not live.
    """
    prefix = _PREFIXES.get(content.source, "")
    best = choose_best(content)
    item = None if best is None else next(i for i in content.rows if i.symbol == best.symbol)
    if item is None or item.price is None or item.lower is None or item.upper is None:
        return f"{prefix}{NO_PICK}"
    ends = (_signed(100.0 * (end / item.price - 1.0)) for end in (item.lower, item.upper))
    fact = f"{_signed(item.change_percent)} % (range {' to '.join(ends)})"
    return plain(f"{prefix}Tonight's pick: {printable(item.name)[:60]} {fact}")


def _signed(value: float | None) -> str:
    text = decimal(value, 1)
    return f"+{text}" if value is not None and value > 0.0 and text.strip("0.") else text


def _figures(
    item: DigestItem, content: DigestContent, links: DigestLinks, *, is_best: bool
) -> Figures:
    shown = change(item.change_percent)
    note = ""
    if item.mark is not Mark.NONE:
        note = " ".join(item.reasons) or "Nothing can be said of it."
    of_another = item.price_of is not None and item.price_of != content.session
    return Figures(
        symbol=item.symbol,
        name=printable(item.name) or item.symbol,
        url=links.stock(item.symbol),
        price=money(item.price, item.currency),
        price_of=name_session_briefly(item.price_of) if item.price_of and of_another else "",
        predicted=money(item.predicted, item.currency),
        change=shown.text,
        arrow=shown.arrow,
        tone=shown.direction.value,
        lower=money(item.lower, item.currency),
        upper=money(item.upper, item.currency),
        note=printable(note),
        is_best=is_best,
    )


def _bar(item: DigestItem) -> Bar:
    lower, upper, price, predicted = item.lower, item.upper, item.price, item.predicted
    if lower is None or upper is None or price is None or predicted is None or upper <= lower:
        return Bar(48, "close", 2, "predicted", 48)
    ends = sorted(((price, "close"), (predicted, "predicted")))
    first, second = (
        round(100.0 * min(1.0, max(0.0, (value - lower) / (upper - lower)))) for value, _ in ends
    )
    # Both ticks stay within the bar, and apart.
    first = min(first, 96)
    second = min(max(second, first + 2), 98)
    return Bar(first, ends[0][1], second - first, ends[1][1], 100 - second)


def _results(last: LastNight | None, content: DigestContent, links: DigestLinks) -> Results:
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
        f"For the close of {session}, {count_of(count, 'price')} {_were(count)} predicted the "
        f"evening before. {write_share(80)} of closes should fall into their range"
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
    said = f"The pick was {name}: predicted {change(pick.predicted_percent).text}"
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
