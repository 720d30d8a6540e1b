"""One subscriber's digest as a mail: their own ten of what the run froze, with their own links."""

from __future__ import annotations

from secrets import token_hex
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
from oracle.domain.mail import Mail, RenderedMail

if TYPE_CHECKING:
    from oracle.digest.content import DigestContent
    from oracle.digest.links import DigestLinks
    from oracle.domain.runs import Claim
    from oracle.services.dependencies import Dependencies

KEPT = 200
"""Lists of stocks whose mail is kept: nearly everybody reads the watchlist's."""


class MailComposer:
    """Writes the mails of one run.

    Of the same list of stocks one mail is rendered, with words in place of the reader's tokens that
    nothing else can contain; each reader's own mail is that one with their tokens put in. A token
    consists of letters, digits and `._-`, so that it is written alike in text, HTML and links.
    """

    def __init__(self, deps: Dependencies, content: DigestContent) -> None:
        self._deps = deps
        self._content = content
        self._preferences = token_hex(32)
        self._unsubscribe = token_hex(32)
        self._rendered: dict[tuple[str, ...], RenderedMail] = {}

    def compose(self, claim: Claim) -> Mail:
        """Return the mail of that claim; made again it has the same Message-ID."""
        deps, content = self._deps, self._content
        domain = sender_domain(deps.settings.mail_from)
        person = (claim.subscriber_id, claim.generation)
        preferences = deps.tokens.sign("preferences", *person)
        unsubscribe = deps.tokens.sign("unsubscribe", *person)
        rendered = self._render(claim.symbols)

        def personal(text: str) -> str:
            return text.replace(self._preferences, preferences).replace(
                self._unsubscribe, unsubscribe
            )

        return Mail(
            recipient=claim.address,
            content=RenderedMail(
                rendered.subject, personal(rendered.text), personal(rendered.html)
            ),
            message_id=digest_message_id(
                source=content.source,
                session=content.session,
                subscriber_id=claim.subscriber_id,
                domain=domain,
            ),
            headers=digest_headers(
                self._links(preferences, unsubscribe),
                source=content.source,
                session=content.session,
                domain=domain,
            ),
            tags=digest_tags(
                run_id=claim.run_id, delivery_id=claim.delivery_id, attempt=claim.attempt
            ),
        )

    def _render(self, symbols: tuple[str, ...]) -> RenderedMail:
        kept = self._rendered.get(symbols)
        if kept is None:
            links = self._links(self._preferences, self._unsubscribe)
            letter = write_letter(personal_content(self._content, symbols), links)
            kept = self._deps.mail_renderer.render("digest", letter)
            if len(self._rendered) < KEPT:
                self._rendered[symbols] = kept
        return kept

    def _links(self, preferences: str, unsubscribe: str) -> DigestLinks:
        return digest_links(
            self._deps.settings.base_url,
            self._content.session,
            preferences_token=preferences,
            unsubscribe_token=unsubscribe,
        )
