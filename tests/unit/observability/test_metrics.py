"""Labels stay bounded whatever visitors ask for."""

from __future__ import annotations

from prometheus_client import generate_latest

from oracle.observability import measurements
from oracle.observability.measurements import SymbolLabels


def test_only_pinned_and_recent_symbols_are_labels() -> None:
    """Of many symbols asked for, those of the watchlist and the newest few are exposed."""
    measurements.pin_symbols(["AAPL"])
    measurements.observe_stock("AAPL", current=1.0, predicted=2.0)
    for number in range(500):
        measurements.observe_stock(f"S{number}", current=1.0, predicted=None)
    text = generate_latest().decode()
    exposed = [line for line in text.splitlines() if line.startswith("oracle_stock_current_value{")]
    assert len(exposed) == 1 + measurements.RECENT_SYMBOLS
    assert 'oracle_stock_current_value{symbol="AAPL"} 1.0' in exposed
    assert 'oracle_stock_current_value{symbol="S499"} 1.0' in exposed
    assert 'oracle_stock_predicted_value{symbol="AAPL"} 2.0' in text


def test_symbol_used_again_keeps_its_place() -> None:
    """The symbol longest unused gives up its place."""
    labels = SymbolLabels(recent=2)
    assert labels.admit("A") is None
    assert labels.admit("B") is None
    assert labels.admit("A") is None
    assert labels.admit("C") == "B"


def test_symbol_pinned_after_its_first_use_is_never_forgotten() -> None:
    """A symbol that was asked for before it was pinned does not fall out with the others."""
    labels = SymbolLabels(recent=1)
    assert labels.admit("A") is None
    labels.pin(["A"])
    assert labels.admit("B") is None
    assert labels.admit("C") == "B"


def test_methods_outside_the_standard_share_one_label() -> None:
    """A client cannot make labels by inventing methods."""
    measurements.observe_http_request("BREW", "/", 405, 0.01, request_id="r-1")
    text = generate_latest().decode()
    assert 'oracle_http_requests_total{method="OTHER",route="/",status="405"}' in text
    assert "BREW" not in text
