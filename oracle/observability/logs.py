"""Structured logs: one event a line, JSON for machines and colours for a terminal.

docs/logs.md lists every event with its fields.
"""

from __future__ import annotations

import logging
import sys
import traceback
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog

from oracle.observability.log_writing import LineHandler
from oracle.observability.redaction import hide, hide_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

NOISY_LOGGERS: Final = (
    "yfinance",
    "peewee",
    "asyncio",
    "apscheduler",
    "alembic",
    "hypercorn.error",
)

LIBRARY_EVENT: Final = "library_message"
"""The event of every line that a library logs; what it says is the field `message`."""

FIRST_FIELDS: Final = ("timestamp", "level", "event", "logger", "request_id")


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
        _stamp,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = LineHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_name_library_line, *shared],
            processors=_renderers(pretty=out.isatty() if pretty is None else pretty),
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in NOISY_LOGGERS:
        # What these say at INFO repeats what the application's own events say better.
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


@contextmanager
def serve_logs() -> Iterator[None]:
    """Log as a server must while the context lasts: nobody waits for lines to be written.

    Python's warnings become log lines as well.
    """
    logging.captureWarnings(capture=True)
    try:
        handler = next(
            (each for each in logging.getLogger().handlers if isinstance(each, LineHandler)), None
        )
        if handler is None:
            yield
        else:
            with handler.writing_aside():
                yield
    finally:
        logging.captureWarnings(capture=False)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; events are lower-case words joined by underscores."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _renderers(*, pretty: bool) -> list[Processor]:
    remove: Processor = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if pretty:
        console = structlog.dev.ConsoleRenderer(exception_formatter=_write_traceback)
        return [remove, hide_secrets, _escape_controls, console]
    return [
        remove,
        # Local variables may hold addresses and secrets; a trace shows where, not with what.
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
        hide_secrets,
        _put_in_order,
        structlog.processors.JSONRenderer(sort_keys=False),
    ]


def _write_traceback(out: TextIO, error: ExcInfo) -> None:
    # In colours an address would be in pieces, which nothing recognises.
    out.write("\n" + hide("".join(traceback.format_exception(*error))).rstrip())


def _stamp(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    event["timestamp"] = now.replace("+00:00", "Z")
    return event


def _name_library_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep the names of events few: what a library says is text."""
    event["message"] = event["event"]
    event["event"] = LIBRARY_EVENT
    return event


def _put_in_order(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    first = {name: event[name] for name in FIRST_FIELDS if name in event}
    return {**first, **event}


def _escape_controls(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Let no text begin a line or move the cursor; in JSON the encoding sees to that."""
    return {
        name: "".join(
            each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
            for each in value
        )
        if isinstance(value, str)
        else value
        for name, value in event.items()
    }
