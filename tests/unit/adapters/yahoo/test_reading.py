"""How the parts of Yahoo's answers are read, without any server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from oracle.adapters.yahoo.bulkhead import BulkheadFull
from oracle.adapters.yahoo.charts import read_market_state, read_quote
from oracle.adapters.yahoo.circuit import Cause, CircuitOpen
from oracle.adapters.yahoo.client import EmptyAnswer, NoPrices, is_crumb, usable_folder
from oracle.adapters.yahoo.failures import Outcome, classify_failure, explain_failure
from oracle.adapters.yahoo.listings import KIND_NAMES, US_EXCHANGES, read_hits, read_instrument
from oracle.adapters.yahoo.session import DeadlinePassed, ForeignHost, RefusedAnswer, YahooSession
from oracle.domain.errors import (
    FeedRateLimited,
    FeedRejected,
    FeedUnavailable,
    SymbolNotInFeed,
    UnsupportedInstrument,
)
from oracle.domain.instruments import Instrument, Source
from oracle.domain.prices import MarketState

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2022, 12, 28, 17, 0, tzinfo=UTC)
META: dict[str, Any] = {
    "instrumentType": "EQUITY",
    "exchangeName": "NYQ",
    "currency": "USD",
    "longName": "The Example Company",
    "shortName": "Example",
    "regularMarketPrice": 12.5,
    "regularMarketTime": 1672246800,
}


@pytest.mark.parametrize("exchange", sorted(US_EXCHANGES))
def test_us_exchanges_are_named(exchange: str) -> None:
    """A listing on any US exchange is an instrument with that exchange's plain name."""
    instrument = read_instrument("EXMP", {**META, "exchangeName": exchange})
    assert instrument == Instrument("EXMP", "The Example Company", US_EXCHANGES[exchange], "USD")


def test_names_fall_back() -> None:
    """Without its long name an instrument has its short one, or else its symbol."""
    assert read_instrument("EXMP", {**META, "longName": None}).name == "Example"
    assert read_instrument("EXMP", {**META, "longName": "", "shortName": ""}).name == "EXMP"


@pytest.mark.parametrize("kind", [*sorted(KIND_NAMES), "SOMETHING"])
def test_other_kinds_are_unsupported(kind: str) -> None:
    """Whatever is neither share nor fund is refused by name."""
    with pytest.raises(UnsupportedInstrument, match=r"EXMP is .*, not a share or a fund\."):
        read_instrument("EXMP", {**META, "instrumentType": kind})


@pytest.mark.parametrize("missing", ["instrumentType", "exchangeName", "currency"])
def test_what_is_not_said_is_no_reason_to_call_it_unsupported(missing: str) -> None:
    """An answer that leaves out what the instrument is was a bad answer, not a bad symbol."""
    with pytest.raises(FeedRejected, match="EXMP"):
        read_instrument("EXMP", {**META, missing: None})


def test_hits_without_a_usable_symbol_are_left_out() -> None:
    """A search hit counts when it is US-listed, of a known kind, and has a symbol for here."""
    hit: dict[str, Any] = {
        "exchange": "NYQ",
        "quoteType": "EQUITY",
        "symbol": "BRK-B",
        "longname": "Berkshire",
    }
    hits = [
        hit,
        {**hit, "symbol": "AAA=X"},
        {**hit, "quoteType": "OPTION"},
        {**hit, "symbol": None},
    ]
    found = read_hits([*hits, {**hit, "exchange": "GER"}, {"name": "Private"}])
    assert [instrument.symbol for instrument in found] == ["BRK-B"]


@pytest.mark.parametrize("price", [None, 0, -1.0, float("nan"), float("inf"), "12", True])
def test_a_price_that_is_none_is_refused(price: object) -> None:
    """A latest price must be a positive number."""
    with pytest.raises(FeedRejected, match="EXMP: the feed gave no latest price"):
        read_quote("EXMP", {**META, "regularMarketPrice": price}, NOON, Source.YAHOO)


@pytest.mark.parametrize("moment", [None, "yesterday", 1.5e300, -(10**30)])
def test_a_price_without_its_time_is_refused(moment: object) -> None:
    """A latest price of an unknown time could be of any age."""
    with pytest.raises(FeedRejected, match="EXMP"):
        read_quote("EXMP", {**META, "regularMarketTime": moment}, NOON, Source.YAHOO)


