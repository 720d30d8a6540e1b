"""The documents keep up with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.configuration_table import documented_table, render_table

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "infra").rglob("*.md"),
        *(ROOT / "oracle").rglob("*.md"),
    ]
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PARTS = ["Context", "Options", "Decision", "Consequences"]
WORDS = (
    *("instrument", "symbol", "universe", "bar", "adjusted close", "log return", "session"),
    *("as_of", "target", "stale", "horizon", "design matrix", "lag", "residual"),
    *("point forecast", "prediction interval", "level", "coverage", "rolling-origin evaluation"),
    *("baseline", "CRPS", "pinball loss", "digest", "subscriber", "double opt-in", "suppression"),
    *("delivery", "misfire", "leader", "standby", "step down", "epoch", "heartbeat"),
)


def name_of(path: Path) -> str:
    """Return the path as test ids show it."""
    return str(path.relative_to(ROOT))


def test_the_readme_documents_every_setting() -> None:
    """The table of settings is the code's own; `scripts.configuration_table --write` renews it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert documented_table(readme) == render_table()


def test_a_readme_without_the_table_is_noticed() -> None:
    """Where the markers are gone nothing is silently compared with nothing."""
    with pytest.raises(LookupError, match="<!-- settings -->"):
        documented_table("# Oracle\n")


def test_links_inside_the_repository_lead_somewhere() -> None:
    """Every relative link and picture exists, and so does the heading it points to."""
    broken = [
        f"{document.relative_to(ROOT)}: {link}"
        for document in DOCUMENTS
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
        if not leads(document, link)
    ]
    assert broken == []


def leads(document: Path, link: str) -> bool:
    """Return whether the link is to the outside, or to a file and heading that exist."""
    if re.match(r"[a-z]+:", link):
        return True
    path, _, heading = link.partition("#")
    target = document.parent / path if path else document
    if not target.exists():
        return False
    if not heading:
        return True
    headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    return heading in {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings
    }


@pytest.mark.parametrize("record", DECISIONS, ids=name_of)
def test_a_decision_record_has_its_four_parts(record: Path) -> None:
    """Context, options, decision, consequences, each with text, in that order."""
    text = record.read_text(encoding="utf-8")
    sections = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    assert sections[1::2] == PARTS
    assert all(section.strip() for section in sections[2::2])


def test_decision_records_are_numbered_without_gaps() -> None:
    """File names and titles carry the same numbers, from one on."""
    titles = [record.read_text(encoding="utf-8").splitlines()[0] for record in DECISIONS]
    assert len(DECISIONS) >= 5
    for number, (record, title) in enumerate(zip(DECISIONS, titles, strict=True), start=1):
        assert record.name.startswith(f"{number:04d}-")
        assert title.startswith(f"# {number}. ")


def test_the_glossary_explains_the_words_of_the_field() -> None:
    """Each word has a row with a meaning; some share a row."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| .{10,} \|$", glossary, re.MULTILINE)
    explained = {word for row in rows for word in row.split(", ")}
    assert set(WORDS) - explained == set()


def test_the_glossary_explains_each_word_once() -> None:
    """One word per idea, and one place per word."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| ([^|]+) \| ", glossary, re.MULTILINE)
    words = [word for cell in cells if cell != "Word" for word in cell.split(", ")]
    assert sorted(words) == sorted(set(words))


def test_the_changelog_collects_what_is_not_released_yet() -> None:
    """There is a place for the next change's line, and it is not empty."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased = re.search(
        r"^## \[Unreleased\]$(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    assert unreleased is not None
    assert "\n- " in unreleased.group(1)


def test_the_architecture_page_names_every_table() -> None:
    """A new table is explained where the others are."""
    modules = (ROOT / "oracle" / "adapters" / "sql").glob("*tables.py")
    tables = "".join(module.read_text(encoding="utf-8") for module in modules)
    names = re.findall(r'= define\(\s*"(\w+)"', tables)
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert names
    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_makefile_explains_each_of_its_commands() -> None:
    """`make help` shows every command that the documents promise."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    documents = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    promised = set(re.findall(r"`make ([a-z]+)", documents)) | {"run", "test"}
    assert promised <= explained
