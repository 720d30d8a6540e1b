"""How a command starts, ends and refuses: settings, dependencies, exit codes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from rich.console import Console

from oracle.domain.errors import (
    DatabaseUnavailable,
    FeedError,
    ImagesUnavailable,
    InvalidInput,
    OracleError,
    SettingsError,
    SymbolNotInFeed,
    UnknownSymbol,
    UnsupportedInstrument,
)
from oracle.observability.logs import configure_logs
from oracle.settings import LogFormat, LogLevel, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from oracle.services.dependencies import Dependencies

Result = TypeVar("Result")


class Exit(IntEnum):
    """What the command's exit code means."""

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    UNKNOWN_SYMBOL = 3
    UNAVAILABLE = 4
    CANNOT_SAY = 5


_EXITS: tuple[tuple[type[OracleError], Exit], ...] = (
    (InvalidInput, Exit.BAD_INPUT),
    (SettingsError, Exit.BAD_INPUT),
    (UnknownSymbol, Exit.UNKNOWN_SYMBOL),
    (SymbolNotInFeed, Exit.UNKNOWN_SYMBOL),
    (UnsupportedInstrument, Exit.UNKNOWN_SYMBOL),
    (FeedError, Exit.UNAVAILABLE),
    (DatabaseUnavailable, Exit.UNAVAILABLE),
    (ImagesUnavailable, Exit.UNAVAILABLE),
)

EPILOG: Final = (
    "Exit codes: 0 done, 1 failed, 2 bad input or setting, 3 unknown symbol, "
    "4 feed, database or pictures unavailable, 5 nothing can be said of the stock."
)


class Refusal(click.ClickException):
    """An error of the application as click prints it, with the exit code of its kind."""

    def __init__(self, error: OracleError) -> None:
        suggestions = getattr(error, "suggestions", ())
        also = f"Did you mean {' or '.join(suggestions)}?" if suggestions else ""
        super().__init__(" ".join(part for part in (str(error), error.hint, also) if part))
        self._code = next((code for kind, code in _EXITS if isinstance(error, kind)), Exit.FAILED)

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """The exit code of the error's kind."""
        return self._code


def read_settings() -> Settings:
    """Return the settings, and let the log show what goes wrong alone."""
    try:
        settings = load_settings()
    except SettingsError as error:
        raise Refusal(error) from error
    # A command's result is for reading: of its log only what went wrong is shown beside it.
    show_log(settings, LogLevel.WARNING)
    return settings


def show_log(settings: Settings, level: LogLevel) -> None:
    """Write the log from that level on, in the form that the settings ask for."""
    automatic = settings.log_format is LogFormat.AUTO
    pretty = None if automatic else settings.log_format is LogFormat.PRETTY
    configure_logs(pretty=pretty, level=level)


def finish(work: Coroutine[Any, Any, Result]) -> Result:
    """Run the work to its end; every deliberate error is one sentence and an exit code."""
    try:
        return asyncio.run(work)
    except OracleError as error:
        raise Refusal(error) from error


@asynccontextmanager
async def open_dependencies(*, quiet: bool) -> AsyncIterator[tuple[Dependencies, Console]]:
    """Yield what the services need, and the console that tells of progress."""
    from oracle.bootstrap import bootstrap  # noqa: PLC0415 - help does not wait for libraries.

    console = Console(stderr=True, quiet=quiet)
    with console.status("Starting …"):
        deps = await bootstrap(read_settings())
    try:
        yield deps, console
    finally:
        await deps.aclose()
