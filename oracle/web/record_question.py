"""Which record an address asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from oracle.domain.errors import InvalidInput
from oracle.domain.forecasts import Origin
from oracle.domain.instruments import parse_symbol
from oracle.domain.track_record import Window

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

Choice = TypeVar("Choice", bound=StrEnum)

PAGE = "/track-record"


@dataclass(frozen=True, slots=True)
class RecordQuestion:
    """Of which stock (None: all), which origin, over which window."""

    symbol: str | None = None
    origin: Origin = Origin.LIVE
    window: Window = Window.YEAR

    def address(self, path: str) -> str:
        """Return the address that asks this there, as short as it can be."""
        asked = {
            "symbol": self.symbol,
            "origin": None if self.origin is Origin.LIVE else self.origin.value,
            "window": None if self.window is Window.YEAR else self.window.value,
        }
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"{path}?{query}" if query else path


def page_address(symbol: str | None, origin: Origin | None, window: Window) -> str:
    """Return the address of the record's page, which shows both origins (None) or one."""
    asked = {
        "symbol": symbol,
        "origin": None if origin is None else origin.value,
        "window": None if window is Window.YEAR else window.value,
    }
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"{PAGE}?{query}" if query else PAGE


def read_record_question(arguments: MultiDict[str, str]) -> RecordQuestion:
    """Return the question of a query. Raises InvalidSymbol and InvalidInput."""
    for name in arguments:
        if len(arguments.getlist(name)) > 1:
            raise InvalidInput(
                "A parameter stands more than once in the address.",
                hint="Ask for one stock, one origin and one window at a time.",
            )
    text = arguments.get("symbol")
    return RecordQuestion(
        symbol=None if text is None else parse_symbol(text),
        origin=_choose(arguments, "origin", Origin.LIVE),
        window=_choose(arguments, "window", Window.YEAR),
    )


def _choose(arguments: MultiDict[str, str], name: str, default: Choice) -> Choice:
    text = arguments.get(name)
    if text is None:
        return default
    kind = type(default)
    for choice in kind:
        if choice.value == text:
            return choice
    allowed = " or ".join(choice.value for choice in kind)
    raise InvalidInput(
        f"The parameter {name} has a value that is not known.", hint=f"Use {allowed}."
    )
