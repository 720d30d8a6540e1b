"""The types of single settings: closed sets, and texts that are checked as they are read.

Each check raises ValueError with what is allowed, as the end of the sentence "allowed: ...".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Any, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from oracle.domain.errors import InvalidSymbol
from oracle.domain.instruments import parse_symbol

_REVISION = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})*\.?", re.IGNORECASE)
A_MOMENT = "a time with its zone, such as 2022-12-28T21:30:00Z"
_DRIVERS = {
    "mysql://": "mysql+aiomysql://",
    "mariadb://": "mysql+aiomysql://",
    "sqlite://": "sqlite+aiosqlite://",
}


class Word(StrEnum):
    """One of a closed set of words, recognised in any case."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        spelling = value.strip().lower() if isinstance(value, str) else None
        return next((word for word in cls if word.value == spelling), None)


class Environment(Word):
    """Where the application runs; production refuses everything that is for rehearsals."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Market(Word):
    """Which price feed to use; `auto` takes Yahoo if it answers at start, else the sample."""

    AUTO = "auto"
    YAHOO = "yahoo"
    SAMPLE = "sample"


class MailerKind(Word):
    """Who sends the mail: a folder that keeps it, a mail server, or Amazon SES."""

    FOLDER = "folder"
    SMTP = "smtp"
    SES = "ses"


class LogFormat(Word):
    """How log lines look; `auto` is pretty on a terminal and JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    PRETTY = "pretty"


class LogLevel(Word):
    """The least severe log line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _symbols(values: tuple[str, ...]) -> tuple[str, ...]:
    symbols: list[str] = []
    for value in values:
        try:
            symbol = parse_symbol(value)
        except InvalidSymbol:
            raise ValueError(
                f"symbols such as AAPL or BRK-B, separated by commas, and {value!r} is none"
            ) from None
        if symbol in symbols:
            raise ValueError(f"each symbol once, and {symbol} stands there twice")
        symbols.append(symbol)
    return tuple(symbols)


def _revision(value: str) -> str:
    if not _REVISION.fullmatch(value):
        raise ValueError("at most 64 letters, digits, dots and dashes, such as a commit's hash")
    return value


def is_host(text: str) -> bool:
    """Return whether the text is an IP address or can be a host name."""
    try:
        ip_address(text)
    except ValueError:
        return _HOST_NAME.fullmatch(text) is not None
    return True


def _host(value: str) -> str:
    host = value.strip().removeprefix("[").removesuffix("]")
    if not is_host(host):
        raise ValueError("an IP address or a host name, such as 127.0.0.1")
    return host


def _allowed_hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not is_host(value.removeprefix("[").removesuffix("]")):
            raise ValueError(
                f"host names without a port, separated by commas, and {value!r} is none"
            )
    return tuple(value.lower() for value in values)


def _split_url(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        # Only reading the port finds out whether it is a number.
        _ = parts.port
    except ValueError:
        return None
    return parts if value.isprintable() and " " not in value else None


def _origin(value: str) -> str:
    parts = _split_url(value)
    if (
        parts is None
        or parts.scheme not in {"http", "https"}
        or not is_host(parts.hostname or "")
        or parts.username is not None
        or parts.path not in {"", "/"}
        or parts.query
        or parts.fragment
    ):
        raise ValueError("an address without a path, such as https://oracle.example")
    return value.rstrip("/")


def _database_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value().strip()
    for plain, driver in _DRIVERS.items():
        if url.startswith(plain):
            url = driver + url.removeprefix(plain)
    parts = _split_url(url)
    is_sqlite = url.startswith("sqlite+aiosqlite:///")
    is_mysql = (
        parts is not None
        and url.startswith("mysql+aiomysql://")
        and bool(parts.hostname)
        and len(parts.path) > 1
    )
    if not (is_sqlite or is_mysql):
        raise ValueError("mysql://user:password@host:port/database or sqlite:///path/to/file.db")
    return SecretStr(url)


def _moment(value: Any) -> Any:
    # Without this a plain number, such as 20221228, would be read as seconds since 1970.
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(A_MOMENT) from None


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(A_MOMENT)
    return value.astimezone(UTC)


Symbols = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_symbols)]
Hosts = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_allowed_hosts)
]
Host = Annotated[str, AfterValidator(_host)]
Revision = Annotated[str, AfterValidator(_revision)]
WebOrigin = Annotated[str, AfterValidator(_origin)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
Moment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_in_utc)]
