"""A run stops when too many of its mails were refused, bounced or complained about."""

from __future__ import annotations

import pytest

from oracle.digest.breakers import Tally, find_breach


@pytest.mark.parametrize(
    ("tally", "what"),
    [
        (Tally(accepted=489, refused=11, bounced=0, complained=0), "11 of 500 recipients"),
        (Tally(accepted=500, refused=0, bounced=21, complained=0), "21 of 500 mails bounced"),
        (Tally(accepted=2000, refused=0, bounced=0, complained=2), "2 of 2000 recipients"),
    ],
)
def test_a_share_above_its_limit_is_said_in_a_sentence(tally: Tally, what: str) -> None:
    """The sentence names how many of how many, and the limit."""
    breach = find_breach(tally)
    assert breach is not None
    assert breach.startswith(what)
    assert "more than" in breach


@pytest.mark.parametrize(
    "tally",
    [
        Tally(accepted=490, refused=10, bounced=0, complained=0),
        Tally(accepted=500, refused=0, bounced=20, complained=0),
        Tally(accepted=2500, refused=0, bounced=0, complained=2),
        Tally(accepted=400, refused=99, bounced=99, complained=99),
        Tally(accepted=0, refused=0, bounced=0, complained=0),
    ],
)
def test_shares_at_their_limit_or_of_few_deliveries_stop_nothing(tally: Tally) -> None:
    """Exactly 2, 4 and 0.08 per cent are allowed; of fewer than 500 nothing is concluded."""
    assert find_breach(tally) is None
