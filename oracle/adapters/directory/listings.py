"""The instruments that are known: the built list, and what is kept by hand."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from oracle.domain.instruments import Instrument

if TYPE_CHECKING:
    from collections.abc import Mapping

LIST_FILE = "listed.csv"
HAND_KEPT_FILE = "hand_kept.toml"
COLUMNS = ("symbol", "name", "exchange", "currency", "size")


class Size(IntEnum):
    """How large a company is by the indices it belongs to; smaller numbers come first."""

    LARGEST = 1
    LARGE = 2
    SMALL = 3


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument of the directory, its size, and the symbols it had before."""

    instrument: Instrument
    size: Size
    former_symbols: tuple[str, ...] = ()


@cache
def load_listings() -> tuple[Listing, ...]:
    """Return all known listings by symbol; read once per process."""
    kept = read_hand_kept()
    listings = {one.instrument.symbol: one for one in read_listed()}
    for symbol, entry in kept["instruments"].items():
        added = Instrument(symbol, entry["name"], entry.get("exchange", ""))
        listings.setdefault(symbol, Listing(added, Size.LARGE))
    return tuple(_completed(listings[symbol], kept) for symbol in sorted(listings))


def read_listed() -> tuple[Listing, ...]:
    """Return the listings of the built file alone."""
    rows = csv.DictReader(_read(LIST_FILE).splitlines())
    return tuple(
        Listing(
            Instrument(row["symbol"], row["name"], row["exchange"], row["currency"]),
            Size(int(row["size"])),
        )
        for row in rows
    )


def read_hand_kept() -> dict[str, Any]:
    """Return the tables of the file that is kept by hand."""
    return tomllib.loads(_read(HAND_KEPT_FILE))


def _completed(listing: Listing, kept: Mapping[str, Any]) -> Listing:
    symbol = listing.instrument.symbol
    aliases = kept["aliases"].get(symbol) or kept["instruments"].get(symbol, {}).get("aliases", ())
    named = replace(
        listing.instrument,
        name=kept["names"].get(symbol, listing.instrument.name),
        aliases=tuple(aliases),
    )
    former = (old for old, current in kept["former_symbols"].items() if current == symbol)
    return replace(listing, instrument=named, former_symbols=tuple(former))


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
