"""What `oracle digest send` shows while it waits and works."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO

from rich.console import Console

from oracle.commands.digest_sending import describe_progress, showing
from oracle.digest.schedule import DigestWindow
from oracle.domain.runs import DeliveryCounts
from oracle.services.awaited_closes import AwaitedCloses
from oracle.services.send_digest import DigestProgress

WINDOW = DigestWindow(
    session=date(2023, 6, 14),
    settled_at=datetime(2023, 6, 14, 20, 15, tzinfo=UTC),
    opens_at=datetime(2023, 6, 14, 22, 0, tzinfo=UTC),
    waits_until=datetime(2023, 6, 15, 0, 0, tzinfo=UTC),
    ends_at=datetime(2023, 6, 15, 2, 0, tzinfo=UTC),
)
NOT_BEGUN = DigestProgress(WINDOW.session, None, DeliveryCounts({}, None), 0.0)
WAITING = replace(NOT_BEGUN, awaited=AwaitedCloses(WINDOW, 3, 10))


def test_waiting_is_said_in_one_line_and_once() -> None:
    """However often it is shown that closes are awaited; in place each progress is shown."""
    said = StringIO()
    shown: list[str] = []
    show = showing(Console(file=said, width=40), shown.append)
    for progress in (NOT_BEGUN, WAITING, replace(WAITING), WAITING):
        show(progress)
    (line,) = said.getvalue().splitlines()
    assert line == describe_progress(WAITING) == shown[1]
    assert len(shown) == 4
    assert "has not been begun. It waits for closes: 3 of 10 are in." in line
    assert "from 00:00 UTC on; its time ends at 02:00 UTC." in line


def test_of_a_digest_without_a_run_the_outlook_is_told() -> None:
    """The sentence that the status gives stands after that it has not been begun."""
    name = "The digest of Wed 14 Jun 2023"
    assert describe_progress(NOT_BEGUN) == f"{name} has not been begun."
    told = describe_progress(NOT_BEGUN, "It is sent at six.")
    assert told == f"{name} has not been begun. It is sent at six."
