"""Packs the functions of infra/lambda as Lambda wants them: a zip file each, below dist/.

The same source gives the same bytes on every machine, so that Terraform sees a change only where
there is one: names in order, one fixed time and mode, nothing compressed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "infra" / "lambda"
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip file can hold."""


def package(source: Path, target: Path) -> None:
    """Write the zip file of one module. Raises FileNotFoundError if the module is not there."""
    text = source.read_bytes()
    entry = ZipInfo(source.name, date_time=EARLIEST)
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    entry.compress_type = ZIP_STORED
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w") as file:
        file.writestr(entry, text)


def main() -> None:
    """Pack every function; `--folder` puts the zip files elsewhere than into dist/."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "dist")
    folder = parser.parse_args().folder
    for source in sorted(SOURCE.glob("*.py")):
        target = folder / f"{source.stem}.zip"
        package(source, target)
        print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
