"""The metrics endpoint, on a port of its own that the public never reaches."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from prometheus_async import aio

from oracle.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def serve_metrics(host: str, port: int) -> AsyncIterator[None]:
    """Answer `GET /metrics` on that address while the context lasts; port 0 means not at all.

    Raises SettingsError when the address cannot be listened on.
    """
    if port == 0:
        yield
        return
    try:
        server = await aio.web.start_http_server(addr=host, port=port)
    except OSError as error:
        raise SettingsError(
            f"ORACLE_METRICS_PORT is '{port}', but {host}:{port} cannot be listened on "
            f"({error.strerror or error}); choose a free port, or 0 for no metrics."
        ) from error
    try:
        yield
    finally:
        await server.close()
