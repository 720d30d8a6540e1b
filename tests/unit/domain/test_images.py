"""Keys of pictures."""

from __future__ import annotations

import pytest

from oracle.domain.images import Image, find_image_key


@pytest.mark.parametrize(
    ("text", "fingerprint", "media_type"),
    [
        ("hero.png", None, "image/png"),
        ("hero.3f2a9c1b7d4e.webp", "3f2a9c1b7d4e", "image/webp"),
        ("companies/brk-b.000000000000.jpg", "000000000000", "image/jpeg"),
    ],
)
def test_a_key_says_what_it_names(text: str, fingerprint: str | None, media_type: str) -> None:
    """Type and hash are read from the key."""
    key = find_image_key(text)
    assert key is not None
    assert (key.text, key.fingerprint, key.media_type) == (text, fingerprint, media_type)


@pytest.mark.parametrize(
    "text",
    [
        *("", "hero", "hero.html", "Hero.png", ".png", "/hero.png", "a//b.png"),
        *("../hero.png", "a/../hero.png", ".hidden/hero.png", "hero.png\n", "hero.short.png"),
        *("a\\b.png", "a/b/c/d/e.png", "hero.3f2a9c1b7d4e.png.exe", f"{'a' * 65}.png"),
    ],
)
def test_what_could_leave_the_store_or_run_is_no_key(text: str) -> None:
    """No path that climbs, no hidden file, nothing that a browser would run."""
    assert find_image_key(text) is None


def test_only_the_right_hash_makes_a_picture_immutable() -> None:
    """A key whose hash is of other content may be kept for no time at all."""
    key = find_image_key("hero.3f2a9c1b7d4e.png")
    assert key is not None
    assert not Image(key, b"other").is_immutable
