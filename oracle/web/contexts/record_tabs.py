"""What the page of the record can be narrowed to, as links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.forecasts import Origin
from oracle.domain.track_record import Window
from oracle.web.origins import present_origin
from oracle.web.record_question import page_address

if TYPE_CHECKING:
    from oracle.domain.track_record import TrackRecord

_WINDOWS = {
    Window.SHORT: "Last 60 sessions",
    Window.YEAR: "Last 250 sessions",
    Window.ALL: "All settled sessions",
}


@dataclass(frozen=True, slots=True)
class Tab:
    """A choice, as a link."""

    name: str
    address: str
    is_current: bool


def list_windows(shown: TrackRecord, origin: Origin | None) -> tuple[Tab, ...]:
    """Return how far back the page can look, for the stock and the origin that it shows."""
    return tuple(
        Tab(name, page_address(shown.symbol, origin, window), window is shown.window)
        for window, name in _WINDOWS.items()
    )


def list_origins(shown: TrackRecord, origin: Origin | None) -> tuple[Tab, ...]:
    """Return both origins and each alone, for the stock and the window that the page shows."""
    names = {each: present_origin(each, shown.source).value.capitalize() for each in Origin}
    return tuple(
        Tab(
            " and ".join(names.values()) if each is None else f"{names[each]} alone",
            page_address(shown.symbol, each, shown.window),
            each is origin,
        )
        for each in (None, *Origin)
    )
