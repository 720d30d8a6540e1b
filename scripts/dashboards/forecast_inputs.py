"""The lower half of the board of the forecasts: the feed and the arithmetic."""

from __future__ import annotations

from scripts.dashboards.panels import Panel, Query, Step, logs_link

_LOG = logs_link(app="app")


def list_input_panels() -> list[Panel]:
    """Return the panels."""
    return [
        Panel(
            "bargauge",
            "Age of each stock's newest bar",
            "Time since the close of the newest stored bar. Over a weekend all grow old together.",
            "s",
            (
                Query(
                    "time() - max by (symbol) "
                    '(oracle_feed_newest_bar_timestamp_seconds{symbol=~"$symbol"})',
                    "{{symbol}}",
                    instant=True,
                ),
            ),
            (Step(None, "green", "usual"), Step(5 * 86400, "red", "longer than any closure")),
        ),
        Panel(
            "timeseries",
            "Questions to the feed that fail",
            "Share of the questions of half an hour that were not answered.",
            "percentunit",
            (Query("job:oracle_feed_failures:ratio_rate30m", "failed"),),
            (Step(None, "green", "usual"), Step(0.5, "red", "prices grow old")),
            limits=(0, 1),
            links=(_LOG,),
        ),
        Panel(
            "timeseries",
            "Circuit",
            "1 while an instance does not ask the feed because it refused or failed.",
            "none",
            (Query("oracle_feed_circuit_open", "{{instance}}"),),
            words={"0": ("asks", "green"), "1": ("waits", "red")},
            limits=(0, 1),
        ),
        Panel(
            "timeseries",
            "Bars that were not believed",
            "Bars of the feed that were withheld as implausible, within an hour.",
            "none",
            (Query("sum(increase(oracle_feed_rows_withheld_total[1h]))", "withheld"),),
            links=(_LOG,),
        ),
        Panel(
            "timeseries",
            "Time of a question to the feed, p90",
            "Nine of ten questions that were asked were over sooner, however they ended.",
            "s",
            (
                Query(
                    "histogram_quantile(0.9, sum by (operation, le) "
                    "(rate(oracle_feed_request_duration_seconds_bucket[1h])))",
                    "{{operation}}",
                ),
            ),
            links=(_LOG,),
        ),
        Panel(
            "timeseries",
            "Time of the arithmetic, p90",
            "Nine of ten fits and batches of forecasts were faster.",
            "s",
            (
                Query(
                    "histogram_quantile(0.9, sum by (stage, le) "
                    "(rate(oracle_forecast_duration_seconds_bucket[1h])))",
                    "{{stage}}",
                ),
            ),
        ),
        Panel(
            "timeseries",
            "Predictions made",
            "Live predictions stored within an hour, by whether they say anything.",
            "none",
            (
                Query(
                    "sum by (outcome) (increase(oracle_forecast_predictions_total[1h]))",
                    "{{outcome}}",
                ),
            ),
            stacked=True,
        ),
    ]
