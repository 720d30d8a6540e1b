"""What a picture is, whatever its name claims."""

from __future__ import annotations

import struct
import zlib

import pytest

from oracle.adapters.images.inspection import LONGEST_SIDE, PillowInspector
from oracle.domain.errors import InvalidImage
from oracle.domain.images import ImageShape
from tests.standins.pictures import draw_picture


def claim_size(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that claims to be so large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("png", "image/png"), ("jpg", "image/jpeg"), ("webp", "image/webp"), ("avif", "image/avif")],
)
async def test_the_four_kinds_are_recognised(kind: str, media_type: str) -> None:
    """Type and size come from the bytes alone."""
    shape = await PillowInspector().inspect_image(draw_picture(kind, (20, 30)))
    assert shape == ImageShape(media_type, 20, 30)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no picture"),
        (b"GIF89a", "no picture"),
        (draw_picture("GIF"), "no picture"),
        (draw_picture("BMP"), "no picture"),
        (draw_picture("TIFF"), "no picture"),
        (b"<html><script>alert(1)</script></html>", "no picture"),
        (draw_picture("png")[:20], "no picture"),
        (b"\xff\xd8\xff\xe0", "no picture"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "no picture"),
        (b"\x00\x00\x00\x20ftypavif" + b"\x00" * 40, "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?>\n<SVG onload='alert(1)'/>", "SVG"),
        (claim_size(LONGEST_SIDE + 1, 1), "too many pixels"),
        (claim_size(9_000, 9_000), "too many pixels"),
        (claim_size(100_000, 100_000), "too many pixels"),
    ],
)
async def test_anything_else_is_refused(content: bytes, why: str) -> None:
    """Other formats, broken files, drawings and bombs end in a sentence."""
    with pytest.raises(InvalidImage, match=why):
        await PillowInspector().inspect_image(content)
