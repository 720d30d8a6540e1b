"""Run the website for development: again from the start whenever a file of it changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

WATCHED = ("oracle", "scheduler", "templates", "static")
SUFFIXES = frozenset({".py", ".html", ".txt", ".css", ".js", ".svg"})
SECONDS_BETWEEN_LOOKS = 0.5


def look() -> dict[Path, int]:
    """Return when each watched file last changed, in nanoseconds."""
    changed: dict[Path, int] = {}
    for folder in WATCHED:
        for file in Path(folder).rglob("*"):
            if file.suffix in SUFFIXES:
                try:
                    changed[file] = file.stat().st_mtime_ns
                except FileNotFoundError:
                    continue  # Editors replace files; the next look sees the new one.
    return changed


def start() -> subprocess.Popen[bytes]:
    """Start the website in a process of its own."""
    return subprocess.Popen(  # noqa: S603 - the program is this environment's own.
        [Path(sys.executable).with_name("oracle"), "serve"],
        env={"ORACLE_DRAIN_SECONDS": "0", **os.environ},
    )


def stop(site: subprocess.Popen[bytes]) -> None:
    """End the website as a terminal would, and wait until it has."""
    if site.poll() is None:
        site.send_signal(signal.SIGINT)
    site.wait()


def main() -> None:
    """Serve until interrupted; a website that ended by itself waits for the next change."""
    seen, site = look(), start()
    try:
        while True:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            now = look()
            if now == seen:
                continue
            changed = sorted(str(file) for file, _ in seen.items() ^ now.items())
            print(f"Changed: {', '.join(dict.fromkeys(changed))}. Restarting ...", flush=True)
            seen = now
            stop(site)
            site = start()
    except KeyboardInterrupt:
        stop(site)


if __name__ == "__main__":
    main()
