"""The site's own pictures behind a store that may not have them yet."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from oracle.domain.errors import ImagesUnavailable
from oracle.domain.images import require_image_key
from oracle.observability.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from oracle.domain.images import Image, ImageKey, ImagePage
    from oracle.ports import ImageStore

PATIENCE = 1.0
"""Seconds that a page waits to learn of a picture's name before it shows the packaged one."""

_log = get_logger(__name__)


class PackagedImages:
    """A store, and for what it does not have or give the pictures that came with the application.

    A new deployment shows its pictures before anybody has uploaded them, and goes on showing them
    while the store does not answer.
    """

    def __init__(self, store: ImageStore, packaged: ImageStore) -> None:
        self._store = store
        self._packaged = packaged

    async def find_image(self, key: ImageKey) -> Image | None:
        """Return the store's picture, else the packaged one, else None."""
        return await self._find(
            lambda: self._store.find_image(key), lambda: self._find_packaged(key)
        )

    async def find_newest(self, names: Sequence[ImageKey]) -> Image | None:
        """Return the store's picture for these names, else the packaged one, else None."""

        async def stored() -> Image | None:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await self._store.find_newest(names)
            except TimeoutError:
                raise ImagesUnavailable("The store of pictures did not answer soon.") from None

        return await self._find(stored, lambda: self._packaged.find_newest(names))

    def read_image(
        self, image: Image, start: int = 0, stop: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield the content's bytes from where the picture was found."""
        store = self._packaged if image.is_packaged else self._store
        return store.read_image(image, start, stop)

    async def add_image(self, key: ImageKey, content: bytes) -> bool:
        """Store the content in the store; say whether it was not there before."""
        return await self._store.add_image(key, content)

    async def list_images(self, limit: int, after: str = "") -> ImagePage:
        """Return what the store has; packaged pictures are not listed."""
        return await self._store.list_images(limit, after)

    async def aclose(self) -> None:
        """Release the connections of both."""
        await self._store.aclose()
        await self._packaged.aclose()

    async def _find_packaged(self, key: ImageKey) -> Image | None:
        """Return the packaged picture of that key, or the one with a plain key and that content."""
        found = await self._packaged.find_image(key)
        if found is not None or key.fingerprint is None:
            return found
        found = await self._packaged.find_image(require_image_key(key.plain))
        return found if found is not None and found.fingerprint == key.fingerprint else None

    async def _find(
        self,
        stored: Callable[[], Awaitable[Image | None]],
        packaged: Callable[[], Awaitable[Image | None]],
    ) -> Image | None:
        failure = None
        try:
            found = await stored()
        except ImagesUnavailable as error:
            found, failure = None, error
        if found is not None:
            return found
        found = await packaged()
        if found is None and failure is not None:
            raise failure
        if failure is not None:
            _log.warning("images_unavailable", why=str(failure))
        return None if found is None else replace(found, is_packaged=True)
