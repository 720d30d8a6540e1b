"""Reasons of the web layer itself not to serve a request; `errors` maps them to HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.errors import OracleError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Refusal(OracleError):
    """The request is refused before any use case hears of it."""


class MalformedRequest(Refusal):
    """The request's address or body cannot be decoded."""

    hint = "Check the address for stray characters."


class UnknownParameter(Refusal):
    """The query names a parameter that the operation does not have, perhaps misspelt.

    It is refused rather than ignored: `symbol=` for `symbols=` would rank the watchlist.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(
            "The query names a parameter that this address does not take.",
            hint=f"Allowed here: {', '.join(allowed) if allowed else 'no parameters'}.",
        )


class UriTooLong(Refusal):
    """The address is longer than any that this site hands out."""

    hint = "Shorten the address; a list of symbols holds at most 50."

    def __init__(self) -> None:
        super().__init__("The address is too long.")


class BodyTooLarge(Refusal):
    """The request announces more bytes than any of its routes takes."""

    hint = "Send less; nothing here takes more than 64 KiB."

    def __init__(self) -> None:
        super().__init__("The request's body is too large.")


class MisdirectedRequest(Refusal):
    """The request is for a host name that this site does not answer to."""

    hint = "Use the site's own address."

    def __init__(self) -> None:
        super().__init__("This site does not answer to the host name that was asked for.")


class TooManyViewers(Refusal):
    """This process sends prices to as many pages as it may."""

    hint = "The page stays as it is; load it again for the newest price."

    def __init__(self) -> None:
        super().__init__("New prices are being sent to as many pages as possible already.")


class TooManyStreams(Refusal):
    """One client watches prices in more pages than it may."""

    hint = "Close some of the site's other pages."

    def __init__(self) -> None:
        super().__init__("New prices are being sent to many pages of your address already.")


class NothingToWatch(Refusal):
    """No new prices are sent here: the process is ending, or it never sends any."""

    hint = "The page stays as it is; load it again for the newest price."

    def __init__(self) -> None:
        super().__init__("No new prices are sent from here.")


class CrossOriginRefused(Refusal):
    """A page of another site tried to change something here."""

    hint = "Open this site itself and try again there."

    def __init__(self) -> None:
        super().__init__("The request came from a page of another site.")
