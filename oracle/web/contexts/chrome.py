"""What surrounds every page: its title, the market's state, the ribbon of the sample market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.prices import MarketState
from oracle.web import formatting

if TYPE_CHECKING:
    from oracle.services.read_market_status import MarketStatus

SITE_NAME = "Oracle"
EXAMPLES = (
    ("AAPL", "Apple"),
    ("MSFT", "Microsoft"),
    ("JPM", "JPMorgan Chase"),
    ("KO", "Coca-Cola"),
    ("XOM", "Exxon Mobil"),
)


@dataclass(frozen=True, slots=True)
class Example:
    """A company to try, as a link."""

    symbol: str
    name: str


@dataclass(frozen=True, slots=True)
class MarketLine:
    """The exchange's state in words, with the next opening while it is not open."""

    state: str
    is_open: bool
    next_open: str
    next_open_utc: str
    next_open_machine: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a view says of its page; `path` is its address, or None where it has none to keep."""

    title: str
    description: str
    path: str | None = None
    section: str = ""
    query: str = ""
    refresh_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Chrome:
    """The frame of a page. `sample_clock` is set on the sample market: where its clock stands."""

    title: str
    description: str
    canonical: str | None
    section: str
    market: MarketLine | None
    sample_clock: str | None
    query: str
    examples: tuple[Example, ...]
    refresh_seconds: int | None = None


def build_chrome(head: Head, *, base_url: str, status: MarketStatus | None) -> Chrome:
    """Return the frame of a page with that head."""
    return Chrome(
        title=f"{head.title} · {SITE_NAME}",
        description=head.description,
        canonical=None if head.path is None else f"{base_url}{head.path}",
        section=head.section,
        market=None if status is None else _market_line(status),
        sample_clock=(
            formatting.exchange_time(status.now)
            if status is not None and status.is_sample
            else None
        ),
        query=head.query,
        examples=tuple(Example(symbol, name) for symbol, name in EXAMPLES),
        refresh_seconds=head.refresh_seconds,
    )


def _market_line(status: MarketStatus) -> MarketLine:
    return MarketLine(
        state=formatting.market_state(status.state),
        is_open=status.state is MarketState.OPEN,
        next_open=formatting.exchange_time(status.next_open),
        next_open_utc=formatting.utc_time(status.next_open),
        next_open_machine=formatting.machine_time(status.next_open),
    )
