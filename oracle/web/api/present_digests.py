"""Turns digests into the objects of the JSON interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.digest.content import percent_between
from oracle.digest.personal import choose_best
from oracle.domain.instruments import Source
from oracle.web.api.digest_resources import (
    Digest,
    DigestArchive,
    DigestOutcome,
    DigestStock,
    DigestSummary,
)
from oracle.web.api.resources import BestStock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.digest.content import DigestContent, DigestItem
    from oracle.domain.outcomes import Outcome
    from oracle.services.read_digests import ArchivedDigest
    from oracle.services.read_market_status import MarketStatus


def present_digests(digests: Sequence[DigestContent], status: MarketStatus) -> DigestArchive:
    """Return the archive as JSON shows it."""
    return DigestArchive(
        digests=tuple(_summary(content) for content in digests),
        source=status.source.provider,
        is_sample=status.is_sample,
        is_rehearsal=status.is_rehearsal,
    )


def present_digest(archived: ArchivedDigest) -> Digest:
    """Return one digest as JSON shows it."""
    content = archived.content
    best = choose_best(content)
    return Digest(
        as_of=content.session,
        target=content.target,
        best=(
            None
            if best is None
            else BestStock(best.symbol, best.reason, covers_costs=best.covers_costs)
        ),
        stocks=tuple(_stock(item, archived.outcomes.get(item.symbol)) for item in content.rows),
        model_version=content.model_version,
        source=content.source.provider,
        is_sample=content.source is Source.SAMPLE,
        is_rehearsal=content.source is Source.REHEARSAL,
    )


def _summary(content: DigestContent) -> DigestSummary:
    best = choose_best(content)
    return DigestSummary(content.session, content.target, None if best is None else best.symbol)


def _stock(item: DigestItem, outcome: Outcome | None) -> DigestStock:
    return DigestStock(
        symbol=item.symbol,
        name=item.name,
        current_price=item.price,
        price_of=item.price_of,
        predicted_price=item.predicted,
        change_percent=item.change_percent,
        lower_80=item.lower,
        upper_80=item.upper,
        mark=item.mark,
        outcome=None
        if outcome is None
        else DigestOutcome(
            close=outcome.actual,
            change_percent=percent_between(item.price, outcome.actual),
            inside_80=outcome.inside_80,
        ),
    )
