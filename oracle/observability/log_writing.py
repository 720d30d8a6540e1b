"""Writes log lines so that trouble where they go never becomes trouble of a request."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from io import UnsupportedOperation
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

from oracle.observability import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

WAITING_LINES: Final = 10_000
"""How many lines wait at most for a reader who does not read; later ones are lost, and counted."""

CLOSING_SECONDS: Final = 1.0
"""How long, at the end, is waited for those."""


class LineHandler(logging.Handler):
    """Writes each line whole: at once or, while `writing_aside` lasts, from a thread.

    A pipe that nobody empties blocks whoever writes into it, and a disk may be full. Whoever logs
    never learns of either; the lines are counted as lost.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._waiting: Queue[str | None] | None = None
        self._writing = Lock()
        self._is_torn = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record's line, or put it where the thread finds it; never raises."""
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001 - a line that cannot be formed is told as one
            line = self.format(_describe_broken(record, error))
        metrics.log_lines.labels(_level_of(record)).inc()
        waiting = self._waiting
        if waiting is None:
            self._write(line)
            return
        try:
            waiting.put_nowait(line)
        except Full:
            metrics.log_lines_lost.inc()

    @contextmanager
    def writing_aside(self) -> Iterator[None]:
        """Let a thread do the writing while the context lasts, and write what waits at its end."""
        waiting: Queue[str | None] = Queue(WAITING_LINES)
        thread = Thread(target=self._write_all, args=[waiting], name="log", daemon=True)
        thread.start()
        self._waiting = waiting
        try:
            yield
        finally:
            try:
                waiting.put(None, timeout=CLOSING_SECONDS)
            except Full:
                metrics.log_lines_lost.inc(waiting.qsize())
            else:
                thread.join(CLOSING_SECONDS)
            if not thread.is_alive():
                # What others said since the end was marked.
                self._waiting = None
                self._write_rest(waiting)

    def _write_all(self, waiting: Queue[str | None]) -> None:
        while (line := waiting.get()) is not None:
            self._write(line)

    def _write_rest(self, waiting: Queue[str | None]) -> None:
        try:
            while True:
                line = waiting.get_nowait()
                if line is not None:
                    self._write(line)
        except Empty:
            return

    def _write(self, line: str) -> None:
        with self._writing:
            # After a line that was cut off the next one still begins on a line of its own.
            text = f"\n{line}\n" if self._is_torn else f"{line}\n"
            try:
                _write_to(self._stream, text)
            except (OSError, ValueError):
                self._is_torn = True
                metrics.log_lines_lost.inc()
            else:
                self._is_torn = False


def _write_to(stream: TextIO, text: str) -> None:
    """Write the text to the stream's descriptor, if it has one.

    Past its buffer, whose lock a thread that hangs in a full pipe would keep: the interpreter
    aborts when it cannot have that at its end.
    """
    try:
        descriptor = stream.fileno()
    except UnsupportedOperation:
        stream.write(text)
        stream.flush()
        return
    rest = text.encode(stream.encoding or "utf-8", "backslashreplace")
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _level_of(record: logging.LogRecord) -> str:
    """Return the level's name, of a level between two the lower one's."""
    return next(
        (
            name.lower()
            for name in ("CRITICAL", "ERROR", "WARNING", "INFO")
            if record.levelno >= getattr(logging, name)
        ),
        "debug",
    )


def _describe_broken(record: logging.LogRecord, error: Exception) -> logging.LogRecord:
    """Return a record that says of which one, and why, no line could be made."""
    return logging.LogRecord(
        name=record.name,
        level=logging.ERROR,
        pathname=record.pathname,
        lineno=record.lineno,
        msg="A line logged at %s:%d could not be formed: %s",
        args=(record.filename, record.lineno, type(error).__name__),
        exc_info=None,
    )
