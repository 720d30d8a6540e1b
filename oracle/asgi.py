"""The running process: joins the web application and the scheduler under one Hypercorn server."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from oracle.app import create_app
from oracle.bootstrap import bootstrap
from oracle.domain.errors import SettingsError
from oracle.observability.exposition import serve_metrics
from oracle.observability.logs import get_logger
from scheduler.runner import run_scheduler

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies
    from oracle.settings import Settings

KEEP_ALIVE_SECONDS = 75
"""Longer than the 60 s of a load balancer, so that it is always the balancer that hangs up."""

READ_TIMEOUT_SECONDS = 90
STOP_SECONDS = 10
"""Time for requests in flight once listening has stopped; afterwards the process ends hard."""

_log = get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises SettingsError when a port cannot be listened on, and DatabaseUnavailable.
    """
    async with AsyncExitStack() as stack:
        deps = await bootstrap(settings)
        stack.push_async_callback(deps.aclose)
        await stack.enter_async_context(serve_metrics(settings.metrics_host, settings.metrics_port))
        app = create_app(deps, lifespans=[lambda: run_scheduler(deps)])
        stop = _stop_on_signals(deps)
        _log.info(
            "serving",
            url=f"http://{settings.host}:{settings.port}",
            market=deps.feed.source.value,
            environment=settings.environment.value,
        )
        try:
            await hypercorn_serve(app, _configure(settings), shutdown_trigger=stop.wait)
        except OSError as error:
            raise SettingsError(
                f"ORACLE_PORT is '{settings.port}', but {settings.host}:{settings.port} cannot be "
                f"listened on ({error.strerror or error}); choose a free port."
            ) from error
    _log.info("stopped")


def _configure(settings: Settings) -> Config:
    config = Config()
    config.bind = [f"{settings.host}:{settings.port}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.read_timeout = READ_TIMEOUT_SECONDS
    config.graceful_timeout = STOP_SECONDS / 2
    config.include_server_header = False
    config.accesslog = None
    config.h11_max_incomplete_size = 16 * 1024
    return config


def _stop_on_signals(deps: Dependencies) -> asyncio.Event:
    """Return the event that ends serving, set a while after a signal made the process drain.

    First the ready check turns 503, so that the balancer sends nothing new; then listening stops.
    A second signal, or requests that do not end, end the process at once.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def drain(delay: float) -> None:
        if deps.lifecycle.draining:
            os._exit(1)
        deps.lifecycle.draining = True
        _log.info("draining", seconds=delay)
        loop.call_later(delay, stop.set)
        _exit_hard_after(delay + STOP_SECONDS)

    loop.add_signal_handler(signal.SIGTERM, drain, deps.settings.drain_seconds)
    # A person at the terminal has no balancer in front and does not want to wait for one.
    loop.add_signal_handler(signal.SIGINT, drain, 0.0)
    return stop


def _exit_hard_after(seconds: float) -> None:
    """End the process by then, whatever hangs: newer Pythons wait for idle connections for ever."""
    timer = threading.Timer(seconds, os._exit, args=(0,))
    timer.daemon = True
    timer.start()
