"""Run many rounds of faults against several processes of the digest, and keep the figures.

    python -m scripts.run_faults [--rounds 60] [--minutes 90] [--scaled] [--write]

No round begins once the minutes are over. Each fault has one round with the time-outs of a real
deployment, unless `--scaled` leaves it out; the others have time-outs that are scaled down. With
`--write` the table is put into docs/faults.md. Ends with an error if anything broke.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.integration.digest.deployment import SCALED, UNSCALED, deployed
from tests.integration.digest.faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.digest.deployment import Deployment
    from tests.integration.digest.invariants import Findings

    Fault = Callable[[Deployment, Random], Findings]

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "faults.md"
BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"


@dataclass(slots=True)
class Row:
    """What came of one fault's rounds."""

    rounds: int = 0
    accepted: int = 0
    twice: int = 0
    unknown: int = 0
    broken: list[str] = field(default_factory=list)
    slowest: float = 0.0
    slowest_unscaled: float = 0.0

    def add(self, findings: Findings, *, unscaled: bool) -> None:
        """Count one round in."""
        self.rounds += 1
        self.accepted += findings.accepted
        self.twice += findings.resent
        self.unknown += findings.unknown
        self.broken += findings.broken
        if unscaled:
            self.slowest_unscaled = max(self.slowest_unscaled, findings.seconds)
        else:
            self.slowest = max(self.slowest, findings.seconds)


def run_rounds(
    faults: list[Fault],
    rows: dict[str, Row],
    folder: Path,
    *,
    unscaled: bool,
    seed: int,
    deadline: float,
) -> None:
    """Run these rounds in one deployment; one that fails is noted, and ends the deployment."""
    if time.monotonic() >= deadline:
        return
    folder.mkdir()
    with deployed(folder, timing=UNSCALED if unscaled else SCALED) as scene:
        for number, fault in enumerate(faults):
            if time.monotonic() >= deadline:
                return
            row = rows[fault.__name__]
            try:
                findings = fault(scene, Random(f"{fault.__name__}:{seed}:{number}"))  # noqa: S311 - it guards nothing
            except AssertionError as error:
                row.rounds += 1
                row.broken.append(str(error).splitlines()[0])
                print(f"{fault.__name__}: {error}", flush=True)
                return
            row.add(findings, unscaled=unscaled)
            print(
                f"{fault.__name__}: {findings.accepted} accepted, {findings.seconds:.1f} s, "
                f"{findings.broken or 'all invariants held'}",
                flush=True,
            )


def describe(rows: dict[str, Row]) -> str:
    """Return the table."""
    heads = [
        *("Fault", "Rounds", "Mails accepted", "Twice", "Unknown at the end"),
        *("Takeover, scaled", "Takeover, real time-outs", "Invariants"),
    ]
    lines = [f"| {' | '.join(heads)} |", "|---|---:|---:|---:|---:|---:|---:|---|"]
    for name, row in rows.items():
        verdict = "; ".join(dict.fromkeys(row.broken)) or "held"
        lines.append(
            f"| {name.replace('_', ' ')} | {row.rounds} | {row.accepted} | {row.twice} | "
            f"{row.unknown} | {_seconds(row.slowest)} | {_seconds(row.slowest_unscaled)} | "
            f"{verdict} |"
        )
    rounds = sum(row.rounds for row in rows.values())
    broken = sum(len(row.broken) for row in rows.values())
    return "\n".join([f"{rounds} rounds, {broken} broken.", "", *lines])


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value else "-"


def main() -> None:
    """Run the rounds and print, or write, the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=90.0, help="none begins after them")
    parser.add_argument("--write", action="store_true", help="put the table into docs/faults.md")
    parser.add_argument("--scaled", action="store_true", help="no rounds with real time-outs")
    options = parser.parse_args()
    deadline = time.monotonic() + 60.0 * options.minutes
    rows: dict[str, Row] = defaultdict(Row)
    scaled = max(options.rounds - (0 if options.scaled else len(FAULTS)), 0)
    queue = [FAULTS[number % len(FAULTS)] for number in range(scaled)]
    with tempfile.TemporaryDirectory(prefix="oracle-faults-") as folder:
        for number, first in enumerate(range(0, len(queue), len(FAULTS))):
            chosen = queue[first : first + len(FAULTS)]
            path = Path(folder) / f"scaled{number}"
            run_rounds(chosen, rows, path, unscaled=False, seed=number, deadline=deadline)
        last = [] if options.scaled else list(FAULTS)[: options.rounds]
        if last:
            path = Path(folder) / "unscaled"
            run_rounds(last, rows, path, unscaled=True, seed=0, deadline=deadline)
    table = describe(rows)
    print(table)
    if options.write:
        text = DOCUMENT.read_text()
        head, _, rest = text.partition(BEGIN)
        _, _, tail = rest.partition(END)
        DOCUMENT.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}")
    sys.exit(any(row.broken for row in rows.values()))


if __name__ == "__main__":
    main()
