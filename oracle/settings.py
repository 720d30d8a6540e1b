"""All configuration, read from `ORACLE_*` environment variables into one typed class."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from oracle.domain.errors import InvalidSymbol, SettingsError
from oracle.domain.instruments import parse_symbol

PREFIX = "ORACLE_"
WATCHLIST_SIZE = 10
MIN_POOL = 20
MIN_SECRET_LENGTH = 32

DEFAULT_WATCHLIST = ("AAPL", "MSFT", "JPM", "JNJ", "XOM", "WMT", "KO", "HD", "LLY", "PG")
DEFAULT_POOL = (
    *DEFAULT_WATCHLIST,
    *("AMD", "BAC", "BBY", "CVX", "GE", "MRK", "PEP", "PFE", "RRC", "UNH"),
)


class Environment(StrEnum):
    """Where the application runs; production refuses everything that is for rehearsals."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Market(StrEnum):
    """Which price feed to use; `auto` takes Yahoo if it answers at start, else the sample."""

    AUTO = "auto"
    YAHOO = "yahoo"
    SAMPLE = "sample"


class LogFormat(StrEnum):
    """How log lines look; `auto` is pretty on a terminal and JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    PRETTY = "pretty"


class LogLevel(StrEnum):
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
            raise ValueError(f"symbols like AAPL or BRK-B; {value!r} is none") from None
        if symbol in symbols:
            raise ValueError(f"every symbol once; {symbol} stands there twice")
        symbols.append(symbol)
    return tuple(symbols)


def _web_origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an address such as https://oracle.example")
    return value.rstrip("/")


def _database_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    for plain, driver in (("mysql://", "mysql+aiomysql://"), ("sqlite://", "sqlite+aiosqlite://")):
        if url.startswith(plain):
            url = driver + url.removeprefix(plain)
    if not url.startswith(("mysql+aiomysql://", "sqlite+aiosqlite://")):
        raise ValueError("mysql://user:password@host:port/database or sqlite:///path/to/file.db")
    return SecretStr(url)


def _allowed_hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not re.fullmatch(r"[A-Za-z0-9.\-\[\]:*]+", value):
            raise ValueError(f"host names separated by commas; {value!r} is none")
    return tuple(value.lower() for value in values)


def _log_level(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


Symbols = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_symbols)]
Hosts = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_allowed_hosts)
]
Origin = Annotated[str, AfterValidator(_web_origin)]


class Settings(BaseSettings):
    """The configuration; each field is the variable `ORACLE_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    environment: Environment = Field(
        Environment.DEVELOPMENT,
        description="`production` demands real secrets and refuses rehearsal settings.",
    )
    host: str = Field("127.0.0.1", min_length=1, description="Address the website listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the website listens on.")
    metrics_host: str = Field(
        "127.0.0.1", min_length=1, description="Address the metrics listen on."
    )
    metrics_port: int = Field(
        9464, ge=0, le=65535, description="Port of `/metrics`, never the public one; 0 is none."
    )
    base_url: Origin = Field(
        "http://127.0.0.1:8000", description="Public address of the site, used in links."
    )
    allowed_hosts: Hosts = Field(
        (), description="Further host names the site answers to, besides that of the base URL."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Load balancers in front, whose X-Forwarded-For is believed."
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs tokens; production needs at least 32 characters, "
        "development makes one up at each start.",
    )
    database_url: Annotated[SecretStr, AfterValidator(_database_url)] = Field(
        SecretStr("sqlite+aiosqlite:///var/oracle.db"),
        description="`sqlite:///file` or `mysql://user:password@host:port/database`.",
    )
    database_deadline: float = Field(
        5.0, gt=0, le=60, description="Seconds one transaction may take in all."
    )
    database_pool_size: int = Field(10, ge=1, le=100, description="Connections kept to MySQL.")
    market: Market = Field(
        Market.AUTO,
        description="`auto` takes Yahoo if it answers within 3 s at start, else the sample market.",
    )
    yahoo_url: Origin | None = Field(
        None, description="A server in Yahoo's place, for rehearsals; refused in production."
    )
    now: AwareDatetime | None = Field(
        None,
        description="Where the market clock stands, such as 2022-12-28T21:30:00Z; "
        "refused in production.",
    )
    feed_deadline: float = Field(
        8.0, gt=0, le=60, description="Seconds one request for prices may take."
    )
    feed_threads: int = Field(8, ge=1, le=32, description="Requests for prices at a time.")
    watchlist: Symbols = Field(
        DEFAULT_WATCHLIST, description="The ten symbols that are ranked, separated by commas."
    )
    pool: Symbols = Field(
        DEFAULT_POOL,
        description="The stocks that train the shared coefficients: at least 20, "
        "the watchlist among them.",
    )
    cache_folder: str = Field(
        "var/cache", min_length=1, description="Writable folder for the feed client's cache."
    )
    drain_seconds: float = Field(
        4.0, ge=0, le=60, description="Seconds between not-ready and stopping, at a shutdown."
    )
    log_format: LogFormat = Field(
        LogFormat.AUTO, description="`json`, `pretty`, or `auto`: pretty on a terminal."
    )
    log_level: Annotated[LogLevel, BeforeValidator(_log_level)] = Field(
        LogLevel.INFO, description="`debug`, `info`, `warning` or `error`."
    )

    @property
    def is_production(self) -> bool:
        """Whether this is the production environment."""
        return self.environment is Environment.PRODUCTION

    @model_validator(mode="after")
    def _check_lists(self) -> Self:
        if len(self.watchlist) != WATCHLIST_SIZE:
            raise _refusal(
                "watchlist",
                ",".join(self.watchlist),
                f"exactly {WATCHLIST_SIZE} symbols, and these are {len(self.watchlist)}",
            )
        if len(self.pool) < MIN_POOL:
            raise _refusal(
                "pool",
                ",".join(self.pool),
                f"at least {MIN_POOL} symbols, and these are {len(self.pool)}",
            )
        missing = [symbol for symbol in self.watchlist if symbol not in self.pool]
        if missing:
            raise _refusal(
                "pool",
                ",".join(self.pool),
                f"a list with the whole watchlist in it; {', '.join(missing)} is missing",
            )
        return self

    @model_validator(mode="after")
    def _check_production(self) -> Self:
        if not self.is_production:
            return self
        if self.now is not None:
            raise _refusal("now", self.now.isoformat(), "nothing at all in production")
        if self.yahoo_url is not None:
            raise _refusal("yahoo_url", self.yahoo_url, "nothing at all in production")
        if self.market is not Market.YAHOO:
            raise _refusal("market", self.market, "yahoo in production")
        if len(self.secret_key.get_secret_value()) < MIN_SECRET_LENGTH:
            raise _refusal(
                "secret_key",
                None,
                f"at least {MIN_SECRET_LENGTH} characters in production "
                "(for example from `openssl rand -hex 32`)",
            )
        if not self.base_url.startswith("https://"):
            raise _refusal("base_url", self.base_url, "an https:// address in production")
        return self


