"""What surrounds every page: its title, the market's state, the mark of what is not live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.prices import MarketState
from oracle.web import formatting
from oracle.web.contexts.marking import mark_market, mark_outage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.instruments import Instrument
    from oracle.services.read_market_status import MarketStatus
    from oracle.web.contexts.marking import Marking

SITE_NAME = "Oracle"
EXAMPLES = ("AAPL", "MSFT", "JPM", "KO", "XOM")


@dataclass(frozen=True, slots=True)
class MarketLine:
    """The exchange's state in words, with the next opening while it is not open.

    The opening's day of the week and time are told wherever there is room, its date where there is
    more.
    """

    state: str
    is_open: bool
    next_open_day: str
    next_open_date: str
    next_open_clock: str
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
class Company:
    """A company to try, as a link."""

    symbol: str
    name: str


@dataclass(frozen=True, slots=True)
class Chrome:
    """The frame of a page.

    `origin` is the site's public address. `marking` is None where prices are live, `outage` where
    the database answers. `sample_market` holds every stock there is on the sample market, and
    nothing elsewhere.
    """

    title: str
    description: str
    origin: str
    canonical: str | None
    section: str
    market: MarketLine | None
    marking: Marking | None
    outage: Marking | None
    query: str
    examples: tuple[Company, ...]
    sample_market: tuple[Company, ...]
    refresh_seconds: int | None = None


def build_chrome(
    head: Head,
    *,
    base_url: str,
    status: MarketStatus | None,
    examples: Sequence[Instrument],
    sample_market: Sequence[Instrument],
) -> Chrome:
    """Return the frame of a page with that head."""
    marking = None if status is None else mark_market(status)
    prefix = "" if marking is None else marking.prefix
    return Chrome(
        title=f"{prefix}{head.title} · {SITE_NAME}",
        description=f"{prefix}{head.description}",
        origin=base_url,
        canonical=None if head.path is None else f"{base_url}{head.path}",
        section=head.section,
        market=None if status is None else build_market_line(status),
        marking=marking,
        outage=None if status is None else mark_outage(status),
        query=head.query,
        examples=_companies(examples),
        sample_market=_companies(sample_market),
        refresh_seconds=head.refresh_seconds,
    )


def _companies(instruments: Sequence[Instrument]) -> tuple[Company, ...]:
    return tuple(Company(each.symbol, each.name) for each in instruments)


def build_market_line(status: MarketStatus) -> MarketLine:
    """Return the exchange's state as the frame shows it."""
    day, date = formatting.exchange_day(status.next_open).split(" ", 1)
    return MarketLine(
        state=formatting.market_state(status.state),
        is_open=status.state is MarketState.OPEN,
        next_open_day=day,
        next_open_date=date,
        next_open_clock=formatting.exchange_clock(status.next_open),
        next_open_utc=formatting.utc_time(status.next_open),
        next_open_machine=formatting.machine_time(status.next_open),
    )
