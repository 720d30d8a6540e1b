"""What the client's failures mean, in the application's own errors."""

from __future__ import annotations

from enum import StrEnum

from curl_cffi.requests.exceptions import Timeout
from yfinance.exceptions import YFRateLimitError

from oracle.adapters.yahoo.bulkhead import BulkheadFull
from oracle.adapters.yahoo.circuit import Cause, CircuitOpen
from oracle.adapters.yahoo.client import EmptyAnswer, NoPrices
from oracle.adapters.yahoo.session import DeadlinePassed, RefusedAnswer
from oracle.domain.errors import (
    FeedError,
    FeedRateLimited,
    FeedRejected,
    FeedUnavailable,
    SymbolNotInFeed,
    UnsupportedInstrument,
)

ABOUT_THE_SYMBOL = frozenset({400, 404})
"""The error statuses by which Yahoo, with a sentence of its own, says it has no such prices."""


class Outcome(StrEnum):
    """How a call ended; the labels of its timing."""

    OK = "ok"
    NOT_FOUND = "not_found"
    UNSUPPORTED = "unsupported"
    REJECTED = "rejected"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    CIRCUIT_OPEN = "circuit_open"
    FULL = "full"
    CANCELLED = "cancelled"


OUTCOMES: tuple[tuple[tuple[type[Exception], ...], Outcome], ...] = (
    ((UnsupportedInstrument,), Outcome.UNSUPPORTED),
    ((FeedRejected, EmptyAnswer), Outcome.REJECTED),
    ((NoPrices,), Outcome.NOT_FOUND),
    ((YFRateLimitError,), Outcome.RATE_LIMITED),
    ((BulkheadFull,), Outcome.FULL),
    ((CircuitOpen,), Outcome.CIRCUIT_OPEN),
    ((TimeoutError, Timeout, DeadlinePassed), Outcome.TIMEOUT),
)

ERRORS: dict[Outcome, tuple[type[FeedError], str]] = {
    Outcome.NOT_FOUND: (SymbolNotInFeed, "The price feed has no prices of {subject}."),
    Outcome.REJECTED: (FeedRejected, "{subject}: the price feed answered without prices."),
    Outcome.RATE_LIMITED: (
        FeedRateLimited,
        "The price feed refuses for now: too much was asked of it.",
    ),
    Outcome.FULL: (FeedUnavailable, "Too much is being asked of the price feed."),
    Outcome.TIMEOUT: (FeedUnavailable, "The price feed did not answer in time."),
    Outcome.UNAVAILABLE: (
        FeedUnavailable,
        "The price feed could not be reached, or its answer not be read.",
    ),
}


def classify_failure(error: Exception) -> Outcome:
    """Return how a call that raised the error ended.

    Whatever is not recognised is a fault of the feed: the client fails in many ways over an
    answer it does not expect, and none of them may reach a page.
    """
    if isinstance(error, RefusedAnswer) and error.status in ABOUT_THE_SYMBOL and error.reason:
        return Outcome.NOT_FOUND
    for types, outcome in OUTCOMES:
        if isinstance(error, types):
            return outcome
    return Outcome.UNAVAILABLE


def explain_failure(error: Exception, subject: str) -> FeedError | UnsupportedInstrument:
    """Return the application's error for a call about the subject: a symbol or a search text."""
    if isinstance(error, FeedError | UnsupportedInstrument):
        return error
    if isinstance(error, CircuitOpen):
        return _explain_circuit(error)
    outcome = classify_failure(error)
    if isinstance(error, RefusedAnswer) and outcome is Outcome.UNAVAILABLE:
        return FeedUnavailable(f"The price feed answered with an error (HTTP {error.status}).")
    kind, sentence = ERRORS[outcome]
    return kind(sentence.format(subject=subject))


def _explain_circuit(open_circuit: CircuitOpen) -> FeedUnavailable:
    minutes = max(1, round(open_circuit.seconds / 60.0))
    wait = "a minute" if minutes == 1 else f"{minutes} minutes"
    if open_circuit.cause is Cause.RATE_LIMIT:
        return FeedRateLimited(f"The price feed refused; it is asked again in about {wait}.")
    return FeedUnavailable(f"The price feed keeps failing; it is asked again in about {wait}.")
