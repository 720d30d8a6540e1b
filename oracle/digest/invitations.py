"""What the mails that answer a sign-up say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invitation:
    """The mails `confirm` and `already_subscribed`: the site, and the one link of the mail.

    `is_paused` says that the digest of one who is subscribed pauses.
    """

    site: str
    link: str
    is_paused: bool
