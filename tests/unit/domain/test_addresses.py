"""E-mail addresses: what is accepted, in which one form, and what is refused."""

from __future__ import annotations

from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.addresses import LONGEST_ADDRESS, mask_address, parse_address
from oracle.domain.errors import InvalidAddress

ATOM = st.text("abcXYZ019!#$%&*+/=?^_`{|}~-", min_size=1, max_size=20)
LABEL = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,15}", fullmatch=True)


@pytest.mark.parametrize(
    ("written", "text", "key"),
    [
        ("name@example.org", "name@example.org", "name@example.org"),
        ("  Name@Example.ORG\n", "Name@example.org", "name@example.org"),
        ("a+tag@example.org", "a+tag@example.org", "a+tag@example.org"),
        ("a@bücher.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@B\u0055\u0308CHER.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah", "a@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_an_address_has_one_form_and_one_key(written: str, text: str, key: str) -> None:
    """White space, case and the spelling of the domain make no second address of one."""
    address = parse_address(written)
    assert (address.text, address.key) == (text, key)


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "a", "@", "a@", "@example.org", "a@b@example.org", "a@example"),
        *("a..b@example.org", ".a@example.org", "a.@example.org", "a b@example.org"),
        *('"a b"@example.org', "Name <a@example.org>", "a@example.org, b@example.org"),
        *("a@[127.0.0.1]", "a@127.0.0.1", "a@localhost", "a@host.local", "a@x.invalid"),
        *("a@-x.org", "a@x-.org", "a@a_b.org", "a@exa mple.org", "a@exa\u00admple.org"),
        *("a@example.org\r\nBcc: b@example.org", "a\r\nBcc: b@example.org", "a@example.org\x00"),
        *("a\n@example.org", "\u202ea@example.org", "<a@example.org>", "a@example.org>"),
        *("bücher@example.org", "дом@example.org", "ａ@example.org", "\U0001f4c8@example.org"),  # noqa: RUF001
        *("x" * 65 + "@example.org", "a@" + "b" * 64 + ".org", "a@" + "b." * 130 + "org"),
        *("a@" + "ü" * 60 + ".org", "a" * 10_000, "\ud800@example.org", "a@\ud800.org"),
    ],
)
def test_what_cannot_be_written_to_is_refused_without_being_repeated(written: str) -> None:
    """Anything else is refused with words of our own, which never quote what was typed."""
    with pytest.raises(InvalidAddress) as refusal:
        parse_address(written)
    assert "example.org" not in str(refusal.value)
    assert "name@example.org" in refusal.value.hint


def test_letters_that_no_mailer_can_write_to_are_named_as_the_reason() -> None:
    """Who has such an address learns that it is not a typing error."""
    with pytest.raises(InvalidAddress, match=r"Before the @ only letters without accents"):
        parse_address("josé@example.org")


@given(st.lists(ATOM, min_size=1, max_size=3), st.lists(LABEL, min_size=1, max_size=3))
def test_every_ordinary_address_is_taken_and_is_its_own_form(
    atoms: list[str], labels: list[str]
) -> None:
    """Dots, signs and case: what is accepted once is accepted again, unchanged, under one key."""
    written = f"{'.'.join(atoms)}@{'.'.join(labels)}.org"
    address = parse_address(written)
    assert parse_address(address.text) == address
    assert parse_address(written.upper()).key == address.key == address.key.casefold()
    # What is put into a header comes out of it as the same single recipient.
    assert Address(addr_spec=address.text).addr_spec == address.text


@given(st.text())
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    """No text raises anything else, and none that passes could end a header or be too long."""
    try:
        address = parse_address(text)
    except InvalidAddress:
        return
    assert address.text.isascii()
    assert address.text.isprintable()
    assert not set(address.text) & set(' \r\n\t<>,;:"()[]\\')
    assert len(address.text) <= LONGEST_ADDRESS


@given(st.text(), st.sampled_from(["", "@example.org", "a@", "@"]), st.text())
def test_text_around_an_address_never_slips_through(before: str, middle: str, after: str) -> None:
    """Whatever stands before or behind an address, it is one recipient or none."""
    try:
        address = parse_address(before + middle + after)
    except InvalidAddress:
        return
    assert address.text.count("@") == 1


def test_neither_an_address_nor_its_key_is_in_its_text() -> None:
    """A log line that holds the value shows nothing of it."""
    assert "name" not in repr(parse_address("name@example.org"))


def test_a_masked_address_is_known_to_its_owner_alone() -> None:
    """The first letter and the domain stay."""
    assert mask_address("name@example.org") == "n\u2022\u2022\u2022@example.org"
