"""Take a picture of every page, wide and narrow, light and dark, into var/screenshots.

A server of its own shows the sample market, with a year of replayed predictions in its record.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "var" / "screenshots"
COMMAND = Path(sys.executable).with_name("oracle")
SESSIONS = 250
START_SECONDS = 60.0
WIDTHS = (1440, 390)
SCHEMES: Final = ("light", "dark")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking")

PAGES: Final = {
    "home": "/",
    "stock": "/stocks/AAPL",
    "ranking": "/ranking",
    "record": "/track-record",
    "record-of-a-stock": "/track-record?symbol=AAPL",
    "digests": "/digests",
    "subscribe": "/subscribers",
    "invalid-link": "/subscribers/damaged/confirm",
    "method": "/method",
    "status": "/status",
    "search": "/search",
    "search-matches": "/search?q=bank",
    "search-no-match": "/search?q=qqqqzz",
    "api": "/api/docs",
    "design": "/design",
    "not-found": "/nowhere",
    "invalid": "/ranking?symbols=AAPL",
}
"""Every page by the name of its pictures; the tests of accessibility visit the same."""


def main() -> None:
    """Start the server, photograph it, stop it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("There is no Chromium here; `make test` installs it.")
    with TemporaryDirectory() as folder, _running_site(Path(folder)) as url:
        PICTURES.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            for width in WIDTHS:
                for scheme in SCHEMES:
                    _photograph(browser, url, width, scheme)
            browser.close()


def _photograph(browser: Browser, url: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    for name, path in PAGES.items():
        page.goto(url + path, wait_until="networkidle")
        picture = PICTURES / f"{name}-{width}-{scheme}.png"
        page.screenshot(path=picture, full_page=True)
        print(picture.relative_to(ROOT))
    context.close()


@contextmanager
def _running_site(folder: Path) -> Iterator[str]:
    """Yield the address of a server on the sample market whose record is filled."""
    port = _free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ORACLE_")},
        "ORACLE_MARKET": "sample",
        "ORACLE_DATABASE_URL": f"sqlite:///{folder / 'oracle.db'}",
        "ORACLE_CACHE_FOLDER": str(folder / "cache"),
        "ORACLE_PORT": str(port),
        "ORACLE_METRICS_PORT": "0",
        "ORACLE_DRAIN_SECONDS": "0",
        "ORACLE_LOG_LEVEL": "error",
    }
    _run(environment, "replay", "--sessions", str(SESSIONS))
    arguments = [str(COMMAND), "serve"]
    with subprocess.Popen(arguments, cwd=ROOT, env=environment) as process:  # noqa: S603 - our own command
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/ranking", process)
            yield url
        finally:
            process.terminate()


def _run(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([str(COMMAND), *arguments], cwd=ROOT, env=environment, check=True)  # noqa: S603 - our own command


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=10):  # noqa: S310 - own http address
                return
        except urllib.error.URLError:
            time.sleep(0.1)
    sys.exit("The server did not get ready.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
