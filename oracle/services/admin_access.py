"""Use case: who may add pictures, by one password whose hash is a setting."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from oracle.domain.errors import InvalidInput, InvalidToken
from oracle.observability.logs import get_logger

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies

SESSION_SECONDS = 8 * 3600
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
"""Hashing takes longer the longer a password is; nobody types more."""

CHECKS_AT_A_TIME = 2
"""Each takes 64 MiB and some hundredths of a second."""

_ADMIN = 0

_log = get_logger(__name__)


def _checks() -> asyncio.Semaphore:
    return asyncio.Semaphore(CHECKS_AT_A_TIME)


@dataclass(frozen=True, slots=True)
class PasswordChecks:
    """Room for so many checks at the same time."""

    room: asyncio.Semaphore = field(default_factory=_checks)


async def sign_in_admin(deps: Dependencies, password: str) -> str | None:
    """Return a session's token for the right password, else None."""
    stored = deps.settings.admin_password_hash.get_secret_value()
    if stored and 0 < len(password) <= LONGEST_PASSWORD:
        async with deps.password_checks.room:
            is_right = await asyncio.to_thread(_is_right, stored, password)
        if is_right:
            _log.info("admin_signed_in")
            return deps.tokens.sign(_purpose(stored), _ADMIN, 0)
    _log.warning("admin_sign_in_refused")
    return None


def is_admin(deps: Dependencies, token: str) -> bool:
    """Return whether the token is of a session that goes on: 8 hours, under the same password."""
    stored = deps.settings.admin_password_hash.get_secret_value()
    if not stored:
        return False
    try:
        return deps.tokens.read(_purpose(stored), token, max_age=SESSION_SECONDS) == (_ADMIN, 0)
    except InvalidToken:
        return False


def hash_password(password: str) -> str:
    """Return what ORACLE_ADMIN_PASSWORD_HASH is to be: argon2id, as RFC 9106 advises.

    Raises InvalidInput for a password that is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(
            f"The password has {len(password)} characters.",
            hint=f"Choose one of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.",
        )
    return PasswordHasher().hash(password)


def _is_right(stored: str, password: str) -> bool:
    try:
        # Compared in constant time, after a computation that takes equally long for every guess.
        return PasswordHasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _purpose(stored: str) -> str:
    # Part of the key that signs: a session ends with the password it was begun under.
    return f"admin.{sha256(stored.encode()).hexdigest()}"
