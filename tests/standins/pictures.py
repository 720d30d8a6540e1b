"""Small real pictures of every kind that is taken."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "avif": "AVIF"}


def draw_picture(kind: str = "png", size: tuple[int, int] = (8, 6), colour: str = "teal") -> bytes:
    """Return a picture of one colour, in the kind that keys end with."""
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, FORMATS.get(kind, kind))
    return file.getvalue()
