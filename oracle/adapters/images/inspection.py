"""What a picture is, found out from its bytes."""

from __future__ import annotations

import asyncio
import io
import warnings
from typing import Final

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from oracle.domain.errors import InvalidImage
from oracle.domain.images import ImageShape

_KINDS: Final = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
}
LONGEST_SIDE: Final = 10_000
MOST_PIXELS: Final = 40_000_000
"""What a phone can still show; a file of a few bytes may claim to be far larger."""


class PillowInspector:
    """Reads headers by Pillow, with its other hundred formats left out."""

    async def inspect_image(self, content: bytes) -> ImageShape:
        """Return what picture these bytes are. Raises InvalidImage for what is not taken."""
        return await asyncio.to_thread(_inspect, content)


def _inspect(content: bytes) -> ImageShape:
    if b"<svg" in content[:1024].lower():
        raise InvalidImage("Drawings (SVG) are not taken, since they can hold programs.")
    try:
        with warnings.catch_warnings():
            # The limits below speak of the size; Pillow would warn of it as well.
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(content), formats=tuple(_KINDS)) as picture:
                media_type = _KINDS[picture.format or ""]
                width, height = picture.size
    except Pillow.DecompressionBombError:
        raise InvalidImage(_too_wide("It")) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError):
        raise InvalidImage("That is no picture that can be read.") from None
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise InvalidImage(_too_wide(f"With {width} by {height} pixels it"))
    return ImageShape(media_type, width, height)


def _too_wide(what: str) -> str:
    return (
        f"{what} has too many pixels: at most {LONGEST_SIDE:,} a side and {MOST_PIXELS:,} in all."
    )
