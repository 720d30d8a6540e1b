"""What stands in the files of the monitoring, as the tests look at it."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "infra" / "prometheus"
RULES = PROMETHEUS / "rules"
LOKI_RULES = ROOT / "loki" / "rules" / "fake"
GRAFANA = ROOT / "grafana"
HERE = Path(__file__).parent

FIELDS = {
    "$__rate_interval": "5m",
    "$__auto": "5m",
    "$__range": "1h",
}


@dataclass(frozen=True, slots=True)
class Query:
    """A query, its language (`prometheus` or `loki`), and where it stands."""

    place: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Selector:
    """Which series a query asks for."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the grammar found in a query."""

    query: Query
    errors: tuple[str, ...]
    selectors: tuple[Selector, ...]
    grouping: frozenset[str]


def read_yaml(path: Path) -> Any:
    """Return what the file says."""
    return yaml.safe_load(path.read_text())


def kebab(name: str) -> str:
    """Return `TwoLeaders` as `two-leaders`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def list_rules(folder: Path) -> list[dict[str, Any]]:
    """Return the rules of all files of that folder."""
    return [
        rule
        for path in sorted(folder.glob("*.yml"))
        for group in read_yaml(path)["groups"]
        for rule in group["rules"]
    ]


def list_alerts(folder: Path) -> list[dict[str, Any]]:
    """Return the alerts of all files of that folder."""
    return [rule for rule in list_rules(folder) if "alert" in rule]


def list_boards() -> list[dict[str, Any]]:
    """Return all dashboards."""
    return [json.loads(path.read_text()) for path in sorted((GRAFANA / "dashboards").iterdir())]


def list_panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the board's panels that are no rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


@cache
def parse_all() -> tuple[Parsed, ...]:
    """Return every query of boards, rules, alerts and runbooks, parsed by its grammar."""
    queries = [
        Query(f"{board['title']}: {panel['title']}", target["datasource"]["uid"], target["expr"])
        for board in list_boards()
        for panel in list_panels(board)
        for target in panel["targets"]
    ]
    queries += [
        Query(f"{board['title']}: annotations", each["datasource"]["uid"], each["expr"])
        for board in list_boards()
        for each in board["annotations"]["list"]
    ]
    queries += [
        Query(rule.get("alert") or rule["record"], language, rule["expr"])
        for language, folder in (("prometheus", RULES), ("loki", LOKI_RULES))
        for rule in list_rules(folder)
    ]
    queries += [
        Query(path.name, {"promql": "prometheus", "logql": "loki"}[language], line)
        for path in sorted((ROOT / "docs" / "runbooks").glob("*.md"))
        for language, block in re.findall(
            r"^```(promql|logql)\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL
        )
        for line in block.splitlines()
    ]
    asked = [{"language": each.language, "text": fill_in(each.text)} for each in queries]
    answer = subprocess.run(
        ["node", HERE / "parse_queries.mjs"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return tuple(
        Parsed(
            query,
            tuple(found["errors"]),
            tuple(
                Selector(
                    each["name"],
                    tuple(
                        (one["label"], one["operator"], one["value"]) for one in each["matchers"]
                    ),
                )
                for each in found["selectors"]
            ),
            frozenset(found["grouping"]),
        )
        for query, found in zip(queries, json.loads(answer.stdout), strict=True)
    )


def fill_in(text: str) -> str:
    """Return the query with a value in the place of each of Grafana's variables."""
    for name, value in FIELDS.items():
        text = text.replace(name, value)
    return re.sub(r"\$\w+", ".*", text)
