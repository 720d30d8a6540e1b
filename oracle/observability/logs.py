"""Structured logs: one event a line, JSON for machines and colours for a terminal."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from typing import TextIO

    from structlog.typing import Processor

NOISY_LOGGERS = ("yfinance", "peewee", "asyncio", "apscheduler", "alembic", "hypercorn.error")


def configure_logs(*, pretty: bool | None, level: str, stream: TextIO | None = None) -> None:
    """Send the application's and every library's log lines to `stream` (default: stderr).

    `pretty` None means: pretty on a terminal, JSON elsewhere. `level` is the least severe that is
    written. May be called again; the last call wins.
    """
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=_renderers(pretty=out.isatty() if pretty is None else pretty),
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in NOISY_LOGGERS:
        # What these say at INFO repeats what the application's own events say better.
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _renderers(*, pretty: bool) -> list[Processor]:
    remove: Processor = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if pretty:
        return [remove, structlog.dev.ConsoleRenderer(exception_formatter=_plain_traceback)]
    return [
        remove,
        # Local variables may hold addresses and secrets; a trace shows where, not with what.
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
        structlog.processors.JSONRenderer(sort_keys=False),
    ]


_plain_traceback = structlog.dev.RichTracebackFormatter(show_locals=False)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; events are lower-case words joined by underscores."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
