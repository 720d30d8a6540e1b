"""The rules of WCAG 2.2 AA, checked by axe in the browser."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _source() -> str:
    return AXE.read_text(encoding="utf-8")


def find_violations(page: Page) -> list[str]:
    """Return what breaks a rule on the page: `rule: element (why)`."""
    page.evaluate(_source())
    result: dict[str, Any] = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS
    )
    assert result["testEngine"]["name"] == "axe-core"
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))} ({node['failureSummary']})"
        for rule in result["violations"]
        for node in rule["nodes"]
    ]
