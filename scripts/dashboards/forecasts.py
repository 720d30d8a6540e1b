"""Whether forecasts are honest: against prices, against what they promise, against baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.dashboards.boards import build_board, prometheus_variable
from scripts.dashboards.forecast_inputs import list_input_panels
from scripts.dashboards.panels import Panel, Query, Step, logs_link

if TYPE_CHECKING:
    from scripts.dashboards.panels import Json

_LOG = logs_link(app="app")
_PROMISED: Json = {
    "matcher": {"id": "byRegexp", "options": "promised .*"},
    "properties": [{"id": "custom.lineStyle", "value": {"dash": [4, 8], "fill": "dash"}}],
}
_CURRENT = 'symbol:oracle_stock_current_value:leader{symbol=~"$symbol"}'
_PREDICTED = 'symbol:oracle_stock_predicted_value:leader{symbol=~"$symbol"}'


def _stats() -> list[Panel]:
    return [
        Panel(
            "stat",
            "Stocks with a prediction",
            "Stocks that have a predicted value for the next session at this moment.",
            "none",
            (
                Query(
                    "count(symbol:oracle_stock_predicted_value:leader > 0) or vector(0)",
                    instant=True,
                ),
            ),
            (Step(None, "red", "nothing is predicted"), Step(10, "green", "the watchlist is")),
            width=3,
            height=5,
        ),
        Panel(
            "stat",
            "Closes are late by",
            "For how long the last session's bars have been due; nothing is due at 0.",
            "s",
            (Query('max(oracle_scheduler_overdue_seconds{kind="bars"})', instant=True),),
            (
                Step(None, "green", "in time"),
                Step(1800, "yellow", "on their way"),
                Step(7200, "red", "the promise is broken"),
            ),
            width=4,
            height=5,
        ),
        Panel(
            "stat",
            "The 80 % range held",
            "Share of closes of the last 60 sessions that fell into the 80 % range. With so few "
            "chance alone moves it by 15 points, with 30 by 22; no data before 30 are settled.",
            "percentunit",
            (
                Query(
                    'level_window:oracle_forecast_coverage:ratio{level="0.8", window="60"} and '
                    "on (window) window:oracle_forecast_settled_sessions:max >= 30",
                    instant=True,
                ),
            ),
            (
                Step(None, "red", "too narrow"),
                Step(0.645, "green", "within chance of 80 %"),
                Step(0.955, "yellow", "too wide"),
            ),
            width=3,
            height=5,
            decimals=1,
        ),
        Panel(
            "stat",
            "Settled sessions",
            "Sessions of which predictions of today's model are settled.",
            "none",
            (
                Query(
                    'window:oracle_forecast_settled_sessions:max{window="all"}',
                    instant=True,
                ),
            ),
            (
                Step(None, "yellow", "too few to say anything"),
                Step(30, "green", "enough for the record to speak"),
            ),
            width=3,
            height=5,
        ),
        Panel(
            "stat",
            "Error against the last close",
            "Error of all settled predictions over that of saying: tomorrow is like today.",
            "none",
            (
                Query(
                    'max(oracle_forecast_error_ratio{baseline="last_close", window="all"})',
                    instant=True,
                ),
            ),
            (
                Step(None, "green", "better than naive"),
                Step(1.0, "yellow", "no better"),
                Step(1.05, "red", "worse"),
            ),
            width=4,
            height=5,
            decimals=3,
        ),
        Panel(
            "stat",
            "Last settled session closed",
            "Close of the newest session whose predictions were compared with what came.",
            "dateTimeFromNow",
            (
                Query(
                    "max(oracle_forecast_last_settled_session_timestamp_seconds) * 1000",
                    instant=True,
                ),
            ),
            width=4,
            height=5,
        ),
        Panel(
            "stat",
            "Abstained in 30 days",
            "Share of live predictions that said: cannot say.",
            "percentunit",
            (
                Query(
                    'sum(increase(oracle_forecast_predictions_total{outcome="abstained"}[30d])) '
                    "/ sum(increase(oracle_forecast_predictions_total[30d]))",
                    instant=True,
                ),
            ),
            (Step(None, "green", "usual"), Step(0.1, "yellow", "look at the prices")),
            width=3,
            height=5,
            decimals=1,
        ),
    ]


def _stocks() -> list[Panel]:
    return [
        Panel(
            "table",
            "Current against predicted",
            "Each stock's last known price, the predicted close, and the difference.",
            "none",
            # An aggregation has no name, which the table would show as a column of its own.
            (
                Query(f"max by (symbol) ({_CURRENT})", instant=True),
                Query(f"max by (symbol) ({_PREDICTED})", instant=True),
                Query(f"max by (symbol) ({_PREDICTED} / {_CURRENT} - 1)", instant=True),
            ),
            transformations=(
                {"id": "joinByField", "options": {"byField": "symbol", "mode": "outer"}},
                {
                    "id": "organize",
                    "options": {
                        "excludeByName": {"Time 1": True, "Time 2": True, "Time 3": True},
                        "renameByName": {
                            "symbol": "Stock",
                            "Value #A": "Now",
                            "Value #B": "Predicted",
                            "Value #C": "Change",
                        },
                    },
                },
            ),
            overrides=(
                {
                    "matcher": {"id": "byName", "options": "Change"},
                    "properties": [{"id": "unit", "value": "percentunit"}],
                },
            ),
            width=10,
            height=12,
            decimals=2,
        ),
        Panel(
            "timeseries",
            "Prices and predictions",
            "Each stock's price, and the predicted close of the next session, in its currency.",
            "none",
            (Query(_CURRENT, "{{symbol}} now"), Query(_PREDICTED, "{{symbol}} predicted")),
            overrides=(
                {
                    "matcher": {"id": "byRegexp", "options": ".* predicted"},
                    "properties": [
                        {"id": "custom.lineStyle", "value": {"dash": [8, 8], "fill": "dash"}}
                    ],
                },
            ),
            width=14,
            height=12,
            decimals=2,
        ),
    ]


def _record() -> list[Panel]:
    return [
        Panel(
            "timeseries",
            "Coverage of the last 250 sessions",
            "Share of closes inside each range, beside the share that the range promises.",
            "percentunit",
            (
                Query(
                    'level_window:oracle_forecast_coverage:ratio{window="250"}',
                    "range of level {{level}}",
                ),
                Query("level:oracle_forecast_coverage_expected:ratio", "promised {{level}}"),
            ),
            overrides=(_PROMISED,),
            limits=(0, 1),
            links=(_LOG,),
        ),
        Panel(
            "timeseries",
            "Coverage of the last 60 sessions",
            "As beside it, sooner and noisier; the alert allows for chance.",
            "percentunit",
            (
                Query(
                    'level_window:oracle_forecast_coverage:ratio{window="60"}',
                    "range of level {{level}}",
                ),
                Query("level:oracle_forecast_coverage_expected:ratio", "promised {{level}}"),
            ),
            overrides=(_PROMISED,),
            limits=(0, 1),
        ),
        Panel(
            "timeseries",
            "Error against the baselines",
            "Error over that of a simple method, over the last 250 settled sessions.",
            "none",
            (
                Query(
                    'max by (baseline) (oracle_forecast_error_ratio{window="250"})',
                    "{{baseline}}",
                ),
            ),
            (Step(None, "green", "better than the simple method"), Step(1, "red", "worse")),
            decimals=3,
        ),
    ]


def build() -> Json:
    """Return the board."""
    return build_board(
        "forecasts",
        "Whether forecasts are honest, and made from fresh prices.",
        {
            "At a glance": _stats(),
            "Stocks": _stocks(),
            "Record": _record(),
            "Prices": list_input_panels(),
        },
        variables=(
            prometheus_variable(
                "symbol",
                "Stock",
                "label_values(oracle_stock_current_value, symbol)",
                "Which stocks are shown: the watchlist, and those asked for last.",
            ),
        ),
        since="now-7d",
    )
