"""The metrics endpoint, on a port of its own that the public never reaches."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_async.aio.web import server_stats
from prometheus_client import REGISTRY
from prometheus_client.openmetrics import exposition as openmetrics

from oracle.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_OPENMETRICS = "application/openmetrics-text"


@asynccontextmanager
async def serve_metrics(host: str, port: int) -> AsyncIterator[None]:
    """Answer `GET /metrics` on that address while the context lasts; port 0 means not at all.

    In OpenMetrics or in Prometheus' text, as the reader's `Accept` says. Raises SettingsError when
    the address cannot be listened on.
    """
    if port == 0:
        yield
        return
    runner = web.AppRunner(build_metrics_app(), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise SettingsError(
                f"ORACLE_METRICS_PORT is '{port}', but {host}:{port} cannot be listened on "
                f"({error.strerror or error}); choose a free port, or 0 for no metrics."
            ) from error
        yield
    finally:
        await runner.cleanup()


def build_metrics_app() -> web.Application:
    """Return what answers at that address: the metrics, and 404 to everything else."""
    app = web.Application()
    app.router.add_get("/metrics", _answer)
    return app


async def _answer(request: web.Request) -> web.Response:
    # Never compressed: its reader is near, and requests of visitors wait while this is made.
    if _OPENMETRICS not in request.headers.get("Accept", ""):
        # The library's own server would also greet whoever asks for its root.
        return await server_stats(request)
    # What Prometheus reads every few seconds is made here: the client would look at each letter of
    # each line's name for one that may not be there, which takes as long as all the rest.
    page = openmetrics.generate_latest(  # type: ignore[no-untyped-call]
        REGISTRY, escaping=openmetrics.ALLOWUTF8
    )
    return web.Response(body=page, headers={"Content-Type": openmetrics.CONTENT_TYPE_LATEST})
