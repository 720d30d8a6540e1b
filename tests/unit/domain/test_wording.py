"""Figures and sessions in sentences."""

from __future__ import annotations

from datetime import date

import pytest

from oracle.domain.wording import name_session, name_session_briefly, write_change, write_share


@pytest.mark.parametrize(
    ("percent", "places", "text"),
    [
        (0.061, 2, "+0.06\N{NARROW NO-BREAK SPACE}%"),
        (-1.25, 1, "\N{MINUS SIGN}1.2\N{NARROW NO-BREAK SPACE}%"),
        (-0.001, 2, "0.00\N{NARROW NO-BREAK SPACE}%"),
        (0.0, 2, "0.00\N{NARROW NO-BREAK SPACE}%"),
        (1234.5, 1, "+1,234.5\N{NARROW NO-BREAK SPACE}%"),
    ],
)
def test_changes_have_a_true_sign_unless_they_round_to_zero(
    percent: float, places: int, text: str
) -> None:
    """A gain has a plus, a loss a minus sign, and what rounds to zero neither."""
    assert write_change(percent, places) == text


def test_shares_have_no_sign() -> None:
    """A share of the whole is written without a sign."""
    assert write_share(80) == "80\N{NARROW NO-BREAK SPACE}%"


def test_sessions_are_named_in_english_whatever_the_locale() -> None:
    """A session is named by its weekday, day, month and year."""
    assert name_session(date(2022, 12, 28)) == "Wed 28 Dec 2022"
    assert name_session_briefly(date(2022, 12, 28)) == "Wed 28 Dec"
