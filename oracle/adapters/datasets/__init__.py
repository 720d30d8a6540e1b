"""Tables of prices from files, or from the sample market, for evaluations.

* a CSV file, long: `date, symbol, close`, and optionally `open, high, low, adj_close, volume`;
* a CSV file, wide: `date`, then one column of adjusted closes per symbol;
* a CSV file of one stock: `date, close`, and optionally the others; its name is the symbol;
* a folder of such files, one per symbol;
* a NumPy file `.npz`: `dates` [T], `symbols` [S], `close` [T, S], and optionally the others.

Column names may be written in any case, with spaces for underscores; further columns are ignored.
Dates are ISO 8601 and rise from row to row. A price that is missing is an empty cell or NaN. With
`adj_close` open, high and low are brought to its basis; without it closes count as adjusted.
"""

from oracle.adapters.datasets.loading import load_price_table, sample_price_table

__all__ = ["load_price_table", "sample_price_table"]
