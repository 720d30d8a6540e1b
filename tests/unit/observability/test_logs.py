"""Log lines are events for machines, and readable on a terminal."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from oracle.observability.log_writing import WAITING_LINES
from oracle.observability.logs import configure_logs, get_logger, serve_logs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "WzEsMV0.aW0s0Q.dGhpcyBpcyBubyBzaWduYXR1cmUgYXQgYWxsISEhISE"
HOSTILE = 'a"\n{"event": "forged"}\r\x1b[31m\x00\x85\N{LINE SEPARATOR}'


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logging_to(stream: io.StringIO, *, pretty: bool = False, level: str = "info") -> Any:
    """Log into the stream from now on, and return a logger."""
    configure_logs(pretty=pretty, level=level, stream=stream)
    return get_logger("oracle.test")


def only_line(stream: io.StringIO) -> dict[str, Any]:
    """Return the one line there is."""
    (text,) = stream.getvalue().splitlines()
    line: dict[str, Any] = json.loads(text)
    return line


def lost() -> float:
    """Return how many lines could not be written."""
    return REGISTRY.get_sample_value("oracle_log_lines_lost_total") or 0.0


def test_event_is_one_line_of_json_that_begins_with_what_every_line_has() -> None:
    """Time in UTC with milliseconds, level, event, logger, the request's id; then the fields."""
    stream = io.StringIO()
    log = logging_to(stream)
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        log.info("something_happened", symbol="AAPL", seconds=0.5)
    line = only_line(stream)
    assert list(line) == [
        *("timestamp", "level", "event", "logger", "request_id"),
        *("symbol", "seconds"),
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert line == {
        "level": "info",
        "event": "something_happened",
        "logger": "oracle.test",
        "request_id": "r1",
        "symbol": "AAPL",
        "seconds": 0.5,
    }


@pytest.mark.parametrize(
    "library", ["hypercorn.error", "apscheduler.executors.default", "sqlalchemy.pool", "botocore"]
)
def test_lines_of_libraries_have_the_same_shape(library: str) -> None:
    """What a library logs the ordinary way is one event, its words a field, its trace as well."""
    stream = io.StringIO()
    logging_to(stream)
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        try:
            int("wrong")
        except ValueError:
            logging.getLogger(library).exception("out of %s", "paper")
    line = only_line(stream)
    assert line["event"] == "library_message"
    assert line["message"] == "out of paper"
    assert line["logger"] == library
    assert line["level"] == "error"
    assert line["request_id"] == "r1"
    assert line["exception"][0]["exc_type"] == "ValueError"


def test_warnings_of_python_are_lines_while_the_server_runs() -> None:
    """A deprecated call of a library does not print prose among the lines of JSON."""
    stream = io.StringIO()
    logging_to(stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with serve_logs():
            warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    line = only_line(stream)
    assert line["event"] == "library_message"
    assert line["logger"] == "py.warnings"
    assert "DeprecationWarning: old ways" in line["message"]


def test_errors_keep_their_trace_in_one_line() -> None:
    """An exception is logged with its trace and without local variables, still as one line."""
    for pretty in (False, True):
        stream = io.StringIO()
        log = logging_to(stream, pretty=pretty)
        password = "hush" * 2
        try:
            int("wrong")
        except ValueError:
            log.exception("it_failed")
        text = stream.getvalue()
        assert "ValueError" in text
        assert password not in text
        if not pretty:
            assert "ValueError" in json.dumps(json.loads(text)["exception"])


def test_lines_below_the_level_are_not_written() -> None:
    """The configured level is the least severe that appears."""
    stream = io.StringIO()
    log = logging_to(stream, pretty=True, level="warning")
    log.info("not_this")
    log.warning("but_this")
    assert "not_this" not in stream.getvalue()
    assert "but_this" in stream.getvalue()


@pytest.mark.parametrize("pretty", [False, True])
def test_no_address_and_no_token_passes(pretty: bool) -> None:  # noqa: FBT001
    """Whoever says it, however deep: in a field, a library's words, an error's text or a key."""
    stream = io.StringIO()
    log = logging_to(stream, pretty=pretty)
    said = f"550 <ada@example.org> and bob%40example.org, see /x/{TOKEN}/confirm"
    log.warning("it_was_said", why=said, deep=[{"ada@example.org": (said,)}], other=Exception(said))
    logging.getLogger("aiosmtplib").warning("they said %s", said)
    try:
        dict[str, int]()[said]
    except KeyError:
        log.exception("it_failed")
    text = stream.getvalue()
    assert text.count("[address]") >= 7
    assert text.count("[token]") >= 4
    for secret in ("example.org", "ada", "bob", TOKEN[:12], TOKEN[-12:]):
        assert secret not in text


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "a." * 500_000,
        "@" * 1_000_000,
        f"{'-' * 1_000_000}..",
        "abcd.abcdef." * 80_000,
    ],
    ids=["letters", "dots", "ats", "dashes", "halves"],
)
def test_a_long_text_is_read_in_no_time(text: str) -> None:
    """A hostile megabyte takes no longer than a second or two."""
    stream = io.StringIO()
    logging_to(stream).info("it_was_said", why=text)
    assert only_line(stream)["why"] in {text, "[address]"}


