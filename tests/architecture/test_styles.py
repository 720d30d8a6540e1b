"""The style sheet: one meaning for each name."""

from __future__ import annotations

import re
from pathlib import Path

STYLES = Path(__file__).parents[2] / "static" / "app.css"
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


def test_no_part_of_the_site_takes_a_name_that_another_has() -> None:
    """A selector gives a property one value, so that no page loses its looks to another's rule."""
    assert find_contradictions(".step { text-align: left } .step { text-align: center }")
    assert not find_contradictions(".a { top: 0 } @media print { .a { top: 1px } }")
    assert find_contradictions(STYLES.read_text(encoding="utf-8")) == []