SECRETS = frozenset({"secret_key", "database_url"})


def _refusal(field: str, value: object, allowed: str) -> SettingsError:
    return SettingsError(_sentence(field, value, allowed))


def _sentence(field: str, value: object, allowed: str) -> str:
    shown = "a value that is not shown here" if field in SECRETS else repr(str(value))
    return f"{PREFIX}{field.upper()} is {shown}; allowed: {allowed}."


def load_settings(**overrides: Any) -> Settings:
    """Return the settings from the environment, with `overrides` in place of single fields.

    Raises SettingsError with a sentence per wrong value: the variable, its value, what is allowed.
    """
    try:
        return Settings(**overrides)
    except ValidationError as invalid:
        raise SettingsError(
            " ".join(_explain(error, overrides) for error in invalid.errors())
        ) from None


def _explain(error: Any, overrides: dict[str, Any]) -> str:
    field = str(error["loc"][0]) if error["loc"] else "?"
    return _sentence(field, error.get("input"), _allowed(field, error))


def _allowed(field: str, error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    if field == "now":
        return "a time with its zone, such as 2022-12-28T21:30:00Z"
    return message.replace("'", "")


def utc(moment: datetime) -> datetime:
    """Return the aware moment in UTC."""
    return moment.astimezone(UTC)
