"""`oracle digest`: what the evening mail says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from oracle.commands.digest_sending import resume, send, status
from oracle.commands.running import EPILOG, finish, open_dependencies
from oracle.domain.errors import InvalidInput
from oracle.domain.instruments import parse_symbol
from oracle.domain.mail import Mail
from oracle.domain.subscribers import MAX_OWN_SYMBOLS
from oracle.domain.wording import name_session

if TYPE_CHECKING:
    from datetime import date

    from oracle.services.dependencies import Dependencies

FORMATS: Final = ("text", "html", "eml")
READER: Final = "reader@example.org"
"""To whom a preview is addressed: nobody (RFC 2606)."""


@click.group(epilog=EPILOG)
def digest() -> None:
    """Preview the evening mail, send it, see how far it is, let a stopped one go on."""


for each in (send, resume, status):
    digest.add_command(each)


@digest.command(epilog=EPILOG)
@click.option(
    "--session",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The session from whose close is forecast (default: the newest).",
)
@click.option("--symbols", default="", help="A subscriber's own stocks, separated by commas.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    help="The text part, the HTML part, or the whole mail as a file for a mail program.",
)
def preview(session: datetime | None, symbols: str, form: str) -> None:
    """Print what the digest of a session says; nothing is sent.

    Where the session's run has frozen its content that is shown, else what would be frozen now.
    Stocks of --symbols that a frozen content does not hold are named beside the mail.
    """
    day = None if session is None else session.date()

    async def work() -> tuple[bytes, str]:
        async with open_dependencies(quiet=True) as (deps, _):
            return await write_preview(deps, day, symbols, form)

    mail, remark = finish(work())
    if remark:
        click.echo(remark, err=True)
    click.echo(mail, nl=form != "eml")


async def write_preview(
    deps: Dependencies, session: date | None, symbols: str, form: str
) -> tuple[bytes, str]:
    """Return the mail in that form, and what is to be said beside it, if anything.

    Raises InvalidInput, UnknownSymbol for what no subscriber can choose, and DatabaseUnavailable.
    """
    from oracle.adapters.mail.mime import write_message  # noqa: PLC0415 - see cli
    from oracle.digest.letter import write_letter  # noqa: PLC0415
    from oracle.digest.links import (  # noqa: PLC0415
        PREVIEW_TOKEN,
        digest_headers,
        digest_links,
        digest_message_id,
        sender_domain,
    )
    from oracle.digest.personal import personal_content  # noqa: PLC0415
    from oracle.services.read_digests import preview_digest  # noqa: PLC0415

    chosen = _choose(deps, symbols)
    content = await preview_digest(deps, session, chosen)
    held = {item.symbol for item in content.items}
    absent = [symbol for symbol in chosen if symbol not in held]
    remark = ""
    if absent:
        remark = (
            f"The digest of {name_session(content.session)} is frozen and holds nothing of "
            f"{', '.join(absent)}; stocks of the watchlist stand in their place."
        )
    settings = deps.settings
    links = digest_links(
        settings.base_url,
        content.session,
        preferences_token=PREVIEW_TOKEN,
        unsubscribe_token=PREVIEW_TOKEN,
    )
    rendered = deps.mail_renderer.render(
        "digest", write_letter(personal_content(content, chosen), links)
    )
    if form != "eml":
        return (rendered.text if form == "text" else rendered.html).encode(), remark
    domain = sender_domain(settings.mail_from)
    mail = Mail(
        recipient=READER,
        content=rendered,
        message_id=digest_message_id(
            source=content.source, session=content.session, subscriber_id=0, domain=domain
        ),
        headers=digest_headers(
            links, source=content.source, session=content.session, domain=domain
        ),
    )
    return write_message(mail, sender=settings.mail_from, now=datetime.now(UTC)), remark


def _choose(deps: Dependencies, symbols: str) -> tuple[str, ...]:
    """Return the stocks as a subscriber may choose them: those that the directory knows."""
    from oracle.services.find_instrument import unknown_symbol  # noqa: PLC0415 - see cli

    chosen: list[str] = []
    for entry in symbols.split(","):
        if entry.strip():
            symbol = parse_symbol(entry)
            instrument = deps.directory.find_instrument(symbol)
            if instrument is None:
                raise unknown_symbol(deps, symbol)
            chosen.append(instrument.symbol)
    if len(chosen) > MAX_OWN_SYMBOLS:
        raise InvalidInput(f"A subscriber may choose {MAX_OWN_SYMBOLS} stocks at most.")
    return tuple(chosen)
