"""Which of Yahoo's instruments are forecast: US-listed shares and funds in US dollars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.domain.errors import FeedRejected, InvalidSymbol, UnsupportedInstrument
from oracle.domain.instruments import Instrument, parse_symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

US_EXCHANGES = {
    "ASE": "NYSE American",
    "BTS": "Cboe BZX",
    "NCM": "NASDAQ",
    "NGM": "NASDAQ",
    "NMS": "NASDAQ",
    "NYQ": "NYSE",
    "PCX": "NYSE Arca",
}
"""Yahoo's codes of the exchanges that keep the sessions of New York, with their names."""

OVER_THE_COUNTER = frozenset({"OEM", "OQB", "OQX", "OTC", "PNK"})

KINDS = frozenset({"EQUITY", "ETF"})

KIND_NAMES = {
    "CRYPTOCURRENCY": "a cryptocurrency",
    "CURRENCY": "an exchange rate",
    "FUTURE": "a future",
    "INDEX": "an index",
    "MUTUALFUND": "a mutual fund that no exchange trades",
    "OPTION": "an option",
}


def read_instrument(symbol: str, meta: Mapping[str, Any]) -> Instrument:
    """Return the instrument that a chart's metadata describes.

    Raises UnsupportedInstrument, with a sentence that says why, or FeedRejected when the
    metadata does not say what it is.
    """
    kind = str(meta.get("instrumentType") or "")
    exchange = str(meta.get("exchangeName") or "")
    currency = str(meta.get("currency") or "")
    if kind and kind not in KINDS:
        raise UnsupportedInstrument(
            f"{symbol} is {KIND_NAMES.get(kind, 'of a kind that is not forecast')}, "
            "not a share or a fund."
        )
    if not (kind and exchange and currency):
        raise FeedRejected(f"{symbol}: the feed does not say what it is, or where it trades.")
    if exchange in OVER_THE_COUNTER:
        raise UnsupportedInstrument(f"{symbol} is traded over the counter, not on an exchange.")
    if exchange not in US_EXCHANGES:
        place = str(meta.get("fullExchangeName") or exchange)
        raise UnsupportedInstrument(f"{symbol} is traded at {place}, not on a US exchange.")
    if currency != "USD":
        raise UnsupportedInstrument(f"{symbol} is priced in {currency}, not in US dollars.")
    name = str(meta.get("longName") or meta.get("shortName") or symbol)
    return Instrument(symbol, name, US_EXCHANGES[exchange], currency)


def read_hits(hits: Sequence[Mapping[str, Any]]) -> list[Instrument]:
    """Return the instruments among search hits that are forecast, in Yahoo's order.

    Every listing of these exchanges is priced in US dollars, which a hit itself does not say.
    """
    instruments: list[Instrument] = []
    for hit in hits:
        exchange = US_EXCHANGES.get(str(hit.get("exchange")))
        if exchange is None or hit.get("quoteType") not in KINDS:
            continue
        try:
            symbol = parse_symbol(str(hit.get("symbol") or ""))
        except InvalidSymbol:
            continue  # Units and warrants may have signs that no symbol here has.
        name = str(hit.get("longname") or hit.get("shortname") or symbol)
        instruments.append(Instrument(symbol, name, exchange))
    return instruments