def test_a_quote_tells_both_of_its_times() -> None:
    """The market's time of the price and the time of asking stand side by side, in UTC."""
    quote = read_quote("EXMP", META, NOON, Source.YAHOO)
    assert (quote.price, quote.currency) == (12.5, "USD")
    assert quote.as_of == datetime(2022, 12, 28, 17, 0, tzinfo=UTC)
    assert quote.fetched_at == NOON


@pytest.mark.parametrize(
    "periods", [None, [], {}, {"regular": None}, {"regular": {}}, {"regular": {"start": 1}}]
)
def test_unreadable_trading_periods_mean_closed(periods: object) -> None:
    """Without knowledge of the periods the market is not said to be open."""
    assert read_market_state(periods, NOON) is MarketState.CLOSED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("k3Yw.PqR7tZ", True),
        ("a/B\\u002Fc", True),
        ("", False),
        ("Edge: Too Many Requests", False),
        ("<html></html>", False),
        ('{"finance":{}}', False),
        ("x" * 65, False),
    ],
)
def test_crumbs_are_told_from_error_pages(text: str, expected: bool) -> None:  # noqa: FBT001
    """A crumb is a short token; sentences, pages and blanks are none."""
    assert is_crumb(text) is expected


def test_the_cache_folder_is_made(tmp_path: Path) -> None:
    """A folder that does not exist yet is created with its parents."""
    folder = usable_folder(tmp_path / "var" / "cache")
    assert folder == tmp_path / "var" / "cache"
    assert folder.is_dir()


def test_a_barred_cache_folder_is_replaced(tmp_path: Path) -> None:
    """When the folder cannot be made a temporary one takes its place."""
    barrier = tmp_path / "cache"
    barrier.write_text("in the way")
    for barred in (barrier, barrier / "below"):
        folder = usable_folder(barred)
        assert folder.is_dir()
        assert tmp_path not in folder.parents
        folder.rmdir()


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/v8/finance/chart/AAPL",
        "https://notyahoo.com/",
        "https://yahoo.com.example.org/",
        "http://169.254.169.254/latest/",
    ],
)
@pytest.mark.parametrize("base_url", [None, "http://127.0.0.1:9"])
def test_foreign_hosts_are_never_asked(url: str, base_url: str | None) -> None:
    """The session refuses every host that is none of Yahoo's before anything is sent."""
    session = YahooSession(base_url)
    with pytest.raises(ForeignHost):
        session.get(url)
    session.close()


def test_nothing_is_asked_after_the_deadline() -> None:
    """Once its caller has left, a call sends no further request."""
    session = YahooSession("http://127.0.0.1:9", monotonic=lambda: 100.0)
    session.begin_call(100.0)
    with pytest.raises(DeadlinePassed):
        session.get("https://query2.finance.yahoo.com/v8/finance/chart/AAPL")
    session.close()


@pytest.mark.parametrize(
    ("error", "outcome", "expected"),
    [
        (RefusedAnswer(404, "No data found"), Outcome.NOT_FOUND, SymbolNotInFeed),
        (RefusedAnswer(404, ""), Outcome.UNAVAILABLE, FeedUnavailable),
        (RefusedAnswer(401, "Invalid Crumb"), Outcome.UNAVAILABLE, FeedUnavailable),
        (RefusedAnswer(503, ""), Outcome.UNAVAILABLE, FeedUnavailable),
        (NoPrices(), Outcome.NOT_FOUND, SymbolNotInFeed),
        (EmptyAnswer(), Outcome.REJECTED, FeedRejected),
        (BulkheadFull(), Outcome.FULL, FeedUnavailable),
        (TimeoutError(), Outcome.TIMEOUT, FeedUnavailable),
        (DeadlinePassed(), Outcome.TIMEOUT, FeedUnavailable),
        (CircuitOpen(Cause.RATE_LIMIT, 250.0), Outcome.CIRCUIT_OPEN, FeedRateLimited),
        (CircuitOpen(Cause.FAULTS, 20.0), Outcome.CIRCUIT_OPEN, FeedUnavailable),
        (KeyError("chart"), Outcome.UNAVAILABLE, FeedUnavailable),
    ],
)
def test_failures_have_one_meaning_each(
    error: Exception, outcome: Outcome, expected: type[Exception]
) -> None:
    """Whatever the client raises becomes one outcome and one error with a whole sentence."""
    assert classify_failure(error) is outcome
    explained = explain_failure(error, "EXMP")
    assert type(explained) is expected
    assert str(explained).endswith(".")
