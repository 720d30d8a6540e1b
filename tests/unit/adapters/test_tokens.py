"""Signed tokens: for one purpose, as long as they last, unchanged."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

from oracle.adapters.tokens import SignedTokens
from oracle.domain.errors import InvalidToken

SECRET = "s" * 32
NUMBERS = st.integers(1, 2**62)


class Clock:
    """Seconds since 1970 that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000

    def __call__(self) -> int:
        """Return where the test has put it."""
        return self.seconds


@given(NUMBERS, NUMBERS)
def test_a_token_says_what_was_signed(subscriber: int, generation: int) -> None:
    """Subscriber and generation come back, and the token can stand in an address as it is."""
    signer = SignedTokens(SECRET)
    token = signer.sign("confirm", subscriber, generation)
    assert signer.read("confirm", token, max_age=60) == (subscriber, generation)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    assert len(token) < 120


@pytest.mark.parametrize("purpose", ["confirm", "preferences", "unsubscribe"])
def test_a_token_of_one_purpose_is_worth_nothing_for_another(purpose: str) -> None:
    """Who may leave a list may not therefore change its preferences."""
    signer = SignedTokens(SECRET)
    token = signer.sign(purpose, 1, 1)
    for other in {"confirm", "preferences", "unsubscribe"} - {purpose}:
        with pytest.raises(InvalidToken, match="made for something else"):
            signer.read(other, token, max_age=None)


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    """Any other character at any place, and anything cut off or added, makes it void."""
    signer = SignedTokens(SECRET)
    token = signer.sign("confirm", 12, 3)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    assume(letter != token[place])
    changed = (
        token[:place] + letter + token[place + 1 :],
        token[:place],
        token[place + 1 :],
        token[:place] + letter + token[place:],
    )
    for each in changed:
        with pytest.raises(InvalidToken):
            signer.read("confirm", each, max_age=None)


def test_every_last_letter_but_one_is_refused() -> None:
    """The signature's last letter has spare bits; none of its other spellings passes."""
    signer = SignedTokens(SECRET)
    token = signer.sign("confirm", 1, 1)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for letter in set(letters) - {token[-1]}:
        with pytest.raises(InvalidToken):
            signer.read("confirm", token[:-1] + letter, max_age=None)


@given(st.text() | st.text("ABCabc012._-", max_size=300))
def test_any_text_that_is_no_token_is_refused(text: str) -> None:
    """Nothing that can stand in an address raises anything but the refusal."""
    with pytest.raises(InvalidToken):
        SignedTokens(SECRET).read("confirm", text, max_age=None)


def test_a_token_lasts_as_long_as_it_is_said_to() -> None:
    """At its last second it is good, a second later it is too old; without an end it never is."""
    clock = Clock()
    signer = SignedTokens(SECRET, clock=clock)
    token = signer.sign("confirm", 1, 1)
    clock.seconds += 60
    assert signer.read("confirm", token, max_age=60) == (1, 1)
    clock.seconds += 1
    with pytest.raises(InvalidToken, match="too old"):
        signer.read("confirm", token, max_age=60)
    clock.seconds += 10 * 365 * 24 * 3600
    assert signer.read("confirm", token, max_age=None) == (1, 1)


def test_a_token_of_the_future_is_refused() -> None:
    """A clock that was ahead gives out nothing that lasts longer than promised."""
    clock = Clock()
    signer = SignedTokens(SECRET, clock=clock)
    token = signer.sign("confirm", 1, 1)
    clock.seconds -= 3600
    with pytest.raises(InvalidToken):
        signer.read("confirm", token, max_age=60)


def test_another_key_reads_nothing() -> None:
    """A token of another installation, or of before a new key, is refused."""
    with pytest.raises(InvalidToken):
        SignedTokens("t" * 32).read(
            "confirm", SignedTokens(SECRET).sign("confirm", 1, 1), max_age=None
        )


@pytest.mark.parametrize("content", [1, "one", [1], [1, 2, 3], ["1", 2], {"a": 1}, None])
def test_signed_content_of_another_shape_is_refused(content: object) -> None:
    """Even a good signature does not make a subscriber of anything but two numbers."""
    signer = SignedTokens(SECRET)
    serializer: URLSafeTimedSerializer = signer._serializer("confirm")  # noqa: SLF001 - signs what nobody else would
    with pytest.raises(InvalidToken):
        signer.read("confirm", str(serializer.dumps(content)), max_age=None)


def test_a_token_without_a_time_is_refused() -> None:
    """The plain signature of the same key is none of ours."""
    token = str(URLSafeSerializer(SECRET, salt="oracle.confirm").dumps([1, 1]))
    with pytest.raises(InvalidToken):
        SignedTokens(SECRET).read("confirm", token, max_age=None)
