"""Run the benchmarks: `python -m benchmarks`."""

from __future__ import annotations

from benchmarks.forecast_speed import main

if __name__ == "__main__":
    main()
