"""Where the pictures of the website are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from oracle.domain.images import Image, ImageKey, ImagePage, ImageShape


class ImageStore(Protocol):
    """Pictures by their keys; every method raises ImagesUnavailable when the store does not do it.

    Nothing is ever overwritten: what is added has the hash of its content in its key.
    """

    async def find_image(self, key: ImageKey) -> Image | None:
        """Return what is known of the picture of exactly that key, or None if there is none."""
        ...

    async def find_newest(self, names: Sequence[ImageKey]) -> Image | None:
        """Return the picture that is shown for these names, or None (see `choose_newest`)."""
        ...

    def read_image(
        self, image: Image, start: int = 0, stop: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield the content from byte `start` up to but without byte `stop`, in pieces."""
        ...

    async def add_image(self, key: ImageKey, content: bytes) -> bool:
        """Store the content under a key with its hash; say whether it was not there before."""
        ...

    async def list_images(self, limit: int, after: str = "") -> ImagePage:
        """Return up to so many pictures whose keys come after that text, in their order."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


class ImageInspector(Protocol):
    """Finds out what bytes are, whatever their name claims."""

    async def inspect_image(self, content: bytes) -> ImageShape:
        """Return what picture these bytes are. Raises InvalidImage for what is not taken."""
        ...
