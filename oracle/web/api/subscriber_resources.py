"""What the JSON interface takes and answers of sign-ups to the digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from oracle.domain.addresses import LONGEST_ADDRESS
from oracle.web.refusals import MalformedRequest


@dataclass(frozen=True, slots=True)
class SignUp:
    """Who asks for the digest."""

    email: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_ADDRESS,
            description="E-mail address; plain ASCII before the @.",
        ),
    ]


@dataclass(frozen=True, slots=True)
class SignUpAnswer:
    """What happens next, in the same words for every address."""

    message: Annotated[str, Field(description="What to do next, in words.")]


def read_sign_up(body: Any) -> str:
    """Return the address of a sign-up's body. Raises MalformedRequest."""
    match body:
        case {"email": str(email), **others} if not others:
            return email
    raise MalformedRequest(
        "The body is not a JSON object with the single member `email`, a text.",
        hint='Send {"email": "name@example.org"} as application/json.',
    )
