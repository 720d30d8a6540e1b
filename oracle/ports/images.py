"""Where the pictures of the website are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from oracle.domain.images import Image, ImageKey


class ImageStore(Protocol):
    """Pictures by their keys."""

    async def find_image(self, key: ImageKey) -> Image | None:
        """Return the picture, or None if there is none of that key."""
        ...
