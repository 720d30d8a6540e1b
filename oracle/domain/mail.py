"""A mail as it is handed to whoever sends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """What a mail says: its subject in one line, the text part and the HTML part."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one recipient.

    `message_id` is the Message-ID, without angle brackets, and is the same whenever the same mail
    is made again. `headers` are further ones. `tags` come back in the provider's reports.
    """

    recipient: str = field(repr=False)
    content: RenderedMail = field(repr=False)
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)
