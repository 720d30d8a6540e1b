"""Print what CHANGELOG.md says of pyproject.toml's version, for the notes of its release.

python scripts/changes_of_version.py 1.2.0
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
CHANGELOG = ROOT / "CHANGELOG.md"
PROJECT = ROOT / "pyproject.toml"


def require_version(version: str, project: str) -> None:
    """Raise ValueError if the project, as its TOML says, has another version."""
    own = tomllib.loads(project)["project"]["version"]
    if own != version:
        raise ValueError(f"pyproject.toml has the version {own}, not {version}.")


def changes_of(version: str, changelog: str) -> str:
    """Return the text below the version's heading; raise ValueError if there is none."""
    heading = re.compile(rf"^## \[{re.escape(version)}\].*$", re.MULTILINE)
    found = heading.search(changelog)
    if found is None:
        known = ", ".join(re.findall(r"^## \[(\d[^]]*)\]", changelog, re.MULTILINE)) or "no version"
        raise ValueError(f"CHANGELOG.md has no heading [{version}]; it has {known}.")
    text = re.split(
        r"^(?:## |\[[^]]+\]: )", changelog[found.end() :], maxsplit=1, flags=re.MULTILINE
    )
    changes = text[0].strip()
    if not changes:
        raise ValueError(f"CHANGELOG.md says nothing below [{version}].")
    return changes


def main() -> None:
    """Print the changes of the version that was named, or say why it cannot be released."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the script's name and the version
        sys.exit("usage: python scripts/changes_of_version.py VERSION")
    try:
        require_version(sys.argv[1], PROJECT.read_text())
        print(changes_of(sys.argv[1], CHANGELOG.read_text()))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
