"""One subscriber's digest as a mail: their own ten of what the run froze, with their own links."""

from __future__ import annotations

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
    from oracle.domain.runs import Claim
    from oracle.services.dependencies import Dependencies


def compose_mail(deps: Dependencies, content: DigestContent, claim: Claim) -> Mail:
    """Return the mail of that claim; made again it has the same Message-ID."""
    settings = deps.settings
    domain = sender_domain(settings.mail_from)
    links = digest_links(
        settings.base_url,
        content.session,
        preferences_token=deps.tokens.sign("preferences", claim.subscriber_id, claim.generation),
        unsubscribe_token=deps.tokens.sign("unsubscribe", claim.subscriber_id, claim.generation),
    )
    letter = write_letter(personal_content(content, claim.symbols), links)
    return Mail(
        recipient=claim.address,
        content=deps.mail_renderer.render("digest", letter),
        message_id=digest_message_id(
            source=content.source,
            session=content.session,
            subscriber_id=claim.subscriber_id,
            domain=domain,
        ),
        headers=digest_headers(
            links, source=content.source, session=content.session, domain=domain
        ),
        tags=digest_tags(run_id=claim.run_id, delivery_id=claim.delivery_id, attempt=claim.attempt),
    )
