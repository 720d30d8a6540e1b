"""What every route of one website instance shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quart import current_app

from oracle.services.background import SingleFlight

if TYPE_CHECKING:
    from jinja2 import Environment
    from quart import Quart

    from oracle.domain.rankings import Ranking
    from oracle.domain.track_record import TrackRecord
    from oracle.services.list_past_predictions import PastPredictions
    from oracle.services.predict_stock import StockReport
    from oracle.settings import Settings
    from oracle.web.assets import Assets
    from oracle.web.live.hub import Hub
    from oracle.web.use_cases import UseCases

SITE = "oracle.site"
PATIENCE = 1.2
"""Seconds a page waits for work that goes on without it; then it is sent with a placeholder.

With what it takes to write the page it comes within a second and a half, however slow others are.
"""


def _rankings() -> SingleFlight[str, Ranking]:
    return SingleFlight("page_ranking", is_waited_for=True)


def _reports() -> SingleFlight[str, StockReport]:
    return SingleFlight("page_report", is_waited_for=True)


def _records() -> SingleFlight[str | None, TrackRecord | None]:
    return SingleFlight("page_record")


def _pasts() -> SingleFlight[str, PastPredictions | None]:
    return SingleFlight("page_past", is_waited_for=True)


@dataclass(frozen=True, slots=True)
class Site:
    """The settings, the services, the templates and the static files, and work in progress."""

    settings: Settings
    use_cases: UseCases
    templates: Environment
    assets: Assets
    live: Hub
    patience: float = PATIENCE
    rankings: SingleFlight[str, Ranking] = field(default_factory=_rankings)
    reports: SingleFlight[str, StockReport] = field(default_factory=_reports)
    records: SingleFlight[str | None, TrackRecord | None] = field(default_factory=_records)
    pasts: SingleFlight[str, PastPredictions | None] = field(default_factory=_pasts)

    async def aclose(self) -> None:
        """Stop the work that pages have left running."""
        await self.live.aclose()
        await self.rankings.aclose()
        await self.reports.aclose()
        await self.records.aclose()
        await self.pasts.aclose()


def install_site(app: Quart, site: Site) -> None:
    """Give the application its site."""
    app.extensions[SITE] = site


def current_site() -> Site:
    """Return the site of the application that handles the present request."""
    site: Site = current_app.extensions[SITE]
    return site
