"""Static files: read into memory at start, made small, addressed by their content."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from rcssmin import cssmin
from rjsmin import jsmin

from oracle.observability.logs import get_logger

if TYPE_CHECKING:
    from pathlib import Path

VENDOR = "vendor/"
HTMX = "vendor/htmx.min.js"
FINGERPRINT_LENGTH = 12
_WORTH_COMPRESSING = 512
_TEXT_TYPES = ("text/", "application/json", "application/manifest+json", "image/svg+xml")
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, its type, the hash of its content, and its bytes compressed."""

    name: str
    content: bytes = field(repr=False)
    media_type: str
    fingerprint: str
    compressed: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assets:
    """The files below one folder, as they are now.

    With `watch` a file that changed on the disk is read again, which is what development wants.
    """

    folder: Path
    files: dict[str, Asset] = field(repr=False)
    watch: bool = False

    def find(self, name: str) -> Asset | None:
        """Return the file of that name, or None."""
        if self.watch and name in self.files:
            self.files[name] = _read(self.folder, self.folder / name)
        return self.files.get(name)

    def url(self, name: str) -> str:
        """Return the address of a file that must be there, its fingerprint included.

        Raises KeyError for a name that no file has: a template with a typing error fails its test.
        """
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return f"/static/{found.name}?v={found.fingerprint}"

    def has(self, name: str) -> bool:
        """Return whether there is a file of that name."""
        return name in self.files


def read_assets(folder: Path, *, watch: bool = False) -> Assets:
    """Return all files below the folder; a missing script library is logged, not an error."""
    files = {
        asset.name: asset
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for asset in (_read(folder, path),)
    }
    if HTMX not in files:
        _log.warning(
            "browser_assets_missing",
            missing=HTMX,
            remedy="install npm, then run `make install`; until then pages work without JavaScript",
        )
    return Assets(folder, files, watch)


def _read(folder: Path, path: Path) -> Asset:
    name = path.relative_to(folder).as_posix()
    content = path.read_bytes()
    if not name.startswith(VENDOR):
        content = _without_comments(path.suffix, content)
    media_type = _media_type(path)
    compress = media_type.startswith(_TEXT_TYPES) and len(content) > _WORTH_COMPRESSING
    return Asset(
        name=name,
        content=content,
        media_type=media_type,
        fingerprint=sha256(content).hexdigest()[:FINGERPRINT_LENGTH],
        compressed=gzip.compress(content, 9, mtime=0) if compress else None,
    )


def _without_comments(suffix: str, content: bytes) -> bytes:
    """Return our own styles and scripts without comments and spaces; other files as they are."""
    if suffix == ".css":
        return bytes(cssmin(content))
    return bytes(jsmin(content)) if suffix == ".js" else content


def _media_type(path: Path) -> str:
    # The tables of the operating system differ; scripts must have one type everywhere.
    if path.suffix in {".js", ".mjs"}:
        return "text/javascript; charset=utf-8"
    if path.suffix == ".webmanifest":
        return "application/manifest+json"
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed
