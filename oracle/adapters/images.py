"""Pictures in a folder of this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from oracle.domain.images import Image

if TYPE_CHECKING:
    from oracle.domain.images import ImageKey


class FolderImages:
    """The files below one folder; whatever lies outside of it, links included, is not there."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    async def find_image(self, key: ImageKey) -> Image | None:
        """Return the picture, or None if there is none of that key."""
        content = await asyncio.to_thread(self._read, key.text)
        return None if content is None else Image(key, content)

    def _read(self, name: str) -> bytes | None:
        folder = self._folder.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            return None
        return path.read_bytes()
