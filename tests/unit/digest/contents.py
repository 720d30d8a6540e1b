"""Contents of digests, with figures that no market ever had."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from oracle.digest.content import DigestContent, DigestItem, DigestResult, LastNight, Mark
from oracle.digest.links import digest_links
from oracle.domain.instruments import Source

SESSION = date(2022, 12, 28)
TARGET = date(2022, 12, 29)
BEFORE = date(2022, 12, 27)
SYMBOLS = ("AAPL", "MSFT", "JPM", "JNJ", "XOM", "WMT", "KO", "HD", "LLY", "INTC")
LINKS = digest_links(
    "https://oracle.example", SESSION, preferences_token="pref-token", unsubscribe_token="bye-token"
)


def item(
    symbol: str, *, name: str = "", price: float = 100.0, rise: float = 0.4, score: float = 0.1
) -> DigestItem:
    """Return a stock with a range of -1.5 to +2.1 per cent."""
    return DigestItem(
        symbol=symbol,
        name=name or f"{symbol} Incorporated",
        currency="USD",
        price=price,
        price_of=SESSION,
        predicted=price * (1 + rise / 100),
        lower=price * 0.985,
        upper=price * 1.021,
        score=score,
        mark=Mark.NONE,
        reasons=("What stocks usually gain.",),
    )


def marked(symbol: str, mark: Mark, reason: str) -> DigestItem:
    """Return a stock of which nothing is said; one without its close has Tuesday's."""
    return replace(
        item(symbol),
        price_of=BEFORE if mark is Mark.MISSING else SESSION,
        predicted=None,
        lower=None,
        upper=None,
        score=None,
        mark=mark,
        reasons=(reason,),
    )


def result(symbol: str, *, came: float | None = 0.3, name: str = "") -> DigestResult:
    """Return what was predicted to rise by 0.2 per cent, and came `came` per cent."""
    return DigestResult(
        symbol=symbol,
        name=name or f"{symbol} Incorporated",
        currency="USD",
        price=100.0,
        predicted=100.2,
        lower=98.5,
        upper=101.9,
        actual=None if came is None else 100.0 * (1 + came / 100),
    )


def content(**changes: object) -> DigestContent:
    """Return a digest of ten stocks, Intel the best of them, eight of last night's ranges held."""
    items = [
        item(symbol, score=0.1 - place / 100) for place, symbol in enumerate(SYMBOLS[:-1], start=1)
    ]
    intel = item("INTC", name="Intel", rise=0.8, score=0.2)
    came = (0.3, -0.2, 0.5, 2.4, 0.1, -0.4, 0.0, 1.0, -2.0, 0.6)
    results = tuple(result(symbol, came=each) for symbol, each in zip(SYMBOLS, came, strict=True))
    usual = DigestContent(
        source=Source.YAHOO,
        session=SESSION,
        target=TARGET,
        model_version="test-1",
        listed=SYMBOLS,
        items=(*items, intel),
        last_night=LastNight(BEFORE, was_ranked=True, pick=results[-1], results=results),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # a test names fields alone
