"""The lower half of the board of the service: what each instance does inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.dashboards.panels import Panel, Query, Step, logs_link

if TYPE_CHECKING:
    from scripts.dashboards.panels import Json

_LOG = logs_link(app="app", instance="${__field.labels.instance}")
_LOG_OF_ALL = logs_link(app="app")


def list_inner_panels() -> list[Panel]:
    """Return the panels."""
    return [
        Panel(
            "timeseries",
            "Event loop lag",
            "One in a hundred turns of the event loop came later than this.",
            "s",
            (
                Query(
                    "histogram_quantile(0.99, sum by (instance, le) (rate("
                    'oracle_event_loop_lag_seconds_bucket{instance=~"$instance"}'
                    "[$__rate_interval])))",
                    "{{instance}}",
                ),
            ),
            (Step(None, "green", "free"), Step(0.25, "red", "something blocks it")),
            links=(_LOG,),
        ),
        Panel(
            "timeseries",
            "Database connections",
            "Connections of the pool that are in use, and how many there may be.",
            "none",
            (
                Query(
                    'oracle_database_pool_connections{state="in_use", instance=~"$instance"}',
                    "{{instance}} in use",
                ),
                Query('max(oracle_database_pool_limit{instance=~"$instance"})', "limit"),
            ),
            links=(_LOG,),
        ),
        Panel(
            "timeseries",
            "Database: time of a unit, p99",
            "One in a hundred transactions took longer, waiting for a connection included.",
            "s",
            (
                Query(
                    "histogram_quantile(0.99, sum by (outcome, le) (rate("
                    'oracle_database_unit_duration_seconds_bucket{operation="transaction", '
                    'instance=~"$instance"}[$__rate_interval])))',
                    "{{outcome}}",
                ),
            ),
            (Step(None, "green", "quick"), Step(1, "red", "requests wait for it")),
        ),
        Panel(
            "timeseries",
            "Price feed: questions",
            "Questions to the feed a second, by what became of them.",
            "reqps",
            (
                Query(
                    "sum by (outcome) (rate(oracle_feed_requests_total"
                    '{instance=~"$instance"}[$__rate_interval])) > 0',
                    "{{outcome}}",
                ),
            ),
            stacked=True,
        ),
        Panel(
            "timeseries",
            "Processor and memory",
            "Share of one processor that each instance uses, and the memory it holds.",
            "percentunit",
            (
                Query(
                    'rate(process_cpu_seconds_total{job="app", instance=~"$instance"}'
                    "[$__rate_interval])",
                    "{{instance}} processor",
                ),
                Query(
                    'process_resident_memory_bytes{job="app", instance=~"$instance"}',
                    "{{instance}} memory",
                ),
            ),
            overrides=(
                {
                    "matcher": {"id": "byRegexp", "options": ".* memory"},
                    "properties": [
                        {"id": "unit", "value": "bytes"},
                        {"id": "custom.axisPlacement", "value": "right"},
                    ],
                },
            ),
        ),
        Panel(
            "timeseries",
            "Answers from memory",
            "Share of the questions to each cache that were answered from memory.",
            "percentunit",
            (
                Query(
                    'sum by (cache) (rate(oracle_cache_requests_total{result!="miss", '
                    'instance=~"$instance"}[$__rate_interval])) / sum by (cache) '
                    '(rate(oracle_cache_requests_total{instance=~"$instance"}[$__rate_interval]))',
                    "{{cache}}",
                ),
            ),
            limits=(0, 1),
        ),
        Panel(
            "table",
            "What runs where",
            "Version, revision and Python of each instance; a release shows two for a while.",
            "none",
            (Query('oracle_build_info{instance=~"$instance"}', instant=True),),
            transformations=(_only("instance", "version", "revision", "python"),),
            width=12,
        ),
        Panel(
            "table",
            "Where prices come from",
            "The source of each instance's prices; anything but yahoo is not the live market.",
            "none",
            (Query('oracle_market_info{instance=~"$instance"} == 1', instant=True),),
            transformations=(_only("instance", "source"),),
            width=6,
        ),
        Panel(
            "timeseries",
            "Lines by level",
            "Lines that the application writes a second, as it counts them itself.",
            "short",
            (
                Query(
                    "sum by (level) (rate(oracle_log_lines_total"
                    '{instance=~"$instance"}[$__rate_interval]))',
                    "{{level}}",
                ),
            ),
            width=6,
            links=(_LOG_OF_ALL,),
        ),
    ]


def _only(*names: str) -> Json:
    return {"id": "filterFieldsByName", "options": {"include": {"names": list(names)}}}
