"""A board: rows of panels, variables, and links to the other boards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.dashboards.panels import BOARDS, COLUMNS, SCHEMA_VERSION, SOURCES, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scripts.dashboards.panels import Json, Panel


def build_board(
    name: str,
    description: str,
    rows: Mapping[str, Sequence[Panel]],
    *,
    variables: Sequence[Json] = (),
    since: str = "now-6h",
) -> Json:
    """Return the board `oracle-<name>`; panels fill each row from the left, line by line."""
    return {
        "uid": f"oracle-{name}",
        "title": BOARDS[name],
        "description": description,
        "tags": ["oracle"],
        "editable": False,
        "graphTooltip": 1,
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": since, "to": "now"},
        "annotations": {"list": [_firing_alerts()]},
        "templating": {"list": list(variables)},
        "links": [_link(other, title) for other, title in BOARDS.items() if other != name],
        "panels": _lay_out(rows),
    }


def prometheus_variable(name: str, label: str, query: str, description: str) -> Json:
    """Return a choice of several label values, all of them at first."""
    return {
        **_choice(name, label, description),
        "datasource": SOURCES["prometheus"],
        "query": {"query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
    }


def loki_variable(name: str, label: str, description: str) -> Json:
    """Return a choice of several values of one of Loki's labels, all of them at first."""
    return {
        **_choice(name, label, description),
        # Loki refuses a selector that every stream would match.
        "allValue": ".+",
        "datasource": SOURCES["loki"],
        "query": {
            "label": name,
            "refId": "LokiVariableQueryEditor-VariableQuery",
            "stream": "",
            "type": 1,
        },
    }


def text_variable(name: str, label: str, description: str) -> Json:
    """Return a box to type in, empty at first."""
    return {
        "type": "textbox",
        "name": name,
        "label": label,
        "description": description,
        "query": "",
        "current": {"selected": True, "text": "", "value": ""},
        "options": [{"selected": True, "text": "", "value": ""}],
    }


def _choice(name: str, label: str, description: str) -> Json:
    return {
        "type": "query",
        "name": name,
        "label": label,
        "description": description,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "refresh": 2,
        "sort": 1,
    }


def _link(name: str, title: str) -> Json:
    return {
        "type": "link",
        "title": title,
        "tooltip": f"The board {title}, for the same time",
        "url": f"/d/oracle-{name}/{name}",
        "icon": "dashboard",
        "asDropdown": False,
        "includeVars": False,
        "keepTime": True,
        "tags": [],
        "targetBlank": False,
    }


def _firing_alerts() -> Json:
    return {
        "name": "Alerts that wake somebody",
        "datasource": SOURCES["prometheus"],
        "enable": True,
        "hide": False,
        "iconColor": "red",
        "expr": 'ALERTS{alertstate="firing", severity="page"}',
    }


def _lay_out(rows: Mapping[str, Sequence[Panel]]) -> list[Json]:
    laid: list[Json] = []
    y = 0
    for title, panels in rows.items():
        row = {"h": 1, "w": COLUMNS, "x": 0, "y": y}
        laid.append(
            {
                "id": len(laid) + 1,
                "type": "row",
                "title": title,
                "collapsed": False,
                "gridPos": row,
                "panels": [],
            }
        )
        x, y, tallest = 0, y + 1, 0
        for panel in panels:
            if x + panel.width > COLUMNS:
                x, y, tallest = 0, y + tallest, 0
            laid.append(to_json(panel, len(laid) + 1, x, y))
            x, tallest = x + panel.width, max(tallest, panel.height)
        y += tallest
    return laid
