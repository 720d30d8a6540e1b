"""The archive of digests: its list, and one digest with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.digest.content import Mark, percent_between
from oracle.digest.personal import choose_best
from oracle.web import formatting
from oracle.web.contexts.marking import SOURCE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.digest.content import DigestContent, DigestItem
    from oracle.domain.outcomes import Outcome
    from oracle.services.read_digests import ArchivedDigest
    from oracle.web.formatting import Change


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """One digest of the list: its session, and what it named best buy, if anything.

    `is_before_costs`: less was expected of that than buying and selling it costs.
    """

    address: str
    session: str
    target: str
    best: str
    best_symbol: str
    is_before_costs: bool
    change: Change | None


@dataclass(frozen=True, slots=True)
class DigestsPage:
    """The page `/digests`; without entries it names what can be read instead."""

    target: str
    entries: tuple[DigestEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class DigestRow:
    """One stock as the digest said it, and what came. `verdict` is a word, empty while open."""

    symbol: str
    name: str
    price: str
    predicted: str
    change: Change
    lower: str
    upper: str
    note: str
    actual: str
    came: Change
    verdict: str
    is_best: bool


@dataclass(frozen=True, slots=True)
class DigestPage:
    """The page of one session's digest. `settled` says in words how much of it is known.

    `covers_costs`: more was expected of the best buy than buying and selling it costs;
    `is_ranked`: anything could be said of any stock.
    """

    address: str
    session: str
    target: str
    best: DigestRow | None
    reason: str
    covers_costs: bool
    is_ranked: bool
    rows: tuple[DigestRow, ...]
    settled: str
    model_version: str
    source: str


def build_digests_page(digests: Sequence[DigestContent], *, target: str) -> DigestsPage:
    """Return the list, newest first; `target` is what is forecast now."""
    return DigestsPage(target, tuple(_entry(content) for content in digests))


def build_digest_page(archived: ArchivedDigest) -> DigestPage:
    """Return the digest as it was sent to those without a list of their own, and what came."""
    content = archived.content
    best = choose_best(content)
    rows = tuple(
        _row(
            item,
            archived.outcomes.get(item.symbol),
            is_best=best is not None and item.symbol == best.symbol,
        )
        for item in content.rows
    )
    return DigestPage(
        address=address_of(content),
        session=formatting.session(content.session),
        target=formatting.session(content.target),
        best=next((row for row in rows if row.is_best), None),
        reason="" if best is None else best.reason,
        covers_costs=best is not None and best.covers_costs,
        is_ranked=content.is_ranked,
        rows=rows,
        settled=_say_settled(rows, formatting.session(content.target)),
        model_version=content.model_version,
        source=SOURCE_NAMES[content.source],
    )


def address_of(content: DigestContent) -> str:
    """Return the path of the digest's page."""
    return f"/digests/{content.session.isoformat()}"


def _entry(content: DigestContent) -> DigestEntry:
    best = choose_best(content)
    item = None
    name = "No clear buy" if content.is_ranked else "None could be forecast"
    if best is not None:
        item = next(each for each in content.rows if each.symbol == best.symbol)
    return DigestEntry(
        address=address_of(content),
        session=formatting.session(content.session),
        target=formatting.session(content.target),
        best=name if item is None else item.name,
        best_symbol="" if item is None else item.symbol,
        is_before_costs=best is not None and not best.covers_costs,
        change=None if item is None else formatting.change(item.change_percent),
    )


def _row(item: DigestItem, outcome: Outcome | None, *, is_best: bool) -> DigestRow:
    currency = item.currency
    actual = None if outcome is None else outcome.actual
    verdict = ""
    if outcome is not None and item.mark is Mark.NONE:
        verdict = "held" if outcome.inside_80 else "missed"
    return DigestRow(
        symbol=item.symbol,
        name=item.name,
        price=formatting.money(item.price, currency),
        predicted=formatting.money(item.predicted, currency),
        change=formatting.change(item.change_percent),
        lower=formatting.money(item.lower, currency),
        upper=formatting.money(item.upper, currency),
        note="" if item.mark is Mark.NONE else " ".join(item.reasons),
        actual=formatting.money(actual, currency),
        came=formatting.change(percent_between(item.price, actual)),
        verdict=verdict,
        is_best=is_best,
    )


def _say_settled(rows: Sequence[DigestRow], target: str) -> str:
    settled = [row for row in rows if row.verdict]
    if not settled:
        return f"Its session, {target}, is not settled yet."
    held = sum(row.verdict == "held" for row in settled)
    level = formatting.level(0.8)
    return f"{held} of {len(settled)} closes of {target} fell into their {level} range."
