"""The digest in words: what the templates of the mail put in their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oracle.digest.columns import fold, plain, printable
from oracle.digest.content import Mark
from oracle.digest.letter_results import Results, write_results
from oracle.digest.letter_text import write_best, write_rows_table
from oracle.digest.personal import choose_best
from oracle.domain.formatting import change, decimal, money
from oracle.domain.instruments import Source
from oracle.domain.wording import count_of, name_session, name_session_briefly

if TYPE_CHECKING:
    from oracle.digest.content import DigestContent, DigestItem
    from oracle.digest.links import DigestLinks

_PREFIXES: Final = {Source.SAMPLE: "Sample data: ", Source.REHEARSAL: "Rehearsal: "}
_NOTES: Final = {
    Source.SAMPLE: "Sample data, not live. Old closes, adjusted for dividends.",
    Source.REHEARSAL: "Rehearsal, not live. These prices are not real.",
}
_LABELS: Final = ("Best buy", "Best buy")
_LABELS_BEFORE_COSTS: Final = ("Best buy, before costs", "Best, before costs")

NO_PICK: Final = "No clear buy tonight"
NO_FORECAST: Final = "No forecast tonight"


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
    """The best buy, with the reason and what moved its prediction.

    Both labels, of the card and of its row, say so where buying and selling costs more than the
    expected rise.
    """

    label: str
    short_label: str
    figures: Figures
    reason: str
    drivers: tuple[str, ...]
    bar: Bar


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
    no_pick_reason: str
    no_pick_text: str
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
    target = name_session_briefly(content.target)
    if chosen is not None:
        item = next(each for each in content.rows if each.symbol == chosen.symbol)
        figures = next(row for row in rows if row.is_best)
        labels = _LABELS if chosen.covers_costs else _LABELS_BEFORE_COSTS
        best = Best(*labels, figures, chosen.reason, item.reasons, _bar(item))
    results = write_results(content, links)
    no_pick_reason = _say_no_pick(content, target)
    # A stock without any price is not late: what is wrong with it stands in its row.
    late = sum(item.price_of not in {None, content.session} for item in content.rows)
    return DigestLetter(
        subject=subject_of(content),
        preheader=plain(f"{results.headline}. {results.pick}".rstrip(". ") + "."),
        note=_NOTES.get(content.source, ""),
        session=name_session(content.session),
        target=name_session(content.target),
        short_target=target,
        results=results,
        best=best,
        best_text="" if best is None else write_best(best.figures, best.reason, best.drivers),
        no_pick=NO_PICK if content.is_ranked else NO_FORECAST,
        no_pick_reason=no_pick_reason,
        no_pick_text=fold(no_pick_reason),
        list_name="Your stocks" if content.is_own_list else "Tonight's ten",
        warning=(
            f"Of {count_of(late, 'stock')} the close of {name_session_briefly(content.session)} "
            "is not in yet; marked below."
            if late
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
    if not content.is_ranked:
        return f"{prefix}{NO_FORECAST}"
    best = choose_best(content)
    item = None if best is None else next(i for i in content.rows if i.symbol == best.symbol)
    if (
        best is None
        or item is None
        or item.price is None
        or item.lower is None
        or item.upper is None
    ):
        return f"{prefix}{NO_PICK}"
    ends = (_signed(100.0 * (end / item.price - 1.0)) for end in (item.lower, item.upper))
    said, expected = "Tonight's pick", _signed(item.change_percent)
    if not best.covers_costs:
        said, expected = "Tonight's best, before costs", _signed(item.change_percent, 2)
        if not expected.startswith("+"):
            expected = "under +0.01"
    fact = f"{printable(item.name)[:60]} {expected} % (range {' to '.join(ends)})"
    return plain(f"{prefix}{said}: {fact}")


def _say_no_pick(content: DigestContent, target: str) -> str:
    if content.is_ranked:
        return (
            f"No stock of this list is expected to rise by the close of {target}. "
            "Saying so is the honest answer."
        )
    return (
        f"None of these could be forecast for the close of {target}. That says nothing about the "
        "stocks themselves; each row below says why."
    )


def _signed(value: float | None, places: int = 1) -> str:
    text = decimal(value, places)
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
