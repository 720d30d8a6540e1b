"""Whether customers are served: requests, objectives, and what each instance does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.dashboards.boards import build_board, prometheus_variable
from scripts.dashboards.panels import Panel, Query, Step, logs_link
from scripts.dashboards.service_inside import list_inner_panels

if TYPE_CHECKING:
    from scripts.dashboards.panels import Json

_BUSY = 'instance=~"$instance", route=~"$route"'
_LOG_OF_ALL = logs_link(app="app")


def _stats() -> list[Panel]:
    return [
        Panel(
            "stat",
            "Instances up",
            "Instances of the application that answer Prometheus.",
            "none",
            (Query('sum(up{job="app"}) or vector(0)', instant=True),),
            (Step(None, "red", "nobody is served"), Step(1, "green", "customers are served")),
            width=3,
            height=5,
        ),
        Panel(
            "stat",
            "Instances silent",
            "Instances of the application that are known and do not answer Prometheus.",
            "none",
            (Query('count(up{job="app"} == 0) or vector(0)', instant=True),),
            (Step(None, "green", "all answer"), Step(1, "yellow", "the others serve")),
            width=3,
            height=5,
        ),
        Panel(
            "stat",
            "Alerts of Prometheus",
            "Alerts that fire now, pages and tickets. Those of the log come by mail alone.",
            "none",
            (Query('count(ALERTS{alertstate="firing"}) or vector(0)', instant=True),),
            (Step(None, "green", "nothing is wrong"), Step(1, "red", "see the runbooks")),
            width=3,
            height=5,
        ),
        Panel(
            "stat",
            "Answered without error",
            "Share of requests of the last five minutes that were not answered with 5xx; no data "
            "while nobody visits.",
            "percentunit",
            (Query("1 - job:oracle_http_errors:ratio_rate5m", instant=True),),
            (
                Step(None, "red", "errors are felt"),
                Step(0.99, "yellow", "below the objective"),
                Step(0.999, "green", "as promised"),
            ),
            width=3,
            height=5,
            decimals=2,
        ),
        Panel(
            "stat",
            "Error budget left",
            "What is left of the 0.1 % of errors that 30 days may have.",
            "percentunit",
            (Query("1 - job:oracle_http_errors:ratio_rate30d / 0.001", instant=True),),
            (
                Step(None, "red", "spent: no risky releases"),
                Step(0.0, "yellow", "going"),
                Step(0.5, "green", "enough"),
            ),
            width=3,
            height=5,
            decimals=0,
        ),
        Panel(
            "stat",
            "p99 of pages",
            "99 of 100 pages of the last five minutes were faster than this.",
            "s",
            (Query("job:oracle_http_page_duration_seconds:p99_5m", instant=True),),
            (
                Step(None, "green", "as promised"),
                Step(0.25, "yellow", "over the objective"),
                Step(1.0, "red", "felt by everybody"),
            ),
            width=3,
            height=5,
            decimals=2,
        ),
        Panel(
            "stat",
            "Requests a second",
            "Requests answered a second over five minutes, without the balancer's checks, streams "
            "and addresses that do not exist.",
            "reqps",
            (Query("job:oracle_http_requests:rate5m", instant=True),),
            width=3,
            height=5,
            decimals=1,
        ),
        Panel(
            "stat",
            "In flight",
            "Requests being answered at this moment, all instances together.",
            "none",
            (Query("sum(oracle_http_requests_in_flight)", instant=True),),
            (Step(None, "green", "flowing"), Step(200, "red", "piling up")),
            width=3,
            height=5,
        ),
    ]


def _requests() -> list[Panel]:
    return [
        Panel(
            "timeseries",
            "Requests by route",
            "Requests a second by the route's template.",
            "reqps",
            (
                Query(
                    "sum by (route) (rate("
                    f"oracle_http_requests_total{{{_BUSY}}}[$__rate_interval]))",
                    "{{route}}",
                ),
            ),
            stacked=True,
            links=(_LOG_OF_ALL,),
        ),
        Panel(
            "timeseries",
            "Errors by route",
            "Answers with 5xx a second, by the route's template and status.",
            "reqps",
            (
                Query(
                    "sum by (route, status) (rate(oracle_http_requests_total"
                    f'{{{_BUSY}, status=~"5.."}}[$__rate_interval]))',
                    "{{status}} {{route}}",
                ),
            ),
            links=(_LOG_OF_ALL,),
        ),
        Panel(
            "timeseries",
            "p99 by route",
            "99 of 100 answers were faster. A dot is one request: it leads to its log lines.",
            "s",
            (
                Query(
                    "histogram_quantile(0.99, sum by (route, le) (rate("
                    f"oracle_http_request_duration_seconds_bucket{{{_BUSY}}}[$__rate_interval])))",
                    "{{route}}",
                    exemplars=True,
                ),
            ),
            links=(_LOG_OF_ALL,),
        ),
        Panel(
            "timeseries",
            "In flight by route",
            "Requests being answered; where they pile up, something is waited for.",
            "none",
            (
                Query(
                    f"sum by (route) (oracle_http_requests_in_flight{{{_BUSY}}})",
                    "{{route}}",
                ),
            ),
        ),
        Panel(
            "timeseries",
            "Answers by status",
            "Requests a second by status.",
            "reqps",
            (
                Query(
                    "sum by (status) (rate("
                    f"oracle_http_requests_total{{{_BUSY}}}[$__rate_interval]))",
                    "{{status}}",
                ),
            ),
            stacked=True,
        ),
        Panel(
            "timeseries",
            "Open streams of prices",
            "Pages that are sent new prices while the market trades.",
            "none",
            (Query('oracle_web_sse_viewers{instance=~"$instance"}', "{{instance}}"),),
        ),
    ]


def _objectives() -> list[Panel]:
    def burn(metric: str, budget: str) -> tuple[Query, ...]:
        return tuple(
            Query(f"job:{metric}:ratio_rate{window} / {budget}", f"over {window}")
            for window in ("5m", "1h", "6h", "3d")
        )

    steps = (
        Step(None, "green", "the month's budget lasts"),
        Step(1, "yellow", "it does not"),
        Step(6, "red", "somebody is woken"),
    )
    return [
        Panel(
            "timeseries",
            "Availability: burn rate",
            "How many times faster than allowed errors use up the budget (objective: 99.9 % of "
            "requests without 5xx in 30 days).",
            "none",
            burn("oracle_http_errors", "0.001"),
            steps,
            width=12,
        ),
        Panel(
            "timeseries",
            "Latency: burn rate",
            "How many times faster than allowed slow pages use up the budget (objective: 99 % of "
            "pages within 0.25 s in 30 days).",
            "none",
            burn("oracle_http_slow_pages", "0.01"),
            steps,
            width=8,
        ),
        Panel(
            "stat",
            "Latency budget left",
            "What is left of the 1 % of pages that may take longer than 0.25 s in 30 days.",
            "percentunit",
            (Query("1 - job:oracle_http_slow_pages:ratio_rate30d / 0.01", instant=True),),
            (
                Step(None, "red", "spent"),
                Step(0.0, "yellow", "going"),
                Step(0.5, "green", "enough"),
            ),
            width=4,
            decimals=0,
        ),
    ]


def build() -> Json:
    """Return the board."""
    return build_board(
        "service",
        "Whether customers are served.",
        {
            "At a glance": _stats(),
            "Requests": _requests(),
            "Objectives": _objectives(),
            "Inside": list_inner_panels(),
        },
        variables=(
            prometheus_variable(
                "instance",
                "Instance",
                'label_values(up{job="app"}, instance)',
                "Which instances of the application are shown.",
            ),
            prometheus_variable(
                "route",
                "Route",
                "label_values(oracle_http_requests_total, route)",
                "Which routes are shown.",
            ),
        ),
    )
