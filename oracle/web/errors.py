"""The one table that maps errors to HTTP, and what a person or a program is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from werkzeug.exceptions import HTTPException

from oracle.domain import errors as domain
from oracle.domain.wording import count_of
from oracle.web import refusals

RETRY_SOON: Final = 5
RETRY_LATER: Final = 60


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its HTTP status, its name in addresses, its title, when to come back."""

    status: int
    slug: str
    title: str
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One occurrence of a kind of problem; every text is safe to show once escaped."""

    kind: Kind
    detail: str
    hint: str = ""
    suggestions: tuple[str, ...] = ()
    retry_after: int | None = None
    allowed_methods: tuple[str, ...] = ()


BAD_REQUEST = Kind(400, "bad-request", "That request cannot be understood")
NOT_FOUND = Kind(404, "not-found", "There is nothing at this address")
METHOD_NOT_ALLOWED = Kind(405, "method-not-allowed", "This address does not take that method")
INTERNAL = Kind(500, "internal-error", "Something went wrong here")
UNAVAILABLE = Kind(503, "unavailable", "This is not available at the moment", RETRY_SOON)
TOO_MANY = Kind(429, "too-many-requests", "Too many requests from your address", RETRY_LATER)

KINDS: Final[dict[type[Exception], Kind]] = {
    domain.InvalidInput: BAD_REQUEST,
    domain.InvalidSymbol: Kind(400, "invalid-symbol", "That is not a stock symbol"),
    domain.InvalidQuery: Kind(400, "invalid-query", "That cannot be searched for"),
    domain.InvalidSelection: Kind(422, "invalid-selection", "These symbols cannot be ranked"),
    domain.InvalidAddress: Kind(400, "invalid-address", "Mail cannot be sent there"),
    domain.InvalidImage: Kind(422, "invalid-image", "This picture cannot be taken"),
    domain.ImageTooLarge: Kind(413, "image-too-large", "This picture is too large"),
    domain.ImagesUnavailable: Kind(
        503, "images-unavailable", "Pictures are not available at the moment", RETRY_SOON
    ),
    domain.InvalidToken: Kind(400, "invalid-link", "This link does not work any more"),
    domain.InvalidPreferences: Kind(422, "invalid-preferences", "These stocks cannot be chosen"),
    domain.UnknownSymbol: Kind(404, "unknown-symbol", "No such stock is known"),
    domain.UnknownDigest: Kind(404, "unknown-digest", "There is no digest of that day"),
    domain.TooManyLookups: Kind(
        429, "too-many-lookups", "Too many unknown symbols were asked for", RETRY_LATER
    ),
    domain.UnsupportedInstrument: Kind(
        422, "unsupported-instrument", "This instrument is not forecast"
    ),
    domain.SymbolNotInFeed: Kind(404, "symbol-not-in-feed", "There are no prices of this stock"),
    domain.FeedError: Kind(503, "feed-unavailable", "The price feed does not answer", RETRY_LATER),
    domain.FeedRateLimited: Kind(
        503, "feed-rate-limited", "The price feed refuses for now", RETRY_LATER
    ),
    domain.DatabaseUnavailable: Kind(
        503, "database-unavailable", "The database does not answer", RETRY_SOON
    ),
    domain.PoolIncomplete: Kind(
        503, "pool-incomplete", "Forecasts cannot be made at the moment", RETRY_LATER
    ),
    refusals.MalformedRequest: BAD_REQUEST,
    refusals.UnknownParameter: Kind(422, "unknown-parameter", "This address has no such parameter"),
    refusals.UriTooLong: Kind(414, "uri-too-long", "The address is too long"),
    refusals.BodyTooLarge: Kind(413, "body-too-large", "The request is too large"),
    refusals.MisdirectedRequest: Kind(421, "misdirected-request", "That is not this site's name"),
    refusals.TooManyViewers: Kind(
        503, "too-many-viewers", "Too many pages are open at the moment", RETRY_LATER
    ),
    refusals.TooManyStreams: Kind(
        429, "too-many-streams", "Too many pages are open from your address", RETRY_LATER
    ),
    refusals.NothingToWatch: Kind(
        503, "nothing-to-watch", "No new prices are sent from here", RETRY_SOON
    ),
    refusals.CrossOriginRefused: Kind(403, "cross-origin", "The request came from another site"),
}
"""Every deliberate error by its class; a class that is missing takes its nearest ancestor's."""

HTTP_KINDS: Final[dict[int, Kind]] = {
    kind.status: kind
    for kind in (
        BAD_REQUEST,
        Kind(403, "forbidden", "This is not allowed"),
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        Kind(408, "request-timeout", "The request took too long to arrive"),
        Kind(413, "body-too-large", "The request is too large"),
        Kind(415, "unsupported-media-type", "The request's format is not understood"),
        TOO_MANY,
        UNAVAILABLE,
    )
}
"""Errors that the framework raises, by status."""

_HTTP_HINTS: Final[dict[int, str]] = {
    400: "Check what was sent.",
    404: "Search for a company, or go to the start page.",
    405: "Pages here are read with GET.",
    408: "Send the whole request at once.",
    413: "Send less; nothing here takes more than 64 KiB.",
    503: "Try again in a few seconds.",
}


def describe_error(error: Exception) -> Problem:
    """Return what to tell about the error; of one that was not foreseen, nothing but that."""
    if isinstance(error, domain.OracleError):
        return _describe_deliberate(error)
    if isinstance(error, HTTPException) and error.code in HTTP_KINDS:
        return _describe_http(error, HTTP_KINDS[error.code])
    if isinstance(error, HTTPException) and error.code is not None and error.code < 500:  # noqa: PLR2004
        status = HTTPStatus(error.code)
        kind = Kind(error.code, status.phrase.lower().replace(" ", "-"), status.phrase)
        return Problem(kind, f"{status.phrase}.")
    return Problem(
        INTERNAL,
        "An error that was not foreseen stopped this request. It has been recorded.",
        hint="Try again; if it happens again, name the request's id.",
    )


def find_kind(error_type: type[Exception]) -> Kind | None:
    """Return the kind of the class or of its nearest ancestor in the table."""
    return next((KINDS[base] for base in error_type.__mro__ if base in KINDS), None)


def all_kinds() -> tuple[Kind, ...]:
    """Return every kind once, by status and name, for the documentation."""
    kinds = {kind.slug: kind for kind in (*HTTP_KINDS.values(), *KINDS.values(), INTERNAL)}
    return tuple(sorted(kinds.values(), key=lambda kind: (kind.status, kind.slug)))


def _describe_deliberate(error: domain.OracleError) -> Problem:
    kind = find_kind(type(error))
    if kind is None:
        return Problem(INTERNAL, "An error that was not foreseen stopped this request.")
    suggestions: tuple[str, ...] = ()
    if isinstance(error, domain.UnknownSymbol | domain.InvalidPreferences):
        suggestions = error.suggestions
    return Problem(kind, str(error), error.hint, suggestions, kind.retry_after)


def _describe_http(error: HTTPException, kind: Kind) -> Problem:
    # The framework's own descriptions may quote the request, so the words are our own.
    retry_after = getattr(error, "retry_after", kind.retry_after)
    seconds = retry_after if isinstance(retry_after, int) else kind.retry_after
    hint = _HTTP_HINTS.get(kind.status, "")
    if kind is TOO_MANY and seconds is not None:
        hint = f"Try again in {count_of(max(1, seconds), 'second')}."
    allowed = tuple(sorted(getattr(error, "valid_methods", None) or ()))
    return Problem(kind, f"{kind.title}.", hint, retry_after=seconds, allowed_methods=allowed)
