"""When a run must stop because of what became of its mails."""

from __future__ import annotations

from dataclasses import dataclass

EVIDENCE = 500
"""Deliveries before which no share is taken seriously."""

MAX_REFUSED = 0.02
MAX_BOUNCED = 0.04
MAX_COMPLAINED = 0.0008


@dataclass(frozen=True, slots=True)
class Tally:
    """How many mails of a run were accepted or refused, and what was reported of the accepted."""

    accepted: int
    refused: int
    bounced: int
    complained: int


def find_breach(tally: Tally) -> str | None:
    """Return in a sentence why the run must stop, or None if it may go on.

    More than 2 % refused, 4 % bounced or 0.08 % complaints, of at least 500 deliveries, endanger
    the sender's reputation: then it is for a person to look.
    """
    made = tally.accepted + tally.refused
    shares = (
        (tally.refused, made, MAX_REFUSED, "recipients were refused"),
        (tally.bounced, tally.accepted, MAX_BOUNCED, "mails bounced"),
        (tally.complained, tally.accepted, MAX_COMPLAINED, "recipients complained"),
    )
    for count, total, limit, what in shares:
        if total >= EVIDENCE and count > limit * total:
            return f"{count} of {total} {what}, more than {limit:.2%}."
    return None
