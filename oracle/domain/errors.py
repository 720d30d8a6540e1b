"""Every error the application raises on purpose; `oracle.web.errors` maps them to HTTP.

Each carries a sentence for people (`str(error)`) and a `hint`, which says what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.wording import name_session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime


class OracleError(Exception):
    """The base of every deliberate error: a sentence, and a hint on what to do."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class SettingsError(OracleError):
    """A setting has a value that is not allowed; the sentence names the variable and the value."""


class InvalidInput(OracleError):
    """What a person or a program sent cannot be understood."""


class InvalidSymbol(InvalidInput):
    """The text cannot be a stock symbol."""

    hint = "A symbol has 1 to 10 letters, digits, dots or dashes, like AAPL or BRK-B."


class InvalidQuery(InvalidInput):
    """The text cannot be searched for."""

    hint = "Type a company's name or its symbol, up to 64 characters."


class InvalidSelection(InvalidInput):
    """The list of symbols to rank has the wrong length, or one symbol in it is malformed."""

    hint = "Give 2 to 50 different symbols separated by commas, like AAPL,MSFT,JPM."


class InvalidArrays(InvalidInput, ValueError):
    """Arrays given to the public forecast function are not prices, or its levels are no levels."""


class InvalidPriceFile(InvalidInput):
    """A file of prices cannot be used; the sentence names the file, the row and the reason."""


class InvalidForecaster(InvalidInput):
    """A function to be evaluated cannot be found, failed, or answered in another form."""


class UnknownSymbol(OracleError):
    """No instrument of that symbol is known here or to the feed."""

    hint = "Search by the company's name instead."

    def __init__(
        self, symbol: str, suggestions: Sequence[str] = (), *, reason: str | None = None
    ) -> None:
        super().__init__(
            reason or f"No stock with the symbol {symbol} is known.",
            hint=None if reason is None else "Search for one that is there.",
        )
        self.symbol = symbol
        self.suggestions = tuple(suggestions)


class TooManyLookups(OracleError):
    """The feed was asked for too many symbols that nobody knows; it is spared for a minute."""

    hint = "Search by the company's name, or try again in a minute."


class FeedError(OracleError):
    """The price feed did not give what was asked of it."""

    hint = "Try again in a few minutes."


class FeedUnavailable(FeedError):
    """The feed did not answer in time, answered with a fault, or its circuit is open."""


class FeedRateLimited(FeedUnavailable):
    """The feed refuses for now because too much was asked of it."""


class FeedRejected(FeedError):
    """The feed answered with prices that cannot be true; nothing of them is kept."""


class SymbolNotInFeed(FeedError):
    """The feed knows no prices of that symbol."""

    hint = "Search by the company's name instead."


class UnsupportedInstrument(FeedError):
    """The feed knows the instrument, but it is not one that is forecast (no US share, say)."""

    hint = "Only shares and funds traded on US exchanges in US dollars are forecast."


class DatabaseUnavailable(OracleError):
    """The database did not answer within its deadline."""

    hint = "Try again in a few seconds."


class TargetSessionClosed(OracleError):
    """A live prediction was to be stored after its target session had closed."""

    hint = "The forecast for the next session is made when this close has settled."

    def __init__(self, symbol: str, target: date, closed_at: datetime) -> None:
        super().__init__(
            f"{symbol} cannot be forecast for {name_session(target)} any more: "
            f"that session closed at {closed_at:%H:%M} UTC."
        )


class PoolIncomplete(OracleError):
    """Too few stocks of the training pool have prices up to the session to forecast from."""

    hint = "Forecasts return by themselves once the feed has delivered the last close."


class InvalidAddress(InvalidInput):
    """The text is no e-mail address that mail can be sent to."""

    hint = "An address looks like name@example.org."


class InvalidPreferences(InvalidInput):
    """A subscriber's choice of stocks has too many, or one that nobody knows."""

    hint = "Choose up to ten US stocks by their symbols, like AAPL, MSFT, KO."

    def __init__(self, reason: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.suggestions = tuple(suggestions)


class InvalidImport(InvalidInput):
    """A file of addresses cannot be read; the sentence says where."""

    hint = "A CSV file in UTF-8 is expected, whose first line names a column `email`."


class UnknownSubscriber(OracleError):
    """Nothing is stored about that address."""

    hint = "See `oracle subscribers list` for those that are there."


class InvalidImage(InvalidInput):
    """What was uploaded is no picture that is taken, or its name is none."""

    hint = "Choose a picture in the format PNG, JPEG, WebP or AVIF."


class ImageTooLarge(InvalidImage):
    """The picture has more bytes than are taken."""

    hint = "Save it smaller, for example as WebP or AVIF."


class ImagesUnavailable(OracleError):
    """The store of pictures did not answer in time, asks for patience, or refuses."""

    hint = "Try again in a few seconds."


class InvalidToken(InvalidInput):
    """A link's token is damaged, was made for something else, or is too old."""

    hint = "Ask for a new mail, or use the newest link that you have."


class PreviewLink(InvalidToken):
    """A link of a preview: it looks like one of a mail, and nobody holds it."""

    hint = "In a mail that is sent it leads to the reader's own page."


class UnknownDigest(OracleError):
    """No digest of that session is in the archive."""

    hint = "The archive lists those that are there."


class StaleEpoch(OracleError):
    """Another leader was elected since; what this one wanted to write was not written."""

    hint = "Nothing has to be done: the new leader goes on."


class MailError(OracleError):
    """A mail was not, or perhaps not, accepted by whoever sends it."""

    hint = "See docs/runbooks on what to do."


class RecipientRefused(MailError):
    """This recipient's mail is refused for good; others may go on."""


class MailThrottled(MailError):
    """The provider asks to send more slowly; the mail was not sent."""


class MailNotSent(MailError):
    """The mail was certainly not sent, for a reason that may pass."""


class MailingPaused(MailError):
    """The provider sends nobody's mail: the account is paused, or its quota is used up."""


class MailOutcomeUnknown(MailError):
    """The mail was handed over and no answer came: it may have been accepted, or not."""


class MailingRefused(OracleError):
    """The digest is not to be mailed here and now; the sentence says why."""
