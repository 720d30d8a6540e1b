"""Labels stay bounded whatever visitors ask for, and the document lists every metric."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import product
from math import isnan
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from oracle.adapters.sql.store import Outcome as DatabaseOutcome
from oracle.adapters.yahoo.failures import Outcome as FeedOutcome
from oracle.domain.instruments import Source
from oracle.domain.runs import RunKind, RunState
from oracle.observability import measurements, metrics
from oracle.observability.measurements import SymbolLabels
from tests.unit.observability.documents import METRICS, DocumentedMetric, read_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

value = REGISTRY.get_sample_value


@pytest.fixture(autouse=True)
def hide_figures() -> Iterator[None]:
    """Leave no figure of these tests to others."""
    yield
    measurements.hide_leader_figures()


def declared() -> dict[str, MetricWrapperBase]:
    """Return every metric object by its full name."""
    objects = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    described = ((metric, next(iter(metric.describe())).name) for metric in objects)
    return {
        f"{name}_total" if kind_of(metric) == "counter" else name: metric
        for metric, name in described
    }


def kind_of(metric: MetricWrapperBase) -> str:
    """Return the metric's type: counter, gauge or histogram."""
    return str(metric._type)  # noqa: SLF001 - the library shows no other way


def labels_of(metric: MetricWrapperBase) -> tuple[str, ...]:
    """Return the names of the metric's labels."""
    names: tuple[str, ...] = metric._labelnames  # noqa: SLF001 - the library shows no other way
    return names


def test_the_document_and_the_code_name_the_same_metrics() -> None:
    """Every metric is documented with its type, its labels, their values and who shows it."""
    leaders = {id(gauge) for gauge in (*metrics.LEADER_FIGURES, *metrics.LEADER_NUMBERS)}
    code = {
        name: DocumentedMetric(
            kind_of(metric),
            {label: metrics.CLOSED_LABELS.get(name, {}).get(label) for label in labels_of(metric)},
            "leader" if id(metric) in leaders else "each",
        )
        for name, metric in declared().items()
    }
    assert read_metrics(METRICS.read_text(encoding="utf-8")) == code


def test_nothing_of_the_applications_is_registered_elsewhere() -> None:
    """All that is exposed under the application's name stands in the one module."""
    exposed = {metric.name for metric in REGISTRY.collect() if metric.name.startswith("oracle_")}
    assert exposed == {name.removesuffix("_total") for name in declared()}
    assert {"process_resident_memory_bytes", "python_info"} <= {
        metric.name for metric in REGISTRY.collect()
    }


def test_names_need_no_letter_replaced() -> None:
    """The endpoint has none replaced, and both forms are the same to the letter without it."""
    names = {
        name
        for metric in REGISTRY.collect()
        for sample in metric.samples
        for name in (metric.name, sample.name, *sample.labels)
    }
    assert {name for name in names if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name)} == set()


def test_closed_labels_show_all_their_values_from_the_start() -> None:
    """Counters and timings of closed sets have every combination, so that no increase is missed."""
    text = generate_latest().decode()
    for name, metric in declared().items():
        closed = metrics.CLOSED_LABELS.get(name, {})
        if kind_of(metric) == "gauge" or set(closed) != set(labels_of(metric)):
            continue
        sample = name if name.endswith("_total") else f"{name}_count"
        for values in product(*closed.values()):
            labels = dict(zip(closed, values, strict=True))
            assert value(sample, labels) is not None, (sample, labels)
    assert 'oracle_feed_requests_total{operation="quote",outcome="rate_limited"}' in text
    assert 'oracle_mail_events_total{kind="complained"}' in text


def test_closed_sets_are_those_of_the_code_that_names_them() -> None:
    """Outcomes of adapters, which this layer may not import, are listed in full."""
    assert set(metrics.FEED_OUTCOMES) == set(FeedOutcome)
    assert set(metrics.DATABASE_OUTCOMES) == set(DatabaseOutcome)
    assert metrics.CLOSED_LABELS["oracle_market_info"]["source"] == set(Source)


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


def test_a_requests_id_is_the_exemplar_of_its_duration() -> None:
    """Readers of OpenMetrics find it in the bucket; in the older text there is none."""
    measurements.observe_http_request("GET", "/exemplary", 200, 0.03, request_id="r" * 64)
    (line,) = [
        line
        for line in generate_openmetrics(REGISTRY).decode().splitlines()  # type: ignore[no-untyped-call]
        if 'le="0.05",method="GET",route="/exemplary"' in line
    ]
    assert f'# {{request_id="{"r" * 64}"}} 0.03' in line
    assert "r" * 64 not in generate_latest().decode()


def test_who_leads_no_more_shows_none_of_the_leaders_figures() -> None:
    """Figures with labels vanish, those without are unknown, and stocks wait for their next use."""
    measurements.show_subscribers({"confirmed": 3}, {"bounce": 1})
    measurements.observe_newest_bars({"KO": datetime(2026, 1, 5, 21, tzinfo=UTC)})
    measurements.observe_run_counts({(RunKind.DIGEST, RunState.MISSED): 2})
    measurements.observe_overdue({RunKind.DIGEST: 7.0})
    measurements.observe_stock("KO", current=60.0, predicted=61.0)
    metrics.digest_seconds_left.set(5.0)
    assert value("oracle_subscribers", {"state": "confirmed"}) == 3
    assert value("oracle_scheduler_runs", {"kind": "digest", "state": "missed"}) == 2
    assert value("oracle_scheduler_runs", {"kind": "digest", "state": "finished"}) == 0
    assert value("oracle_scheduler_overdue_seconds", {"kind": "digest"}) == 7
    assert value("oracle_scheduler_overdue_seconds", {"kind": "bars"}) == 0
    measurements.hide_leader_figures()
    assert value("oracle_subscribers", {"state": "confirmed"}) is None
    assert value("oracle_feed_newest_bar_timestamp_seconds", {"symbol": "KO"}) is None
    assert value("oracle_scheduler_overdue_seconds", {"kind": "digest"}) is None
    assert value("oracle_stock_current_value", {"symbol": "KO"}) is None
    left = value("oracle_digest_seconds_left")
    assert left is not None
    assert isnan(left)


def test_a_stock_that_is_no_longer_watched_is_no_longer_shown() -> None:
    """The ages of bars are those of the symbols last given, and of no others."""
    close = datetime(2026, 1, 5, 21, tzinfo=UTC)
    measurements.observe_newest_bars({"KO": close, "XOM": close})
    measurements.observe_newest_bars({"KO": close})
    name = "oracle_feed_newest_bar_timestamp_seconds"
    assert value(name, {"symbol": "KO"}) == close.timestamp()
    assert value(name, {"symbol": "XOM"}) is None


def test_the_build_and_the_pool_are_shown() -> None:
    """One build at a time; the pool's numbers are those of the moment they are read."""
    measurements.show_build("abc123")
    measurements.show_build("def456")
    builds = [sample.labels for metric in metrics.build_info.collect() for sample in metric.samples]
    assert [build["revision"] for build in builds] == ["def456"]
    in_use = [0]
    measurements.show_pool(lambda: (in_use[0], 2), 10)
    in_use[0] = 7
    assert value("oracle_database_pool_connections", {"state": "in_use"}) == 7
    assert value("oracle_database_pool_connections", {"state": "idle"}) == 2
    assert value("oracle_database_pool_limit") == 10
