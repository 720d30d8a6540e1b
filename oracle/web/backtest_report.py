"""A backtest's report as one self-contained page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.web.assets import Assets
from oracle.web.rendering import build_templates

if TYPE_CHECKING:
    from pathlib import Path

    from oracle.web.contexts.backtest import BacktestPage

TEMPLATE = "backtest/report.html"


def render_report(page: BacktestPage, templates: Path) -> str:
    """Return the report as HTML that needs no other file and runs no script."""
    # The page links to nothing, so that it can be sent and kept as a single file.
    environment = build_templates(templates, Assets(templates, {}), reload=False)
    return environment.get_template(TEMPLATE).render(page=page)
