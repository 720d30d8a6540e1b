"""Keys of pictures."""

from __future__ import annotations

import pytest

from oracle.domain.errors import InvalidImage
from oracle.domain.images import (
    find_image_key,
    fingerprint_of,
    key_of_content,
    name_after_file,
    read_picture_name,
)


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


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("Hero.PNG", "uploads/hero"),
        ("C:\\Users\\me\\My Picture (2).jpg", "uploads/my-picture-2"),
        ("../../etc/passwd.png", "uploads/passwd"),
        ("Zoë Straße.webp", "uploads/zoe-strae"),
        ("图片.png", "uploads/picture"),
        ("", "uploads/picture"),
        (f"{'a' * 300}.png", f"uploads/{'a' * 48}"),
    ],
)
def test_an_upload_is_named_after_its_file(file_name: str, name: str) -> None:
    """Whatever a file is called, its picture has a key, and lies where uploads do."""
    assert name_after_file(file_name) == name
    key = key_of_content(name, "image/png", b"content")
    assert key.plain == f"{name}.png"
    assert key.fingerprint == fingerprint_of(b"content")


@pytest.mark.parametrize(
    ("typed", "name"), [("hero", "hero"), (" Companies/AAPL ", "companies/aapl")]
)
def test_a_name_is_read_in_any_case(typed: str, name: str) -> None:
    """What people type becomes the one spelling of keys."""
    assert read_picture_name(typed) == name


@pytest.mark.parametrize("typed", ["../hero", "hero.png", "a b", "/hero", "a/b/c/d/e", "x" * 65])
def test_a_name_that_no_key_has_is_refused(typed: str) -> None:
    """The sentence says what a name may be."""
    with pytest.raises(InvalidImage) as caught:
        read_picture_name(typed)
    assert "companies/aapl" in caught.value.hint
