"""Use case: the pictures of pages, by names that may be kept for good."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.domain.images import Image, find_image_key
from oracle.observability.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.images import ImageKey
    from oracle.services.dependencies import Dependencies

KNOWN_SECONDS = 300.0
"""How long a picture's name is believed before the store is asked again."""

KNOWN_NAMES = 2000

_log = get_logger(__name__)


@dataclass(slots=True)
class PictureNames:
    """What names the store had pictures for, with the hash of each, until the loop's time."""

    _known: OrderedDict[str, tuple[str | None, float]] = field(default_factory=OrderedDict)

    def find(self, name: str) -> tuple[str | None, float] | None:
        """Return what is known of the name and until when, if it still counts."""
        known = self._known.get(name)
        if known is None or known[1] <= asyncio.get_running_loop().time():
            return None
        return known

    def keep(self, name: str, key: str | None) -> None:
        """Remember the key of the name's picture, or that there is none."""
        until = asyncio.get_running_loop().time() + KNOWN_SECONDS
        self._known[name] = (key, until)
        self._known.move_to_end(name)
        if len(self._known) > KNOWN_NAMES:
            self._known.popitem(last=False)


async def find_picture(deps: Dependencies, names: Sequence[str]) -> str | None:
    """Return the key, with its hash, of the first of those names that has a picture, or None.

    A store that fails has none: no page depends on its pictures.
    """
    for name in names:
        known = deps.pictures.find(name)
        if known is None:
            deps.pictures.keep(name, await _look_up(deps, name))
            known = deps.pictures.find(name)
        if known is not None and known[0] is not None:
            return known[0]
    return None


async def read_picture(deps: Dependencies, key: ImageKey) -> Image | None:
    """Return the picture of that key, or None.

    A key with a hash means the picture with that content, however the store names it.
    """
    image = await deps.images.find_image(key)
    if image is not None or key.fingerprint is None:
        return image
    plain = find_image_key(key.plain)
    image = None if plain is None else await deps.images.find_image(plain)
    if image is None or image.fingerprint != key.fingerprint:
        return None
    return Image(key, image.content)


async def _look_up(deps: Dependencies, name: str) -> str | None:
    key = find_image_key(name)
    if key is None:
        return None
    try:
        image = await deps.images.find_image(key)
    except OSError as error:
        _log.warning("picture_unknown", name=name, why=str(error))
        return None
    return None if image is None else key.with_fingerprint(image.fingerprint)
