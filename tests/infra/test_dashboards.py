"""Boards: what Grafana would drop, what a person would miss, and what no source could answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from scripts.build_dashboards import FOLDER, build_files
from scripts.dashboards.panels import BOARDS
from tests.infra.documents import GRAFANA, fill_in, list_boards, list_panels, parse_all, read_yaml
from tests.servers.monitoring import promtool

if TYPE_CHECKING:
    from pathlib import Path

BOARD_LIST = list_boards()
PANELS = [
    pytest.param(panel, id=f"{board['title']}: {panel['title']}")
    for board in BOARD_LIST
    for panel in list_panels(board)
]


def test_files_are_what_the_descriptions_make() -> None:
    """No board was changed by hand, and none is left over."""
    assert {path.name: path.read_text() for path in FOLDER.iterdir()} == build_files()


@pytest.mark.parametrize("board", BOARD_LIST, ids=lambda board: board["title"])
def test_grafana_knows_every_key(board: dict[str, Any]) -> None:
    """Nothing is lost on the way through Grafana's own schema: a key that is, means nothing."""
    register_default_plugins()
    again = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    assert list(_lost(board, again, "")) == []


def _lost(before: Any, after: Any, place: str) -> list[str]:
    if isinstance(before, dict):
        if not isinstance(after, dict):
            return [place]
        return [
            lost
            for key, value in before.items()
            for lost in (
                _lost(value, after[key], f"{place}/{key}")
                if key in after
                else ([] if value in (None, [], {}) else [f"{place}/{key}"])
            )
        ]
    if isinstance(before, list):
        if not isinstance(after, list) or len(before) != len(after):
            return [place]
        return [
            lost
            for number, (one, other) in enumerate(zip(before, after, strict=True))
            for lost in _lost(one, other, f"{place}/{number}")
        ]
    return [] if before == after else [place]


def test_uids_and_ids_are_unique_and_fixed() -> None:
    """Links name boards by uid, and Grafana panels by id."""
    assert {board["uid"] for board in BOARD_LIST} == {f"oracle-{name}" for name in BOARDS}
    for board in BOARD_LIST:
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("panel", PANELS)
def test_panel_explains_itself(panel: dict[str, Any]) -> None:
    """A title, a description, a unit, words for its colours, and words for no data."""
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert defaults["unit"]
    assert defaults["noValue"] == "no data"
    assert defaults["mappings"][0]["options"]["match"] == "null+nan"
    steps = defaults["thresholds"]["steps"]
    if len(steps) > 1:
        for step in steps:
            assert step["color"].capitalize() in panel["description"]


def test_tables_show_no_names_of_metrics() -> None:
    """A table's columns are those of an aggregation, or chosen by name: none is called __name__."""
    tables = [
        panel for board in BOARD_LIST for panel in list_panels(board) if panel["type"] == "table"
    ]
    assert tables
    for panel in tables:
        chosen = "filterFieldsByName" in {each["id"] for each in panel["transformations"]}
        for target in panel["targets"]:
            assert chosen or re.match(r"(max|sum) by \(", target["expr"]), panel["title"]


def test_panels_do_not_overlap() -> None:
    """Every panel stands within the 24 columns, and on no other."""
    for board in BOARD_LIST:
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert place["x"] + place["w"] <= 24
            assert not cells & taken, panel["title"]
            taken |= cells


def test_the_top_of_a_board_is_readable_from_afar() -> None:
    """First come at most eight large figures, in one line."""
    for board in BOARD_LIST:
        top = [panel for panel in list_panels(board) if panel["gridPos"]["y"] == 1]
        assert 3 <= len(top) <= 8
        assert {panel["type"] for panel in top} == {"stat"}


def test_every_source_is_provisioned() -> None:
    """No panel, variable or annotation asks a source that nobody sets up."""
    known = {
        each["uid"]: each["type"]
        for each in read_yaml(GRAFANA / "provisioning" / "datasources" / "datasources.yaml")[
            "datasources"
        ]
    }
    for board in BOARD_LIST:
        asked = [panel["datasource"] for panel in list_panels(board)]
        asked += [
            target["datasource"] for panel in list_panels(board) for target in panel["targets"]
        ]
        asked += [each["datasource"] for each in board["annotations"]["list"]]
        asked += [
            each["datasource"] for each in board["templating"]["list"] if "datasource" in each
        ]
        for source in asked:
            assert known[source["uid"]] == source["type"]


def test_every_variable_is_used_and_every_used_one_is_there() -> None:
    """A choice that changes nothing, or a name that nothing fills, would mislead."""
    for board in BOARD_LIST:
        texts = " ".join(
            target["expr"] for panel in list_panels(board) for target in panel["targets"]
        )
        names = {each["name"] for each in board["templating"]["list"]}
        assert {name for name in names if f"${name}" in texts} == names
        left = fill_in_names(texts, names)
        assert "$" not in left, left


def fill_in_names(text: str, names: set[str]) -> str:
    """Return the text without these variables and without Grafana's own."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(f"${name}", "")
    return fill_in(text)


def test_links_lead_to_boards() -> None:
    """Every link of a board, a panel and a source leads to a board that is there."""
    texts = [json.dumps(board) for board in BOARD_LIST]
    texts.append((GRAFANA / "provisioning" / "datasources" / "datasources.yaml").read_text())
    for text in texts:
        for piece in text.split("/d/oracle-")[1:]:
            assert piece.split("/")[0] in BOARDS
    for board in BOARD_LIST:
        others = {link["title"] for link in board["links"]}
        assert others == set(BOARDS.values()) - {board["title"]}


def test_every_graph_of_figures_leads_to_the_log_and_back() -> None:
    """From any point to the lines of that time, and from lines by route to the measurements."""
    graphs = [
        (board["title"], panel)
        for board in BOARD_LIST
        for panel in list_panels(board)
        if panel["type"] == "timeseries"
    ]
    alone = [
        f"{title}: {panel['title']}"
        for title, panel in graphs
        if panel["datasource"]["type"] == "prometheus"
        and "/d/oracle-logs/" not in json.dumps(panel["fieldConfig"]["defaults"]["links"])
    ]
    assert alone == []
    back = [panel for title, panel in graphs if title == "Logs"]
    assert "/d/oracle-service/" in json.dumps(back)


def test_every_query_parses() -> None:
    """PromQL and LogQL are what their grammars say, in boards, rules, alerts and runbooks."""
    wrong = [(each.query.place, each.errors) for each in parse_all() if each.errors]
    assert wrong == []
    assert {each.query.language for each in parse_all()} == {"prometheus", "loki"}


def test_prometheus_itself_takes_every_query(tmp_path: Path) -> None:
    """The boards' queries are sound to Prometheus as well, types included."""
    rules = [
        {"record": f"board:query:{number}", "expr": fill_in(each.query.text)}
        for number, each in enumerate(parse_all())
        if each.query.language == "prometheus"
    ]
    file = tmp_path / "boards.yml"
    file.write_text(json.dumps({"groups": [{"name": "boards", "rules": rules}]}))
    checked = promtool("check", "rules", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr
