"""All configuration, read from `ORACLE_*` environment variables into one typed class."""

from oracle.settings.loading import load_settings
from oracle.settings.model import (
    DEFAULT_POOL,
    DEFAULT_WATCHLIST,
    Settings,
)
from oracle.settings.problems import MIN_POOL, MIN_SECRET_LENGTH, WATCHLIST_SIZE
from oracle.settings.protected_values import DatabaseTls
from oracle.settings.refusals import PREFIX
from oracle.settings.values import Environment, LogFormat, LogLevel, Market

__all__ = [
    "DEFAULT_POOL",
    "DEFAULT_WATCHLIST",
    "MIN_POOL",
    "MIN_SECRET_LENGTH",
    "PREFIX",
    "WATCHLIST_SIZE",
    "DatabaseTls",
    "Environment",
    "LogFormat",
    "LogLevel",
    "Market",
    "Settings",
    "load_settings",
]
