"""`oracle subscribers`: list, add, export, erase, suppress, import."""

from __future__ import annotations

import csv
import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from oracle.commands.running import EPILOG, Exit, finish, open_dependencies
from oracle.domain.errors import InvalidImport
from oracle.domain.subscribers import SubscriberState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from oracle.domain.subscribers import Subscriber
    from oracle.services.export_subscriber import SubscriberExport
    from oracle.services.import_subscribers import ImportReport
    from oracle.services.list_subscribers import ListedSubscriber

COLUMN: Final = "email"
SUPPRESSED: Final = "suppressed"
OTHER_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}
MOST_BAD_LINES_SHOWN = 100


@click.group(epilog=EPILOG)
def subscribers() -> None:
    """Keep the subscribers of the evening digest."""


@subscribers.command("list", epilog=EPILOG)
@click.option(
    "--state",
    type=click.Choice([*(each.value for each in SubscriberState), SUPPRESSED]),
    help="Those of this state only; suppressed: those whose address gets no mail, in any state.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def list_all(state: str | None, *, as_json: bool) -> None:
    """List the subscribers, in the order in which they came.

    Number, state, the day they came and how, address, own stocks. Who is suppressed is marked.
    Suppressed addresses of nobody here are known by SHA-256 alone.
    """
    from oracle.services.list_subscribers import list_subscribers  # noqa: PLC0415

    async def work() -> int:
        count = 0
        only = state == SUPPRESSED
        wanted = None if state is None or only else SubscriberState(state)
        async with open_dependencies(quiet=as_json) as (deps, _):
            async for page in list_subscribers(deps, state=wanted, suppressed_only=only):
                count += len(page)
                for each in page:
                    click.echo(_json_of(each) if as_json else _line_of(each))
        return count

    if not finish(work()) and not as_json:
        click.echo(
            "There are no subscribers in that state." if state else "There is nobody yet.", err=True
        )


@subscribers.command(epilog=EPILOG)
@click.argument("email")
@click.option("--confirmed", is_flag=True, help="They have agreed elsewhere; ask no more.")
def add(email: str, *, confirmed: bool) -> None:
    """Add EMAIL, and send the mail that asks to confirm."""
    from oracle.services.add_subscriber import add_subscriber  # noqa: PLC0415
    from oracle.services.subscriber_links import require_lasting_links  # noqa: PLC0415

    async def work() -> Exit:
        async with open_dependencies(quiet=False) as (deps, _):
            if not confirmed:
                require_lasting_links(deps)
            added = await add_subscriber(deps, email, confirmed=confirmed)
        click.echo(added.value)
        return Exit.OK if added.is_done else Exit.FAILED

    sys.exit(finish(work()))


@subscribers.command(epilog=EPILOG)
@click.argument("email")
def export(email: str) -> None:
    """Print the subscription, suppression and deliveries of EMAIL, as JSON."""
    from oracle.services.export_subscriber import export_subscriber  # noqa: PLC0415

    async def work() -> SubscriberExport:
        async with open_dependencies(quiet=True) as (deps, _):
            return await export_subscriber(deps, email)

    click.echo(json.dumps(_export_of(finish(work())), indent=2))


@subscribers.command(epilog=EPILOG)
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask whether this is meant.")
def erase(email: str, *, yes: bool) -> None:
    """Forget EMAIL for good; a suppression stays, under its SHA-256 alone."""
    from oracle.services.erase_subscriber import (  # noqa: PLC0415
        erase_subscriber,
        require_subscriber,
    )

    async def work() -> bool:
        async with open_dependencies(quiet=True) as (deps, _):
            await require_subscriber(deps, email)
            if not yes:
                click.confirm("Erase this subscriber? It cannot be undone.", abort=True, err=True)
            return await erase_subscriber(deps, email)

    stays = finish(work())
    click.echo("Erased. The address stays suppressed, by its SHA-256." if stays else "Erased.")


@subscribers.command(epilog=EPILOG)
@click.argument("email")
@click.option("--reason", default="", help="Why, for whoever looks later.")
@click.option("--lift", is_flag=True, help="Let mail go there again.")
def suppress(email: str, reason: str, *, lift: bool) -> None:
    """Never write to EMAIL again, subscriber or not."""
    from oracle.services.suppress_address import lift_suppression, suppress_address  # noqa: PLC0415

    async def work() -> str:
        async with open_dependencies(quiet=True) as (deps, _):
            if lift:
                return (
                    "Lifted." if await lift_suppression(deps, email) else "It was not suppressed."
                )
            is_new = await suppress_address(deps, email, detail=reason)
            return "Suppressed." if is_new else "It was suppressed already."

    click.echo(finish(work()))


@subscribers.command("import", epilog=EPILOG)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--confirmed", is_flag=True, help="They have agreed elsewhere; ask no more.")
def import_file(file: Path, *, confirmed: bool) -> None:
    """Add the addresses of the column `email` of FILE, a CSV file.

    Bad lines are reported by their numbers and left out. Without --confirmed each new address is
    sent the mail that asks to confirm. Who has unsubscribed or is suppressed stays so.
    """
    from oracle.commands.progress import show_progress  # noqa: PLC0415
    from oracle.services.import_subscribers import import_subscribers  # noqa: PLC0415
    from oracle.services.subscriber_links import require_lasting_links  # noqa: PLC0415

    shown = 0

    def report(line: int, reason: str) -> None:
        nonlocal shown
        shown += 1
        if shown <= MOST_BAD_LINES_SHOWN:
            click.echo(f"Line {line}: {reason}", err=True)

    async def work() -> ImportReport:
        async with open_dependencies(quiet=False) as (deps, console):
            if not confirmed:
                require_lasting_links(deps)
            total = _count_lines(file)
            with _opened(file) as text, show_progress(console) as progress:
                return await import_subscribers(
                    deps,
                    read_addresses(text),
                    confirmed=confirmed,
                    report=report,
                    progress=lambda done: progress("Importing", min(done, total), total),
                )

    result = finish(work())
    if shown > MOST_BAD_LINES_SHOWN:
        click.echo(f"... and {shown - MOST_BAD_LINES_SHOWN:,} more bad lines.", err=True)
    click.echo(
        f"{result.lines:,} line{'' if result.lines == 1 else 's'}: "
        f"{result.added:,} added, {result.confirmed:,} confirmed, "
        f"{result.known:,} known, {result.left:,} left alone, {result.bad:,} bad; "
        f"{result.asked:,} asked to confirm."
    )
    if result.problem:
        click.echo(
            f"Error: {result.problem} All before it was stored; mend it and import the file again.",
            err=True,
        )
    sys.exit(Exit.BAD_INPUT if result.bad or result.problem else Exit.OK)


def read_addresses(text: TextIO) -> Iterator[tuple[int, str]]:
    """Yield the number of each line and what stands in its column `email`, one at a time.

    Empty lines are passed over. Raises InvalidImport when there is no such column, or when the
    text cannot be read as CSV, with the number of the line in which that begins.
    """
    read = 0
    reader = csv.reader(text, strict=True)
    try:
        names = [name.strip().casefold() for name in next(reader, [])]
        if COLUMN not in names:
            raise InvalidImport(
                f"The file's first line names no column `{COLUMN}`.", hint=_guess_separator(names)
            )
        place = names.index(COLUMN)
        read = reader.line_num
        for row in reader:
            read = reader.line_num
            if row:
                yield reader.line_num, row[place] if place < len(row) else ""
    except csv.Error as error:
        raise InvalidImport(f"Line {read + 1} is no CSV: {error}.") from error


def _guess_separator(names: Sequence[str]) -> str | None:
    """Return what is wrong with a first line in which the column is hidden, None if it is not."""
    line = ",".join(names)
    for separator, name in OTHER_SEPARATORS.items():
        if COLUMN in (each.strip(' "') for each in line.split(separator)):
            return f"Its columns seem to be separated by {name}; commas are expected."
    return None


@contextmanager
def _opened(file: Path) -> Iterator[TextIO]:
    # What is no UTF-8 becomes a sign that no address has, so that its line alone is bad.
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        yield text


def _count_lines(file: Path) -> int:
    with file.open("rb") as content:
        return max(sum(1 for _ in content) - 1, 1)


def _json_of(listed: ListedSubscriber) -> str:
    fields = _fields_of(listed.subscriber)
    return json.dumps({**fields, "suppressed": listed.is_suppressed})


def _line_of(listed: ListedSubscriber) -> str:
    subscriber = listed.subscriber
    suppressed = f" {SUPPRESSED}" if listed.is_suppressed else ""
    paused = " paused" if subscriber.is_paused else ""
    symbols = f"  {','.join(subscriber.symbols)}" if subscriber.symbols else ""
    state = f"{subscriber.state.value}{paused}{suppressed}"
    came = f"{subscriber.created_at:%Y-%m-%d}  {subscriber.origin:<7}"
    return f"{subscriber.id:>7}  {state:<20}  {came}  {subscriber.address.text}{symbols}"


def _fields_of(subscriber: Subscriber) -> dict[str, Any]:
    def instant(name: str) -> str | None:
        value = getattr(subscriber, name)
        return None if value is None else value.isoformat()

    return {
        "number": subscriber.id,
        "email": subscriber.address.text,
        "state": subscriber.state.value,
        "paused": subscriber.is_paused,
        "symbols": list(subscriber.symbols),
        "origin": subscriber.origin,
        "created_at": instant("created_at"),
        "confirmed_at": instant("confirmed_at"),
        "unsubscribed_at": instant("unsubscribed_at"),
        "confirmation_sent_at": instant("confirmation_sent_at"),
        "confirmations_sent": subscriber.confirmations_sent,
    }


def _export_of(export: SubscriberExport) -> dict[str, Any]:
    suppression = export.suppression
    return {
        "subscription": None if export.subscriber is None else _fields_of(export.subscriber),
        "suppression": None
        if suppression is None
        else {
            "sha256": suppression.fingerprint,
            "reason": suppression.reason.value,
            "detail": suppression.detail,
            "suppressed_at": suppression.suppressed_at.isoformat(),
        },
        "deliveries": [
            {
                "session": each.session.isoformat(),
                "state": each.state.value,
                "attempt": each.attempt,
                "changed_at": each.changed_at.isoformat(),
            }
            for each in export.deliveries
        ],
    }
