"""The style sheet: one meaning for each name."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STYLES = ROOT / "static" / "app.css"
USERS = ("templates/**/*.html", "static/*.js", "oracle/**/*.py")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CONDITION = re.compile(r"@[^{;]*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


def find_contradictions(styles: str) -> list[str]:
    """Return each selector and property that is given two values, whatever the screen."""
    given: dict[tuple[str, str], str] = {}
    found = []
    for selectors, body in RULE.findall(CONDITION.sub("", COMMENT.sub("", styles))):
        declared = dict(line.strip().split(":", 1) for line in body.split(";") if line.strip())
        for selector in (" ".join(each.split()) for each in selectors.split(",")):
            for name, value in declared.items():
                if given.setdefault((selector, name), value.strip()) != value.strip():
                    found.append(f"{selector} {name}")
    return found


def test_every_name_is_used() -> None:
    """A class that the style sheet knows stands in a page, a script or the code of one."""
    # What follows two dashes may be put together from a value; `htmx-request` is the library's.
    styles = COMMENT.sub("", STYLES.read_text(encoding="utf-8"))
    names = set(re.findall(r"\.([a-z](?:[a-z_]|-(?!-))*)", styles)) - {"htmx-request"}
    users = [path.read_text(encoding="utf-8") for each in USERS for path in ROOT.glob(each)]
    assert [name for name in sorted(names) if not any(name in text for text in users)] == []


def test_no_part_of_the_site_takes_a_name_that_another_has() -> None:
    """A selector gives a property one value, so that no page loses its looks to another's rule."""
    assert find_contradictions(".step { text-align: left } .step { text-align: center }")
    assert not find_contradictions(".a { top: 0 } @media print { .a { top: 1px } }")
    assert find_contradictions(STYLES.read_text(encoding="utf-8")) == []
