"""Measure the home and a stock's page with Lighthouse, and weigh what they load.

With `--write` the tables of docs/quality.md are replaced. A server of its own shows the sample
market; Lighthouse plays a phone on a slow network, three times, and the median counts.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from oracle.web.assets import read_assets
from scripts.sample_site import ROOT, running_site

DOCUMENT = ROOT / "docs" / "quality.md"
LIGHTHOUSE = ROOT / "node_modules" / ".bin" / "lighthouse"
RUNS = 3
ATTEMPTS = 3
UNTRACED = "NO_NAVSTART"
"""What Lighthouse says where a busy machine lost the start of the trace, and a new run helps."""

LEAST = 95
PAGES: Final = {"home": "/", "stock": "/stocks/AAPL"}
CATEGORIES: Final = ("performance", "accessibility", "best-practices", "seo")
TIMES: Final = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time")
COLUMNS: Final = (
    *("page", "performance", "accessibility", "best practices", "SEO"),
    *("first paint", "largest paint", "blocked", "layout shift", "transferred"),
)
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One page's scores of 100 by category, its times in ms, its layout shift, bytes, faults."""

    scores: dict[str, int]
    times: dict[str, float]
    shift: float
    transferred: int
    faults: tuple[str, ...]


def main() -> None:
    """Measure, print, write if asked to; fail where a score is below the least or a page moves."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("There is no Chromium here; `make test` installs it.")
    with TemporaryDirectory() as folder, running_site(Path(folder)) as url:
        measured = {
            name: _measure(url + path, chromium, Path(folder)) for name, path in PAGES.items()
        }
        weights = _weigh(url)
    tables = {"lighthouse": _show_scores(measured), "sizes": _show_weights(weights)}
    print("\n\n".join(tables.values()))
    if "--write" in sys.argv[1:]:
        text = DOCUMENT.read_text(encoding="utf-8")
        for name, table in tables.items():
            text = _replace(text, name, table)
        DOCUMENT.write_text(text, encoding="utf-8")
    for name, each in measured.items():
        for fault in each.faults:
            print(f"{name}: {fault}")
    if any(min(each.scores.values()) < LEAST or each.shift > 0 for each in measured.values()):
        sys.exit(f"A score is below {LEAST}, or a page moves while it loads.")


def _measure(url: str, chromium: str, folder: Path) -> Measurement:
    """Return the run whose performance is the median."""
    runs = [_run_lighthouse(url, chromium, folder) for _ in range(RUNS)]
    return sorted(runs, key=lambda run: run.scores["performance"])[RUNS // 2]


def _run_lighthouse(url: str, chromium: str, folder: Path) -> Measurement:
    report = folder / "report.json"
    arguments = [
        *(str(LIGHTHOUSE), url, "--quiet", "--output=json", f"--output-path={report}"),
        *(f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={FLAGS}"),
    ]
    environment = {**os.environ, "CHROME_PATH": chromium}
    for _ in range(ATTEMPTS):
        run = subprocess.run(  # noqa: S603 - the locked program
            arguments, env=environment, stderr=subprocess.PIPE, text=True, check=False
        )
        if run.returncode == 0:
            break
        if UNTRACED not in run.stderr:
            sys.exit(run.stderr)
        print(f"{url}: the browser wrote no trace, once more")
    else:
        sys.exit(f"{url}: the browser wrote no trace, {ATTEMPTS} times")
    result: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    audits = result["audits"]
    return Measurement(
        scores={name: round(100 * result["categories"][name]["score"]) for name in CATEGORIES},
        times={name: audits[name]["numericValue"] for name in TIMES},
        shift=audits["cumulative-layout-shift"]["numericValue"],
        transferred=round(audits["total-byte-weight"]["numericValue"]),
        faults=tuple(
            f"{name}: {audit['title']}"
            for name, audit in audits.items()
            if audit["scoreDisplayMode"] == "binary" and audit["score"] == 0
        ),
    )


def _weigh(url: str) -> dict[str, tuple[int, int]]:
    """Return the bytes of pages and files, as they are and as they travel."""
    weights = {}
    for name, path in PAGES.items():
        with urllib.request.urlopen(url + path, timeout=30) as answer:  # noqa: S310 - own http address
            weights[f"the page `{path}` ({name})"] = _sizes(answer.read())
    for name, file in sorted(read_assets(ROOT / "static").files.items()):
        if name.endswith((".css", ".js", ".svg")):
            weights[f"`static/{name}`"] = _sizes(file.content)
    return weights


def _sizes(content: bytes) -> tuple[int, int]:
    return len(content), len(gzip.compress(content, 9))


def _show_scores(measured: dict[str, Measurement]) -> str:
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for name, each in measured.items():
        scores = " | ".join(str(score) for score in each.scores.values())
        first, largest, blocked = each.times.values()
        lines.append(
            f"| {name} | {scores} | {first / 1000:.2f} s | {largest / 1000:.2f} s"
            f" | {blocked:.0f} ms | {each.shift:.3f} | {each.transferred / 1024:.0f} KiB |"
        )
    return "\n".join(lines)


def _show_weights(weights: dict[str, tuple[int, int]]) -> str:
    lines = ["| what | bytes | compressed |", "|---|---|---|"]
    lines += [f"| {name} | {full:,} | {small:,} |" for name, (full, small) in weights.items()]
    return "\n".join(lines)


def _replace(text: str, name: str, table: str) -> str:
    start, end = f"<!-- {name} -->\n", "<!-- end -->"
    before, found, rest = text.partition(start)
    if not found:
        sys.exit(f"{DOCUMENT.name} has no place for the table of {name}.")
    return before + start + table + "\n" + end + rest.partition(end)[2]


if __name__ == "__main__":
    main()