@pytest.mark.parametrize("pretty", [False, True])
def test_visitors_cannot_make_lines_of_their_own(pretty: bool) -> None:  # noqa: FBT001
    """Newlines and control characters are escaped; a line ends where the application ends it."""
    stream = io.StringIO()
    log = logging_to(stream, pretty=pretty)
    log.info("http_request", path=HOSTILE)
    logging.getLogger("hypercorn.error").warning("bad request: %s", HOSTILE)
    lines = stream.getvalue().split("\n")
    assert len(lines) == 3
    assert lines.pop() == ""
    for line in lines:
        # The colours of a terminal are the application's own.
        assert re.sub(r"\x1b\[[0-9;]*m", "", line.replace("\x1b[31mb", "")).isprintable()
        assert "\x1b[31m\\x00" not in line
    if not pretty:
        assert [json.loads(line)["event"] for line in lines] == ["http_request", "library_message"]
        assert json.loads(lines[0])["path"] == HOSTILE


@given(text=st.text())
def test_any_text_is_one_line_that_reads_back(text: str) -> None:
    """Whatever is logged, the line is JSON, and without an address the text is what it was."""
    stream = io.StringIO()
    logging_to(stream).info("it_was_said", why=text)
    (written, rest) = stream.getvalue().split("\n")
    assert rest == ""
    if "@" not in text and "%40" not in text and text.count(".") < 2:
        assert json.loads(written)["why"] == text


def test_a_line_that_cannot_be_formed_is_told_as_one() -> None:
    """A library's mistake in its own message is neither silent nor prose, and raises nowhere."""
    stream = io.StringIO()
    logging_to(stream)
    logging.getLogger("some.library").info("%d stocks", "ten")
    line = only_line(stream)
    assert line["event"] == "library_message"
    assert line["level"] == "error"
    assert "could not be formed: TypeError" in line["message"]


def test_a_closed_stream_loses_lines_and_nothing_else() -> None:
    """Whoever logs goes on; the lines are counted as lost."""
    stream = io.StringIO()
    log = logging_to(stream)
    stream.close()
    before = lost()
    log.info("into_the_void")
    assert lost() == before + 1


def test_a_full_disk_loses_lines_and_nothing_else() -> None:
    """Lines that do not fit are counted as lost."""
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        configure_logs(pretty=False, level="info", stream=full)
        before = lost()
        get_logger("oracle.test").info("into_the_full")
        assert lost() == before + 1


def test_a_reader_who_does_not_read_is_not_waited_for() -> None:
    """A server's lines wait for a blocked pipe up to a limit, and come once it is read."""
    read_end, write_end = os.pipe()
    with open(write_end, "w", encoding="utf-8") as pipe, closing(open(read_end, "rb")) as reader:  # noqa: PTH123
        configure_logs(pretty=False, level="info", stream=pipe)
        log = get_logger("oracle.test")
        before = lost()
        with serve_logs():
            for number in range(WAITING_LINES + 2_000):
                log.info("counted", number=number)
            missing = lost() - before
            assert 0 < missing < 2_000
            # Emptied, it takes the rest; the thread is waited for at the context's end.
            os.set_blocking(read_end, False)
            numbers = read_numbers(reader, until=WAITING_LINES - 1)
        assert numbers == list(range(len(numbers)))
        assert lost() - before == missing


def read_numbers(reader: Any, until: int) -> list[int]:
    """Return the numbers of the lines in the pipe, once that one has come."""
    text = b""
    while True:
        text += reader.read() or b""
        whole = text.rpartition(b"\n")[0].splitlines()
        numbers = [json.loads(line)["number"] for line in whole]
        if numbers and numbers[-1] >= until:
            return numbers


def test_lines_are_whole_after_one_that_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a write ended in the middle, the next line still begins on a line of its own."""
    path = tmp_path / "log"
    with path.open("w", encoding="utf-8") as stream:
        configure_logs(pretty=False, level="info", stream=stream)
        log = get_logger("oracle.test")
        write, calls = os.write, [0]

        def cut(descriptor: int, text: bytes) -> int:
            calls[0] += 1
            if calls[0] == 2:
                raise OSError("no space left")
            return write(descriptor, text[:20] if calls[0] == 1 else text)

        monkeypatch.setattr("oracle.observability.log_writing.os.write", cut)
        log.info("cut_off")
        log.info("whole")
    assert json.loads(path.read_text().splitlines()[-1])["event"] == "whole"


def test_lines_are_counted_by_level() -> None:
    """The rate of errors is known even where the lines get lost."""

    def count(level: str) -> float:
        return REGISTRY.get_sample_value("oracle_log_lines_total", {"level": level}) or 0.0

    log = logging_to(io.StringIO(), level="debug")
    before = {level: count(level) for level in ("debug", "info", "error", "critical")}
    log.debug("a")
    log.error("b")
    logging.getLogger("other").log(25, "between")
    logging.getLogger("other").critical("worst")
    assert {level: count(level) - old for level, old in before.items()} == dict.fromkeys(before, 1)
