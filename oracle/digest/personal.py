"""A subscriber's own digest, cut out of what the run froze."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from oracle.digest.content import BestBuy
from oracle.domain.costs import covers_costs, warn_of_costs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.digest.content import DigestContent, DigestItem

LISTED: Final = 10


def personal_content(content: DigestContent, symbols: Sequence[str]) -> DigestContent:
    """Return the digest of a subscriber with these symbols, topped up to ten from the watchlist.

    Symbols that the content does not know are left out. The figures are the very same. Last
    night's best buy is that of the watchlist, which is what was named then.
    """
    known = {item.symbol for item in content.items}
    own = tuple(dict.fromkeys(symbol for symbol in symbols if symbol in known))[:LISTED]
    listed = own + tuple(symbol for symbol in content.listed if symbol not in own)
    shown = frozenset(listed[:LISTED])
    last_night = content.last_night
    if last_night is not None:
        results = tuple(each for each in last_night.results if each.symbol in shown)
        last_night = replace(last_night, results=results)
    return replace(
        content,
        listed=listed[:LISTED],
        items=tuple(item for item in content.items if item.symbol in shown),
        last_night=last_night,
        is_own_list=bool(own),
    )


def choose_best(content: DigestContent) -> BestBuy | None:
    """Return the listed stock with the highest score, or None if nothing is expected to rise.

    Of the watchlist it is the one that its ranking names, as both order by the same scores.
    """
    scored = [(item, item.score) for item in content.rows if item.score is not None]
    if not scored or scored[0][1] <= 0.0:
        return None
    best = scored[0][0]
    expected = best.change_percent
    costs = "" if expected is None else warn_of_costs(expected)
    return BestBuy(
        best.symbol,
        " ".join(filter(None, (_reason(scored), costs))),
        covers_costs=expected is not None and covers_costs(expected),
    )


def _reason(scored: Sequence[tuple[DigestItem, float]]) -> str:
    score = scored[0][1]
    ahead = f"Its expected return is {score:.3f} of half its 80 % range"
    if len(scored) == 1:
        return f"{ahead}; no other stock could be ranked."
    runner_up, next_score = scored[1]
    if f"{score:.3f}" == f"{next_score:.3f}":
        return f"{ahead}, practically equal to that of {runner_up.symbol}, which is next."
    return f"{ahead}, the most of this list; next is {runner_up.symbol} with {next_score:.3f}."
