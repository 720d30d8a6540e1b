"""Use case: the pictures of pages, by names that may be kept for good."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.domain.errors import ImagesUnavailable
from oracle.domain.images import find_image_key
from oracle.observability.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from oracle.domain.images import Image, ImageKey
    from oracle.services.dependencies import Dependencies

KNOWN_SECONDS = 300.0
"""How long a picture's name is believed before the store is asked again."""

KNOWN_NAMES = 2000
SPARED_SECONDS = 15.0
"""How long a store that failed is not asked for the same name again."""

_log = get_logger(__name__)


@dataclass(slots=True)
class PictureNames:
    """For what names the store had which picture, until the loop's time."""

    _known: OrderedDict[tuple[str, ...], tuple[str | None, float]] = field(
        default_factory=OrderedDict
    )

    def find(self, names: tuple[str, ...]) -> tuple[str | None, float] | None:
        """Return what is known of the names and until when, if it still counts."""
        known = self._known.get(names)
        if known is None or known[1] <= asyncio.get_running_loop().time():
            return None
        return known

    def keep(self, names: tuple[str, ...], key: str | None, seconds: float) -> None:
        """Remember for so long the key of the names' picture, or that there is none."""
        until = asyncio.get_running_loop().time() + seconds
        self._known[names] = (key, until)
        self._known.move_to_end(names)
        if len(self._known) > KNOWN_NAMES:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Know nothing any more, so that what was added is found at once."""
        self._known.clear()


async def find_picture(deps: Dependencies, names: Sequence[str]) -> str | None:
    """Return the key, with its hash, of the picture that is shown for those names, or None.

    A store that fails has none: no page depends on its pictures.
    """
    wanted = tuple(names)
    known = deps.pictures.find(wanted)
    if known is not None:
        return known[0]
    keys = [key for name in wanted if (key := find_image_key(name)) is not None]
    try:
        image = await deps.images.find_newest(keys) if keys else None
    except ImagesUnavailable as error:
        _log.warning("picture_unknown", name=wanted[0], why=str(error))
        deps.pictures.keep(wanted, None, SPARED_SECONDS)
        return None
    found = None if image is None else image.key.with_fingerprint(image.fingerprint)
    deps.pictures.keep(wanted, found, KNOWN_SECONDS)
    return found


async def read_picture(deps: Dependencies, key: ImageKey) -> Image | None:
    """Return what is known of the picture of that key, or None. Raises ImagesUnavailable.

    A key with a hash means the picture with that content, however the store names it.
    """
    image = await deps.images.find_image(key)
    if key.fingerprint is None:
        return image
    if image is None:
        plain = find_image_key(key.plain)
        image = None if plain is None else await deps.images.find_image(plain)
    return image if image is not None and image.fingerprint == key.fingerprint else None


def read_content(
    deps: Dependencies, image: Image, start: int, stop: int
) -> AsyncGenerator[bytes, None]:
    """Yield the picture's bytes from `start` to `stop`. Raises ImagesUnavailable."""
    return deps.images.read_image(image, start, stop)
