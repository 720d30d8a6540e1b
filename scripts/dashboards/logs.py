"""What the application says: lines by level, errors, and the lines of one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.dashboards.boards import build_board, loki_variable, text_variable
from scripts.dashboards.panels import Panel, Query, Step, service_link

if TYPE_CHECKING:
    from scripts.dashboards.panels import Json

_STREAMS = '{app=~"$app", level=~"$level", instance=~"$instance"}'
_ERRORS = '{app=~"$app", level=~"error|critical", instance=~"$instance"}'
_FOUND = f"{_STREAMS} |= `$request_id` |= `$search`"


def _stats() -> list[Panel]:
    return [
        Panel(
            "stat",
            "Errors in an hour",
            "Lines of level error or critical within the last hour.",
            "none",
            (
                Query(
                    'sum(count_over_time({app=~".+", level=~"error|critical"}[1h])) or vector(0)',
                    instant=True,
                ),
            ),
            (Step(None, "green", "none"), Step(1, "yellow", "some"), Step(20, "red", "many")),
            source="loki",
            height=5,
        ),
        Panel(
            "stat",
            "Lines a second",
            "Lines that arrive in Loki, over five minutes.",
            "short",
            (Query('sum(rate({app=~".+"}[5m]))', instant=True),),
            source="loki",
            height=5,
            decimals=1,
        ),
        Panel(
            "stat",
            "Lines lost in a day",
            "Lines that Alloy or the application gave up within 24 hours.",
            "none",
            (
                Query(
                    "sum(increase(loki_write_dropped_entries_total[1d]) "
                    "or increase(oracle_log_lines_lost_total[1d]))",
                    instant=True,
                ),
            ),
            (Step(None, "green", "none"), Step(1, "red", "what follows is incomplete")),
            height=5,
        ),
    ]


def _rates() -> list[Panel]:
    return [
        Panel(
            "timeseries",
            "Lines by level",
            "Lines a second by level; `unknown` is what says no level.",
            "short",
            (Query(f"sum by (level) (rate({_STREAMS}[$__auto]))", "{{level}}"),),
            source="loki",
            stacked=True,
        ),
        Panel(
            "timeseries",
            "Errors by event",
            "Errors within each step of time, by the event that they name.",
            "none",
            (
                Query(
                    f"sum by (event) (count_over_time({_ERRORS} | json event"
                    ' | __error__="" [$__auto]))',
                    "{{event}}",
                ),
            ),
            source="loki",
            stacked=True,
        ),
        Panel(
            "timeseries",
            "Slowest answers by route",
            "The longest answer of each step of time, by route, from the access log.",
            "s",
            (
                Query(
                    'max by (route) (max_over_time({app="app", instance=~"$instance"}'
                    " |= `http_request` | json event=`event`, route=`route`, seconds=`seconds`"
                    ' | event="http_request" | unwrap seconds | __error__="" [$__auto]))',
                    "{{route}}",
                ),
            ),
            source="loki",
            links=(service_link(route="${__field.labels.route}"),),
        ),
    ]


def _lines() -> list[Panel]:
    return [
        Panel(
            "logs",
            "Errors",
            "Lines of level error or critical, the newest first.",
            "none",
            (Query(f"{_ERRORS} |= `$request_id` |= `$search`"),),
            source="loki",
            width=24,
            height=9,
        ),
        Panel(
            "logs",
            "Lines found",
            "All lines that hold the request id and the text of the boxes above. The request id "
            "of a line leads to the lines of its request.",
            "none",
            (Query(_FOUND),),
            source="loki",
            width=24,
            height=16,
        ),
    ]


def build() -> Json:
    """Return the board."""
    return build_board(
        "logs",
        "What the application says.",
        {"At a glance": _stats(), "Rates": _rates(), "Lines": _lines()},
        variables=(
            loki_variable("app", "Container", "Whose lines are shown."),
            loki_variable("level", "Level", "Of which levels."),
            loki_variable("instance", "Machine", "Of which machines."),
            text_variable("request_id", "Request id", "As in the answer's X-Request-ID."),
            text_variable("search", "Text", "Whatever a line must hold, as it is written."),
        ),
        since="now-1h",
    )
