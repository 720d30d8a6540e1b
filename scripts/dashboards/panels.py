"""Panels and boards as plain dictionaries, in the form that Grafana stores them.

A panel is described by what differs from panel to panel; what they share (where it stands, how
"no data" reads, where it links to) is added here, so that no board forgets it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Source = Literal["prometheus", "loki"]
Colour = Literal["green", "yellow", "red", "blue", "text"]

SCHEMA_VERSION = 41
COLUMNS = 24
SOURCES: dict[Source, Json] = {
    "prometheus": {"type": "prometheus", "uid": "prometheus"},
    "loki": {"type": "loki", "uid": "loki"},
}
BOARDS = {
    "service": "Service",
    "forecasts": "Forecasts",
    "digest": "Digest",
    "machines": "Machines",
    "logs": "Logs",
}
NO_DATA: Json = {
    "type": "special",
    "options": {"match": "null+nan", "result": {"text": "no data", "color": "text", "index": 0}},
}


@dataclass(frozen=True, slots=True)
class Query:
    """One question to a source; `legend` names its series, as in `{{route}}`."""

    text: str
    legend: str = ""
    instant: bool = False
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on (None: from the start) the colour means these words."""

    start: float | None
    colour: Colour
    words: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What is shown; see `to_json` for what every panel has beside it."""

    kind: Literal["stat", "timeseries", "bargauge", "table", "logs"]
    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    steps: tuple[Step, ...] = (Step(None, "text", ""),)
    words: dict[str, tuple[str, Colour]] = field(default_factory=dict)
    source: Source = "prometheus"
    width: int = 8
    height: int = 8
    decimals: int | None = None
    limits: tuple[float | None, float | None] = (None, None)
    stacked: bool = False
    transformations: tuple[Json, ...] = ()
    overrides: tuple[Json, ...] = ()
    links: tuple[Json, ...] = ()


def logs_link(**variables: str) -> Json:
    """Return a link from a point of a panel to the log at that time."""
    chosen = "".join(f"&var-{name}={value}" for name, value in variables.items())
    return {
        "title": "The log at that time",
        "url": f"/d/oracle-logs/logs?${{__url_time_range}}{chosen}",
        "targetBlank": False,
    }


def service_link(**variables: str) -> Json:
    """Return a link from a point of the log to the measurements at that time."""
    chosen = "".join(f"&var-{name}={value}" for name, value in variables.items())
    return {
        "title": "Measurements at that time",
        "url": f"/d/oracle-service/service?${{__url_time_range}}{chosen}",
        "targetBlank": False,
    }


def to_json(panel: Panel, number: int, x: int, y: int) -> Json:
    """Return the panel at that place, with the texts for its colours and for no data."""
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": _describe(panel),
        "datasource": SOURCES[panel.source],
        "gridPos": {"h": panel.height, "w": panel.width, "x": x, "y": y},
        "targets": [
            _target(panel, query, chr(ord("A") + place))
            for place, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": list(panel.overrides)},
        "options": _options(panel),
        "transformations": list(panel.transformations),
    }


def _describe(panel: Panel) -> str:
    """Return the description, followed by what each colour means."""
    said = [
        f"{step.colour.capitalize()}"
        f"{'' if step.start is None else f' from {step.start:g}'}: {step.words}."
        for step in panel.steps
        if step.words
    ]
    return " ".join((panel.description, *said))


def _target(panel: Panel, query: Query, letter: str) -> Json:
    target: Json = {"refId": letter, "datasource": SOURCES[panel.source], "expr": query.text}
    if query.legend:
        target["legendFormat"] = query.legend
    if panel.source == "loki":
        target["queryType"] = "instant" if query.instant else "range"
        return target
    target["editorMode"] = "code"
    target["instant"] = query.instant
    target["range"] = not query.instant
    if query.exemplars:
        target["exemplar"] = True
    if panel.kind == "table":
        target["format"] = "table"
    return target


def _defaults(panel: Panel) -> Json:
    mappings: list[Json] = [NO_DATA]
    if panel.words:
        mappings.append(
            {
                "type": "value",
                "options": {
                    value: {"text": text, "color": colour, "index": place}
                    for place, (value, (text, colour)) in enumerate(panel.words.items(), start=1)
                },
            }
        )
    defaults: Json = {
        "unit": panel.unit,
        "noValue": "no data",
        "mappings": mappings,
        "thresholds": {
            "mode": "absolute",
            "steps": [{"value": step.start, "color": step.colour} for step in panel.steps],
        },
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "links": _links(panel),
    }
    low, high = panel.limits
    for name, value in (("decimals", panel.decimals), ("min", low), ("max", high)):
        if value is not None:
            defaults[name] = value
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "fillOpacity": 40 if panel.stacked else 8,
            "lineWidth": 2,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if len(panel.steps) > 1 else "off"},
        }
    return defaults


def _links(panel: Panel) -> list[Json]:
    """Return the panel's links; a graph of figures without any leads to the whole log."""
    if panel.kind == "timeseries" and panel.source == "prometheus" and not panel.links:
        return [logs_link()]
    return list(panel.links)


def _options(panel: Panel) -> Json:
    reduced: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match panel.kind:
        case "stat":
            return {
                "colorMode": "background",
                "graphMode": "none",
                "justifyMode": "center",
                "orientation": "auto",
                "reduceOptions": reduced,
                "textMode": "auto",
            }
        case "bargauge":
            return {
                "displayMode": "basic",
                "orientation": "horizontal",
                "reduceOptions": reduced,
                "showUnfilled": True,
            }
        case "timeseries":
            return {
                "legend": {
                    "calcs": [],
                    "displayMode": "list",
                    "placement": "bottom",
                    "showLegend": True,
                },
                "tooltip": {"mode": "multi", "sort": "desc"},
            }
        case "table":
            return {"cellHeight": "sm", "showHeader": True}
        case "logs":
            return {
                "dedupStrategy": "none",
                "enableLogDetails": True,
                "prettifyLogMessage": False,
                "showLabels": False,
                "showTime": True,
                "sortOrder": "Descending",
                "wrapLogMessage": True,
            }
