"""The forecasting core: pure NumPy functions over arrays, no clock, no I/O, no state.

Public surface (see `docs/glossary.md` for the words):

* `Panel`: aligned adjusted closes of several stocks.
* `fit_pool(panel) -> Fit`: coefficients shared by all stocks, trained on the pool.
* `forecast_panel(fit, panel) -> PanelForecast`: next-session distributions in log returns.
* `Fit.to_json()` / `Fit.from_json()`: the frozen form that is stored.
* `order_by_score(predictions)`, `choose_best(ranked)`: the ranking, in `ranking.py`.
* `MODEL_VERSION`.
"""
