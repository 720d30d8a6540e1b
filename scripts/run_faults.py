"""Run many rounds of faults against several processes of the digest, and keep the figures.

    python -m scripts.run_faults [--rounds 60] [--minutes 90] [--scaled] [--write] [--resume FILE]

No round begins once the minutes are over. With `--resume` each round is noted in that file, and the
next call goes on after the last one: an hour can be had in pieces. Each fault has one round with
the time-outs of a real deployment, unless `--scaled` leaves it out; the others have time-outs that
are scaled down. With `--write` the table is put into docs/faults.md. Ends with an error if anything
broke.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeGuard

from tests.integration.digest.deployment import SCALED, UNSCALED, deployed
from tests.integration.digest.faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.digest.deployment import Deployment
    from tests.integration.digest.invariants import Findings

    Fault = Callable[[Deployment, Random], Findings]

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "faults.md"
BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"


@dataclass(frozen=True, slots=True)
class Round:
    """One round that was run: what was damaged, and what came of it."""

    fault: str
    unscaled: bool
    accepted: int
    twice: int
    unknown: int
    seconds: float
    broken: list[str]


def list_rounds(rounds: int, *, scaled_only: bool) -> list[tuple[Fault, bool, int]]:
    """Return each round's fault, whether its time-outs are real ones, and its seed."""
    last = [] if scaled_only else list(FAULTS)[:rounds]
    first = max(rounds - len(last), 0)
    queue = [(FAULTS[number % len(FAULTS)], False, number) for number in range(first)]
    return [*queue, *((fault, True, 0) for fault in last)]


def run_rounds(
    queue: list[tuple[Fault, bool, int]], folder: Path, deadline: float
) -> Iterator[Round]:
    """Run the rounds, those of the same time-outs in one deployment, and yield what came of each.

    A round that fails ends its deployment: the next one gets another.
    """
    while queue and time.monotonic() < deadline:
        unscaled = queue[0][1]
        place = folder / f"deployment{len(queue)}"
        place.mkdir()
        with deployed(place, timing=UNSCALED if unscaled else SCALED) as scene:
            while queue and queue[0][1] is unscaled and time.monotonic() < deadline:
                fault, _, seed = queue.pop(0)
                chance = Random(f"{fault.__name__}:{seed}")  # noqa: S311 - it guards nothing
                try:
                    findings = fault(scene, chance)
                except AssertionError as error:
                    print(f"{fault.__name__}: {error}", flush=True)
                    why = str(error).split("\n", 1)[0]
                    yield Round(fault.__name__, unscaled, 0, 0, 0, 0.0, [why])
                    break
                yield Round(
                    fault.__name__,
                    unscaled,
                    findings.accepted,
                    findings.resent,
                    findings.unknown,
                    findings.seconds,
                    findings.broken,
                )


def describe(done: list[Round]) -> str:
    """Return the table."""
    heads = [
        *("Fault", "Rounds", "Mails accepted", "Twice", "Unknown at the end"),
        *("Takeover, scaled", "Takeover, real time-outs", "Invariants"),
    ]
    lines = [f"| {' | '.join(heads)} |", "|---|---:|---:|---:|---:|---:|---:|---|"]
    for name in dict.fromkeys(each.fault for each in done):
        of_it = [each for each in done if each.fault == name]
        verdict = "; ".join(dict.fromkeys(why for each in of_it for why in each.broken)) or "held"
        lines.append(
            f"| {name.replace('_', ' ')} | {len(of_it)} | {sum(each.accepted for each in of_it)} | "
            f"{sum(each.twice for each in of_it)} | {sum(each.unknown for each in of_it)} | "
            f"{_slowest(of_it, unscaled=False)} | {_slowest(of_it, unscaled=True)} | {verdict} |"
        )
    broken = sum(bool(each.broken) for each in done)
    return "\n".join([f"{len(done)} rounds, {broken} broken.", "", *lines])


def _slowest(rounds: list[Round], *, unscaled: bool) -> str:
    value = max((each.seconds for each in rounds if each.unscaled is unscaled), default=0.0)
    return f"{value:.1f} s" if value else "-"


def main() -> None:
    """Run the rounds and print, or write, the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=90.0, help="none begins after them")
    parser.add_argument("--write", action="store_true", help="put the table into docs/faults.md")
    parser.add_argument("--scaled", action="store_true", help="no rounds with real time-outs")
    parser.add_argument("--resume", type=Path, help="note rounds there, and go on after them")
    options = parser.parse_args()
    deadline = time.monotonic() + 60.0 * options.minutes
    noted: Path | None = options.resume
    done = [Round(**each) for each in json.loads(noted.read_text())] if _is_there(noted) else []
    queue = list_rounds(options.rounds, scaled_only=options.scaled)[len(done) :]
    with tempfile.TemporaryDirectory(prefix="oracle-faults-") as folder:
        for each in run_rounds(queue, Path(folder), deadline):
            done.append(each)
            print(f"{len(done)}: {each}", flush=True)
            if noted is not None:
                noted.write_text(json.dumps([asdict(other) for other in done], indent=1))
    table = describe(done)
    print(table)
    if options.write:
        text = DOCUMENT.read_text()
        head, _, rest = text.partition(BEGIN)
        _, _, tail = rest.partition(END)
        DOCUMENT.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}")
    sys.exit(any(each.broken for each in done))


def _is_there(file: Path | None) -> TypeGuard[Path]:
    return file is not None and file.exists()


if __name__ == "__main__":
    main()
