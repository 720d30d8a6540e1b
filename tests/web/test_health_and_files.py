"""Health checks, static files, lifespans and the log line of a request."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from structlog.testing import capture_logs

from oracle.app import ROOT, create_app
from oracle.observability import metrics
from oracle.services.check_health import Health
from oracle.settings import load_settings
from oracle.web.assets import HTMX, read_assets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from quart import Quart
    from quart.typing import TestClientProtocol

    from oracle.services.dependencies import Dependencies
    from tests.web.scenes import Scene


async def test_live_needs_nothing(client: TestClientProtocol, scene: Scene) -> None:
    """The process is alive whatever the rest of the world does."""
    scene.status = RuntimeError("nothing works")
    response = await client.get("/healthz/live")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("draining", "status"), [(False, 200), (True, 503)])
async def test_ready_follows_the_process(
    client: TestClientProtocol,
    scene: Scene,
    draining: bool,  # noqa: FBT001
    status: int,
) -> None:
    """A draining process is not ready; one without its database is, and asks nothing of it."""
    scene.health = Health(draining=draining, database=False, source="yahoo")
    response = await client.get("/healthz/ready")
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert json.loads(await response.get_data()) == {"ready": not draining}
    assert scene.asked == []


@pytest.mark.parametrize(("database", "status"), [(True, 200), (False, 503)])
async def test_deep_health_tells_people_what_works(
    client: TestClientProtocol,
    scene: Scene,
    database: bool,  # noqa: FBT001
    status: int,
) -> None:
    """The check for people asks the database, says what it found, and is never cached."""
    scene.health = Health(draining=False, database=database, source="yahoo")
    response = await client.get("/healthz/deep")
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    body = json.loads(await response.get_data())
    assert body == {"draining": False, "database": database, "source": "yahoo"}
    assert scene.asked == ["health"]


async def test_files_with_their_fingerprint_are_kept_for_good(app: Quart) -> None:
    """The address in the page may be cached for ever; a guessed one is checked each time."""
    client = app.test_client()
    url = read_assets(ROOT / "static").url("app.css")
    kept = await client.get(url)
    assert kept.status_code == 200
    assert "immutable" in kept.headers["Cache-Control"]
    assert kept.mimetype == "text/css"
    for other in ("/static/app.css", "/static/app.css?v=000000000000"):
        response = await client.get(other)
        assert response.headers["Cache-Control"] == "public, no-cache"


async def test_files_are_compressed_and_tagged(client: TestClientProtocol) -> None:
    """A style sheet comes compressed to those who take it, and not again to those who have it."""
    small = await client.get("/static/app.css", headers={"Accept-Encoding": "gzip"})
    whole = await client.get("/static/app.css")
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(await small.get_data()) < len(await whole.get_data()) / 2
    known = {"If-None-Match": whole.headers["ETag"]}
    assert (await client.get("/static/app.css", headers=known)).status_code == 304


def test_fingerprints_follow_the_content(tmp_path: Path) -> None:
    """A changed file gets a new address; in development without a restart."""
    (tmp_path / "app.css").write_text("a{}")
    assets = read_assets(tmp_path, watch=True)
    before = assets.url("app.css")
    (tmp_path / "app.css").write_text("b{}")
    assert assets.url("app.css") != before


def test_missing_browser_assets_are_logged(tmp_path: Path) -> None:
    """Without the installed scripts the site starts, and one log line says what to do."""
    with capture_logs() as events:
        assets = read_assets(tmp_path)
    assert not assets.has(HTMX)
    assert [event["event"] for event in events] == ["browser_assets_missing"]


async def test_pages_do_without_missing_scripts(client: TestClientProtocol, app: Quart) -> None:
    """Where the library is absent no page asks for it, nor carries attributes it would read."""
    site = app.extensions["oracle.site"]
    site.assets.files.pop(HTMX, None)
    for path in ("/", "/stocks/AAPL", "/search?q=appl"):
        page = await (await client.get(path)).get_data(as_text=True)
        assert "htmx" not in page
        assert "hx-get" not in page


async def test_lifespans_are_entered_and_left_in_reverse(scene: Scene) -> None:
    """What is started with the application ends with it, the last first."""
    events: list[str] = []

    def lifespan(name: str) -> object:
        @asynccontextmanager
        async def run() -> AsyncIterator[None]:
            events.append(f"{name} begins")
            yield
            events.append(f"{name} ends")

        return run

    settings = load_settings(base_url="https://oracle.example")
    app = create_app(
        cast("Dependencies", SimpleNamespace(settings=settings)),
        [lifespan("first"), lifespan("second")],  # type: ignore[list-item]
        use_cases=scene.use_cases(),
    )
    async with app.test_app():
        assert events == ["first begins", "second begins"]
    assert events[2:] == ["second ends", "first ends"]


async def test_work_left_by_pages_ends_with_the_application(app: Quart, scene: Scene) -> None:
    """A forecast that nobody waits for any more does not outlive the process."""
    scene.hurdle = asyncio.Event()
    async with app.test_app() as running:
        await running.test_client().get("/stocks/AAPL")
        waiting = [task for task in asyncio.all_tasks() if "page_report" in task.get_name()]
        assert len(waiting) == 1
    assert waiting[0].cancelled()


async def test_every_request_is_logged_and_counted_by_its_route(
    client: TestClientProtocol,
) -> None:
    """The log line and the metric carry the route's template, never what a visitor typed."""

    def count(route: str, status: str) -> float:
        value: float = metrics.http_requests.labels("GET", route, status)._value.get()  # noqa: SLF001
        return value

    found, unmatched = count("/stocks/<symbol>", "200"), count("unmatched", "404")
    with capture_logs() as events:
        await client.get("/stocks/AAPL")
        await client.get("/nowhere")
    lines = [event for event in events if event["event"] == "http_request"]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("/stocks/<symbol>", 200),
        ("unmatched", 404),
    ]
    assert count("/stocks/<symbol>", "200") == found + 1
    assert count("unmatched", "404") == unmatched + 1
