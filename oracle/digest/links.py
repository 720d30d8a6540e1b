"""The links in a mail and the headers that mail programs act on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from oracle.domain.instruments import Source


PREVIEW_TOKEN: Final = "preview"  # noqa: S105 - it opens nothing
"""Stands in the links of a preview, which nobody holds."""


@dataclass(frozen=True, slots=True)
class DigestLinks:
    """Where a digest's links lead: all to the site's public address, two by the reader's token."""

    site: str
    web_version: str
    record: str
    method: str
    preferences: str
    unsubscribe: str

    def stock(self, symbol: str) -> str:
        """Return the address of a stock's page."""
        return f"{self.site}/stocks/{symbol}"


def digest_links(
    base_url: str, session: date, *, preferences_token: str, unsubscribe_token: str
) -> DigestLinks:
    """Return the links of one reader's digest; tokens are safe in a URL."""
    return DigestLinks(
        site=base_url,
        web_version=f"{base_url}/digests/{session.isoformat()}",
        record=f"{base_url}/track-record",
        method=f"{base_url}/method",
        preferences=f"{base_url}/subscribers/{preferences_token}/preferences",
        unsubscribe=f"{base_url}/subscribers/{unsubscribe_token}/unsubscribe",
    )


def digest_headers(
    links: DigestLinks, *, source: Source, session: date, domain: str
) -> dict[str, str]:
    """Return the headers that make unsubscribing one click (RFC 8058) and name the list.

    `domain` is that of the sender.
    """
    return {
        "List-Unsubscribe": f"<{links.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"Oracle evening digest <digest.{domain}>",
        "Feedback-ID": f"{session:%Y%m%d}:{source.value}:digest:oracle",
        "Archived-At": f"<{links.web_version}>",
    }


def digest_message_id(*, source: Source, session: date, subscriber_id: int, domain: str) -> str:
    """Return the Message-ID, without brackets: the same whenever the same mail is made again."""
    return f"digest.{source.value}.{session.isoformat()}.{subscriber_id}@{domain}"


def digest_tags(*, run_id: int, delivery_id: int, attempt: int) -> dict[str, str]:
    """Return what the provider's reports give back of a mail."""
    return {"run": str(run_id), "delivery": str(delivery_id), "attempt": str(attempt)}


def sender_domain(mailbox: str) -> str:
    """Return the domain of a sender such as `Oracle <digest@example.org>`."""
    return mailbox.rpartition("@")[2].rstrip(">").strip()
