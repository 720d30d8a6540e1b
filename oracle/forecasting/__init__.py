"""The forecasting core: pure NumPy functions over arrays, no clock, no I/O, no state.

A forecast is made in two steps. `fit_pool` learns, from a fixed pool of stocks, a handful of
coefficients that all stocks share and freezes them in a `Fit`. `forecast_panel` applies a fit to
any stocks, of the pool or not, and returns the distribution of each one's next log return.
`forecast` does both in one call on plain arrays of prices.

* `Panel`: adjusted closes, and open, high and low if known, of several stocks on common sessions.
* `fit_pool(panel) -> Fit`; `Fit.to_json()`, `Fit.from_json()`: the frozen form that is stored.
* `forecast_panel(fit, panel) -> PanelForecast`; `to_prices(forecast, last_closes)`.
* `forecast(closes, levels=...)`: all of it as one function, the form `oracle backtest` evaluates.
* `order_by_score(predictions)`, `choose_best(ranked)`: the ranking.
* `fingerprint_inputs`, `pool_version`, `MODEL_VERSION`: what a stored number was made from.
"""

from oracle.forecasting.fingerprint import fingerprint_inputs, pool_version
from oracle.forecasting.fit import MODEL_VERSION, Fit
from oracle.forecasting.forecast import PanelForecast, PriceForecast, forecast_panel, to_prices
from oracle.forecasting.next_close import Forecast, forecast
from oracle.forecasting.panel import Panel
from oracle.forecasting.ranking import choose_best, order_by_score
from oracle.forecasting.training import WINDOW_SESSIONS, fit_pool

__all__ = [
    "MODEL_VERSION",
    "WINDOW_SESSIONS",
    "Fit",
    "Forecast",
    "Panel",
    "PanelForecast",
    "PriceForecast",
    "choose_best",
    "fingerprint_inputs",
    "fit_pool",
    "forecast",
    "forecast_panel",
    "order_by_score",
    "pool_version",
    "to_prices",
]
