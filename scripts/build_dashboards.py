"""Write Grafana's boards from their descriptions in scripts/dashboards.

python -m scripts.build_dashboards          says whether grafana/dashboards is up to date
python -m scripts.build_dashboards --write  brings it up to date
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from scripts.dashboards import digest, forecasts, logs, machines, service

FOLDER = Path(__file__).resolve().parents[1] / "grafana" / "dashboards"


def build_files() -> dict[str, str]:
    """Return the text of every file of grafana/dashboards by its name."""
    boards = {
        "digest": digest.build(),
        "forecasts": forecasts.build(),
        "logs": logs.build(),
        "machines": machines.build(),
        "service": service.build(),
    }
    return {
        f"{name}.json": json.dumps(board, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for name, board in boards.items()
    }


def main(arguments: list[str]) -> int:
    """Compare or write the files; return 1 if they are out of date and stay so."""
    out_of_date = 0
    for name, text in build_files().items():
        path = FOLDER / name
        if path.exists() and path.read_text() == text:
            continue
        if arguments == ["--write"]:
            path.write_text(text)
            print(f"wrote {path.name}")
        else:
            print(f"{path.name} is out of date; run python -m scripts.build_dashboards --write")
            out_of_date = 1
    return out_of_date


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
