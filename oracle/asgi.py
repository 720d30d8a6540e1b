"""The running process: joins the web application and the scheduler under one Hypercorn server."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from oracle.app import create_app
from oracle.bootstrap import bootstrap
from oracle.domain.errors import SettingsError
from oracle.observability.event_loop import measure_event_loop
from oracle.observability.exposition import serve_metrics
from oracle.observability.logs import get_logger, serve_logs
from scheduler.runner import run_scheduler

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies
    from oracle.settings import Settings

KEEP_ALIVE_SECONDS = 75
"""Longer than the 60 s of a load balancer, so that it is always the balancer that hangs up."""

READ_TIMEOUT_SECONDS = 90
BACKLOG = 512
STOP_SECONDS = 10
"""Time for requests in flight once listening has stopped; afterwards the process ends hard."""

_log = get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises SettingsError when a port cannot be listened on, and what `bootstrap` raises.
    """
    with serve_logs():
        await _serve(settings)
        _log.info("stopped")


async def _serve(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        # The ports come first: who cannot have them should not migrate, fetch or elect anything.
        listener = stack.enter_context(_listen(settings.host, settings.port))
        await stack.enter_async_context(serve_metrics(settings.metrics_host, settings.metrics_port))
        deps = await bootstrap(settings)
        stack.push_async_callback(deps.aclose)
        app = create_app(deps, lifespans=[measure_event_loop, lambda: run_scheduler(deps)])
        stop = _stop_on_signals(deps)
        _log.info(
            "serving",
            url=f"http://{settings.host}:{settings.port}",
            market=deps.feed.source.value,
            environment=settings.environment.value,
        )
        await hypercorn_serve(app, _configure(listener), shutdown_trigger=stop.wait)


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises SettingsError when there cannot be one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot_listen(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _cannot_listen(host, port, error) from error
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> SettingsError:
    return SettingsError(
        f"ORACLE_PORT is '{port}', but {host}:{port} cannot be listened on "
        f"({error.strerror or error}); choose a free port, or another ORACLE_HOST."
    )


def _configure(listener: socket.socket) -> Config:
    config = Config()
    # The server closes the descriptor it is given, so it gets one of its own.
    config.bind = [f"fd://{os.dup(listener.fileno())}"]
    config.backlog = BACKLOG
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.read_timeout = READ_TIMEOUT_SECONDS
    config.graceful_timeout = STOP_SECONDS / 2
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
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
        deps.lifecycle.drain()
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
