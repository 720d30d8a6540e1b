"""Use case: who the stocks are that pages offer as links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.instruments import Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oracle.domain.instruments import Instrument
    from oracle.services.dependencies import Dependencies


def list_instruments(deps: Dependencies, symbols: Iterable[str]) -> tuple[Instrument, ...]:
    """Return those of the symbols that the directory knows, in the order given; asks no feed."""
    found = (deps.directory.find_instrument(symbol) for symbol in symbols)
    return tuple(instrument for instrument in found if instrument is not None)


def list_sample_market(deps: Dependencies) -> tuple[Instrument, ...]:
    """Return every stock of the sample market; none on other markets, which have thousands."""
    return list_instruments(deps, deps.pool) if deps.feed.source is Source.SAMPLE else ()
