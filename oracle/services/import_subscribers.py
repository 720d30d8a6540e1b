"""Use case: take over subscribers from elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oracle.domain.addresses import parse_address
from oracle.domain.errors import InvalidAddress, InvalidImport
from oracle.domain.subscribers import SubscriberState
from oracle.domain.subscriptions import confirm
from oracle.services.send_confirmation import send_confirmation
from oracle.services.send_deliveries import sending_interval
from oracle.services.subscribe import note_sign_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from oracle.domain.subscribers import EmailAddress
    from oracle.services.dependencies import Dependencies

    Row = tuple[int, str]
    Report = Callable[[int, str], None]

ORIGIN = "import"
PAGE = 500
"""Addresses stored in one transaction, well within the database's deadline."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the lines.

    `added` are new, `confirmed` were waiting and are confirmed now, `known` were there already,
    `left` had unsubscribed or are suppressed and stay so, `asked` were sent a mail, `bad` are no
    addresses. `problem` says where and why the reading ended before the file did.
    """

    added: int = 0
    confirmed: int = 0
    known: int = 0
    left: int = 0
    asked: int = 0
    bad: int = 0
    problem: str = ""

    def plus(self, other: ImportReport) -> ImportReport:
        """Return the sum of both."""
        return ImportReport(
            self.added + other.added,
            self.confirmed + other.confirmed,
            self.known + other.known,
            self.left + other.left,
            self.asked + other.asked,
            self.bad + other.bad,
        )

    @property
    def lines(self) -> int:
        """All lines that were read."""
        return self.added + self.confirmed + self.known + self.left + self.bad


async def import_subscribers(
    deps: Dependencies,
    rows: Iterable[Row],
    *,
    confirmed: bool,
    report: Report,
    progress: Callable[[int], None],
) -> ImportReport:
    """Store the addresses of the rows, each a line's number and its text, a page at a time.

    With `confirmed` their consent was given elsewhere, which their origin `import` records.
    Without it each that was never asked to confirm is sent the mail that asks, at the pace of the
    provider: an import that was interrupted goes on where it stopped. Nobody who has left is
    brought back. `report` gets the number of each bad line and what is wrong with it, never the
    address. `progress` gets the number of lines done. Where the rows end with InvalidImport, what
    came before is stored and the report says why; it is raised if nothing came before.
    """
    total = ImportReport()
    try:
        for page in _pages(rows):
            addresses, bad = _parse(page, report)
            stored, unasked = await store_addresses(deps, addresses, confirmed=confirmed)
            done = replace(stored, bad=bad, asked=0 if confirmed else await _ask(deps, unasked))
            total = total.plus(done)
            progress(total.lines)
    except InvalidImport as error:
        if not total.lines:
            raise
        return replace(total, problem=str(error))
    return total


def _pages(rows: Iterable[Row]) -> Iterator[Sequence[Row]]:
    page: list[Row] = []
    try:
        for row in rows:
            page.append(row)
            if len(page) == PAGE:
                yield page
                page = []
    except InvalidImport:
        if page:
            yield page
        raise
    if page:
        yield page


def _parse(page: Sequence[Row], report: Report) -> tuple[list[EmailAddress], int]:
    addresses = []
    bad = 0
    for line, text in page:
        try:
            addresses.append(parse_address(text))
        except InvalidAddress as error:
            bad += 1
            report(line, str(error))
    return addresses, bad


async def store_addresses(
    deps: Dependencies, addresses: Sequence[EmailAddress], *, confirmed: bool, origin: str = ORIGIN
) -> tuple[ImportReport, Sequence[EmailAddress]]:
    """Store a page of addresses in one transaction.

    Return what became of them, and those that wait to be confirmed and were never asked.
    """
    by_key: dict[str, EmailAddress] = {}
    for address in addresses:
        by_key.setdefault(address.key, address)
    repeated = len(addresses) - len(by_key)
    state = SubscriberState.CONFIRMED if confirmed else SubscriberState.PENDING
    promoted = left = 0
    unasked: list[EmailAddress] = []
    async with deps.store.begin() as unit:
        now = await unit.epochs.now()
        known = await unit.subscribers.list_by_keys(tuple(by_key))
        fingerprints = {address.fingerprint: key for key, address in by_key.items()}
        suppressed = {
            fingerprints[each]
            for each in await unit.suppressions.list_suppressed(tuple(fingerprints))
        }
        there = {each.address.key for each in known}
        new = [each for key, each in by_key.items() if key not in there | suppressed]
        await unit.subscribers.add_subscribers(new, state, now, origin=origin)
        for each in known:
            if each.address.key in suppressed or each.state is SubscriberState.UNSUBSCRIBED:
                left += 1
            elif confirmed and each.state is SubscriberState.PENDING:
                changed = replace(confirm(each, now), origin=origin)
                promoted += await unit.subscribers.update_subscriber(changed)
            elif each.state is SubscriberState.PENDING and each.confirmation_sent_at is None:
                unasked.append(each.address)
    left += len(suppressed - there)
    report = ImportReport(
        added=len(new),
        confirmed=promoted,
        known=len(by_key) - len(new) - promoted - left + repeated,
        left=left,
    )
    return report, [*unasked, *new]


async def _ask(deps: Dependencies, addresses: Sequence[EmailAddress]) -> int:
    interval = sending_interval(deps.settings.mail_rate)
    asked = 0
    for address in addresses:
        subscriber = await note_sign_up(deps, address, origin=ORIGIN)
        if subscriber is None:
            continue
        async with deps.store.begin() as unit:
            delay = await unit.pace.reserve(deps.mailer.name, 1, interval=interval)
        await asyncio.sleep(delay)
        asked += await send_confirmation(deps, subscriber)
    return asked
