"""The document of the log's events and the code name the same ones."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.observability.documents import LOG_EVENTS, DocumentedEvent, read_events

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
LOGGER = "_log"
UNNAMED = frozenset({"exc_info"})


def calls_of(source: str) -> Iterator[ast.Call]:
    """Yield the calls of the module's logger."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == LOGGER
        ):
            yield node


def event_of(call: ast.Call) -> tuple[str, frozenset[str], frozenset[str]]:
    """Return the event, the levels it may have and its fields; raises where they are not plain."""
    assert isinstance(call.func, ast.Attribute)
    method, arguments = call.func.attr, call.args
    levels = {"error"} if method == "exception" else {method}
    if method == "log":
        level, *arguments = call.args
        named = [each.attr for each in ast.walk(level) if isinstance(each, ast.Attribute)]
        levels = {each.lower() for each in named if each.isupper()}
    (name,) = arguments
    assert isinstance(name, ast.Constant), f"{ast.unparse(call)}: an event is a constant"
    fields = {"exception" if each.arg in UNNAMED else each.arg for each in call.keywords}
    assert None not in fields, f"{ast.unparse(call)}: fields are named where they are logged"
    return (
        str(name.value),
        frozenset(levels),
        frozenset(map(str, fields)) | ({"exception"} if method == "exception" else frozenset()),
    )


def logged_events() -> dict[str, DocumentedEvent]:
    """Return what the code logs, as the document should tell it."""
    found: dict[str, DocumentedEvent] = {}
    for folder in ("oracle", "scheduler"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for call in calls_of(path.read_text(encoding="utf-8")):
                name, levels, fields = event_of(call)
                known = found.get(name, DocumentedEvent(frozenset(), frozenset()))
                found[name] = DocumentedEvent(known.levels | levels, known.fields | fields)
    return found


def test_every_event_in_the_code_is_documented_with_its_levels_and_fields() -> None:
    """The document lists what is logged and nothing else, libraries' lines aside."""
    documented = read_events(LOG_EVENTS.read_text(encoding="utf-8"))
    assert documented.pop("library_message").fields == {"message", "exception"}
    logged = logged_events()
    assert len(logged) > 50
    assert documented == logged


def test_every_module_that_logs_calls_its_logger_the_same() -> None:
    """No event escapes the census under another name of the logger."""
    for folder in ("oracle", "scheduler"):
        for path in (ROOT / folder).rglob("*.py"):
            for line in path.read_text(encoding="utf-8").splitlines():
                if "get_logger(__name__)" in line:
                    assert line.startswith(f"{LOGGER} = "), path


@pytest.mark.parametrize(
    "source",
    [
        '_log.info(f"digest_{state}")',
        "_log.info(name)",
        '_log.info("it_happened", **fields)',
        '_log.info("%s happened", name)',
    ],
)
def test_an_event_whose_name_or_fields_cannot_be_read_is_refused(source: str) -> None:
    """Names and fields that are put together at run time could not be documented."""
    (call,) = calls_of(source)
    with pytest.raises((AssertionError, ValueError)):
        event_of(call)


def test_an_event_that_is_missing_from_the_document_is_noticed() -> None:
    """The comparison can fail: a document without one of its rows differs from the code."""
    text = LOG_EVENTS.read_text(encoding="utf-8")
    shorter = "\n".join(line for line in text.splitlines() if "`job_crashed`" not in line)
    documented = read_events(shorter)
    assert logged_events().keys() - documented.keys() == {"job_crashed"}
