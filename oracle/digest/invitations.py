"""What the mails that answer a sign-up say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invitation:
    """The mails `confirm` and `already_subscribed`: the site, and the one link of the mail."""

    site: str
    link: str
