"""What every store of pictures promises; run against each adapter of the `ImageStore` port.

An adapter's test module subclasses `ImageStoreContract` under a name that begins with `Test` and
defines the fixture `store`: a store that holds PICTURE under KEY, and nothing else.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from oracle.domain.images import FINGERPRINT_LENGTH, ImageKey, find_image_key

if TYPE_CHECKING:
    from oracle.ports import ImageStore

PICTURE = b"\x89PNG\r\n\x1a\n\x00made up"
KEY = f"companies/example.{sha256(PICTURE).hexdigest()[:FINGERPRINT_LENGTH]}.png"


def key_of(text: str) -> ImageKey:
    """Return the key that is written so; it must be one."""
    key = find_image_key(text)
    assert key is not None
    return key


class ImageStoreContract:
    """The promises of the port; the fixture `store` names who makes them."""

    @pytest.fixture
    def store(self) -> ImageStore:
        """The store under test."""
        raise NotImplementedError("A contract's subclass defines the fixture `store`.")

    async def test_a_picture_comes_back_as_it_was_stored(self, store: ImageStore) -> None:
        """Every byte is there, and the key is the one that was asked for."""
        image = await store.find_image(key_of(KEY))
        assert image is not None
        assert image.content == PICTURE
        assert image.key.text == KEY
        assert image.is_immutable

    @pytest.mark.parametrize("text", ["nothing.png", "companies/example.png", "companies/no.webp"])
    async def test_what_is_not_there_is_none(self, store: ImageStore, text: str) -> None:
        """An unknown key is no error."""
        assert await store.find_image(key_of(text)) is None
