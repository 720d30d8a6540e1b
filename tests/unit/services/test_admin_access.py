"""Who is the admin: the password, the session, its end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from oracle.adapters.tokens import SignedTokens
from oracle.domain.errors import InvalidInput
from oracle.services.admin_access import (
    SESSION_SECONDS,
    PasswordChecks,
    hash_password,
    is_admin,
    sign_in_admin,
)
from oracle.settings import load_settings

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)


class Clock:
    """Seconds since 1970, as a test sets them."""

    def __init__(self) -> None:
        self.now = 1_800_000_000

    def __call__(self) -> int:
        """Return the time."""
        return self.now


def deps_with(stored: str, clock: Clock, secret: str = "x" * 32) -> Dependencies:
    """Return dependencies with that hash."""
    return cast(
        "Dependencies",
        SimpleNamespace(
            settings=load_settings(admin_password_hash=stored),
            tokens=SignedTokens(secret, clock=clock),
            password_checks=PasswordChecks(),
        ),
    )


async def test_the_password_opens_a_session_of_eight_hours() -> None:
    """Until the last second, and then no longer."""
    clock = Clock()
    deps = deps_with(HASH, clock)
    token = await sign_in_admin(deps, PASSWORD)
    assert token is not None
    assert is_admin(deps, token)
    clock.now += SESSION_SECONDS
    assert is_admin(deps, token)
    clock.now += 1
    assert not is_admin(deps, token)


@pytest.mark.parametrize(
    "password",
    ["", "wrong", f"{PASSWORD} ", HASH, "x" * 1025],
    # The hash is another one in every process, and would make another name of the test.
    ids=["nothing", "wrong", "with a space", "the hash itself", "too long"],
)
async def test_anything_else_opens_none(password: str) -> None:
    """Not even the hash itself is a password."""
    assert await sign_in_admin(deps_with(HASH, Clock()), password) is None


async def test_a_new_password_ends_old_sessions() -> None:
    """So does another key, and the same password hashed anew; all instances agree otherwise."""
    clock = Clock()
    token = await sign_in_admin(deps_with(HASH, clock), PASSWORD)
    assert token is not None
    assert is_admin(deps_with(HASH, clock), token)
    assert not is_admin(deps_with(hash_password("another password"), clock), token)
    assert not is_admin(deps_with(hash_password(PASSWORD), clock), token)
    assert not is_admin(deps_with(HASH, clock, secret="y" * 32), token)


async def test_without_a_hash_nobody_is_the_admin() -> None:
    """There is no default password, and a token of before does not count any more."""
    clock = Clock()
    token = await sign_in_admin(deps_with(HASH, clock), PASSWORD)
    closed = deps_with("", clock)
    assert token is not None
    assert not is_admin(closed, token)
    assert await sign_in_admin(closed, "") is None
    assert await sign_in_admin(closed, PASSWORD) is None


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 40, "x" * 5000])
def test_what_is_no_token_is_nobody(token: str) -> None:
    """Cookies are whatever a client sends."""
    assert not is_admin(deps_with(HASH, Clock()), token)


async def test_links_in_mails_open_no_session() -> None:
    """A subscriber's token is signed for another purpose, with whatever numbers in it."""
    deps = deps_with(HASH, Clock())
    assert not is_admin(deps, deps.tokens.sign("unsubscribe", 0, 0))


def test_a_hash_is_strong_and_different_each_time() -> None:
    """argon2id with a salt of its own; what it prints is what the setting takes."""
    assert HASH.startswith("$argon2id$v=19$m=65536,")
    assert hash_password(PASSWORD) != HASH
    assert load_settings(admin_password_hash=HASH).admin_password_hash.get_secret_value() == HASH


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 1025])
def test_a_weak_password_is_refused(password: str) -> None:
    """Too short can be guessed, and too long is no password; neither is repeated."""
    with pytest.raises(InvalidInput) as caught:
        hash_password(password)
    assert "12 to 1024 characters" in caught.value.hint
    assert not password or password not in str(caught.value)
