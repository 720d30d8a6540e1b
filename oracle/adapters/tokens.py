"""Signed tokens for the links in mails."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from itsdangerous import (
    BadData,
    SignatureExpired,
    TimestampSigner,
    URLSafeTimedSerializer,
)
from itsdangerous.encoding import base64_decode, base64_encode

from oracle.domain.errors import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(r"[A-Za-z0-9_.-]{20,200}")
_EXPIRED = "This link is too old."
_DAMAGED = "This link is damaged, or was made for something else."


class SignedTokens:
    """Tokens of itsdangerous, HMAC-SHA-256: the purpose is part of the key that signs.

    `clock` gives seconds since 1970; a token's age is a matter of the real world's time and never
    of the market's.
    """

    def __init__(self, secret: str, *, clock: Callable[[], int] | None = None) -> None:
        self._secret = secret
        self._signer = TimestampSigner if clock is None else _signer_with(clock)

    def sign(self, purpose: str, subscriber_id: int, generation: int) -> str:
        """Return a token that is safe in a URL."""
        return self._serializer(purpose).dumps([subscriber_id, generation])

    def read(self, purpose: str, token: str, *, max_age: int | None) -> tuple[int, int]:
        """Return subscriber and generation. Raises InvalidToken; `max_age` is in seconds."""
        # Checked first: what is no token at all is not worth a computation, nor an encoding error.
        if not _TOKEN.fullmatch(token):
            raise InvalidToken(_DAMAGED)
        try:
            content: Any = self._serializer(purpose).loads(token, max_age=max_age)
            signature = token.rpartition(".")[2]
            # Some last letters of a signature mean the same bytes; one spelling alone is taken.
            canonical = base64_encode(base64_decode(signature)).decode("ascii") == signature
        except SignatureExpired:
            raise InvalidToken(_EXPIRED) from None
        except BadData:
            raise InvalidToken(_DAMAGED) from None
        match content:
            case [int(subscriber_id), int(generation)] if canonical:
                return subscriber_id, generation
        raise InvalidToken(_DAMAGED)

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._secret,
            salt=f"oracle.{purpose}",
            signer=self._signer,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )


def _signer_with(clock: Callable[[], int]) -> type[TimestampSigner]:
    class Signer(TimestampSigner):
        def get_timestamp(self) -> int:
            return clock()

    return Signer
