"""One subscriber's digest as a mail: their own ten of what the run froze, with their own links."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from oracle.digest.letter import write_letter
from oracle.digest.links import (
    digest_headers,
    digest_links,
    digest_message_id,
    digest_tags,
    sender_domain,
)
from oracle.digest.personal import personal_content
from oracle.domain.mail import Mail

if TYPE_CHECKING:
    from oracle.digest.content import DigestContent
    from oracle.digest.letter import DigestLetter
    from oracle.digest.links import DigestLinks
    from oracle.domain.runs import Claim
    from oracle.services.dependencies import Dependencies

KEPT_LETTERS = 200
"""Lists of stocks whose letter is kept: nearly everybody reads the watchlist's."""


class MailComposer:
    """Writes the mails of one run. Of the same list of stocks the letter is written once."""

    def __init__(self, deps: Dependencies, content: DigestContent) -> None:
        self._deps = deps
        self._content = content
        self._letters: dict[tuple[str, ...], DigestLetter] = {}

    def compose(self, claim: Claim) -> Mail:
        """Return the mail of that claim; made again it has the same Message-ID."""
        deps, content = self._deps, self._content
        domain = sender_domain(deps.settings.mail_from)
        person = (claim.subscriber_id, claim.generation)
        links = digest_links(
            deps.settings.base_url,
            content.session,
            preferences_token=deps.tokens.sign("preferences", *person),
            unsubscribe_token=deps.tokens.sign("unsubscribe", *person),
        )
        return Mail(
            recipient=claim.address,
            content=deps.mail_renderer.render("digest", self._letter(claim.symbols, links)),
            message_id=digest_message_id(
                source=content.source,
                session=content.session,
                subscriber_id=claim.subscriber_id,
                domain=domain,
            ),
            headers=digest_headers(
                links, source=content.source, session=content.session, domain=domain
            ),
            tags=digest_tags(
                run_id=claim.run_id, delivery_id=claim.delivery_id, attempt=claim.attempt
            ),
        )

    def _letter(self, symbols: tuple[str, ...], links: DigestLinks) -> DigestLetter:
        kept = self._letters.get(symbols)
        if kept is None:
            kept = write_letter(personal_content(self._content, symbols), links)
            if len(self._letters) < KEPT_LETTERS:
                self._letters[symbols] = kept
        # What is personal beside the list are the links to the reader's own pages.
        return replace(kept, links=links)
