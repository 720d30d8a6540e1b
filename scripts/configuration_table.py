"""Print the README's table of settings; with `--write`, put it into the README."""

from __future__ import annotations

import re
import sys
from datetime import time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from oracle.settings import PREFIX, Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

README = Path(__file__).parent.parent / "README.md"
TABLE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- end of settings -->)", re.DOTALL)


def render_table() -> str:
    """Return the Markdown table: variable, default and meaning of every setting."""
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    rows += [
        f"| `{PREFIX}{name.upper()}` | {_default(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(rows) + "\n"


def documented_table(readme: str) -> str:
    """Return the table as it stands in the README. Raises LookupError where there is none."""
    found = TABLE.search(readme)
    if found is None:
        raise LookupError("The README has no <!-- settings --> ... <!-- end of settings -->.")
    return found.group()


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        value = value.get_secret_value().replace("+aiosqlite", "")
    if isinstance(value, StrEnum):
        value = value.value
    if isinstance(value, tuple):
        value = ", ".join(value)
    if isinstance(value, time):
        value = f"{value:%H:%M}"
    if isinstance(value, timedelta):
        value = f"{value / timedelta(hours=1):g}h"
    return "none" if value in (None, "") else f"`{value}`"


def main() -> None:
    """Print the table, or write it into the README."""
    if sys.argv[1:] == ["--write"]:
        readme = README.read_text(encoding="utf-8")
        table = render_table()
        README.write_text(TABLE.sub(lambda _: table, readme), encoding="utf-8")
    else:
        print(render_table(), end="")


if __name__ == "__main__":
    main()
