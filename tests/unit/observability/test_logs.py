"""Log lines are events for machines, and readable on a terminal."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from oracle.observability.logs import configure_logs, get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_event_is_one_line_of_json_with_the_request_id() -> None:
    """A line holds the event, its fields, level, time in UTC and what the request has bound."""
    stream = io.StringIO()
    configure_logs(pretty=False, level="info", stream=stream)
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        get_logger("oracle.test").info("something_happened", symbol="AAPL")
    line = json.loads(stream.getvalue())
    assert line["event"] == "something_happened"
    assert line["symbol"] == "AAPL"
    assert line["request_id"] == "r1"
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_lines_of_libraries_have_the_same_shape() -> None:
    """What a library logs the ordinary way becomes the same kind of line."""
    stream = io.StringIO()
    configure_logs(pretty=False, level="info", stream=stream)
    logging.getLogger("some.library").warning("out of %s", "paper")
    line = json.loads(stream.getvalue())
    assert line["event"] == "library_message"
    assert line["message"] == "out of paper"
    assert line["logger"] == "some.library"


def test_errors_keep_their_trace_in_one_line() -> None:
    """An exception is logged with its trace and without local variables, still as one line."""
    for pretty in (False, True):
        stream = io.StringIO()
        configure_logs(pretty=pretty, level="info", stream=stream)
        password = "hush" * 2
        try:
            int("wrong")
        except ValueError:
            get_logger("oracle.test").exception("it_failed")
        text = stream.getvalue()
        assert "ValueError" in text
        assert password not in text
        if not pretty:
            assert "ValueError" in json.dumps(json.loads(text)["exception"])


def test_lines_below_the_level_are_not_written() -> None:
    """The configured level is the least severe that appears."""
    stream = io.StringIO()
    configure_logs(pretty=True, level="warning", stream=stream)
    get_logger("oracle.test").info("not_this")
    get_logger("oracle.test").warning("but_this")
    assert "not_this" not in stream.getvalue()
    assert "but_this" in stream.getvalue()
