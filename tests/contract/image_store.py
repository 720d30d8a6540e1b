"""What every store of pictures promises; run against each adapter of the `ImageStore` port.

An adapter's test module subclasses `ImageStoreContract` under a name that begins with `Test` and
defines the fixtures `store`, an empty one, and `put`, which puts bytes under any key as somebody
else would who knows nothing of the application.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.domain.images import Image, fingerprint_of, require_image_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from oracle.domain.images import ImageKey
    from oracle.ports import ImageStore

    Put = Callable[[str, bytes], Awaitable[None]]

PICTURE = b"\x89PNG\r\n\x1a\n\x00made up"
KEY = f"companies/example.{fingerprint_of(PICTURE)}.png"
LARGE = bytes(range(256)) * 1000


def added_key(name: str, content: bytes = PICTURE, kind: str = "png") -> ImageKey:
    """Return the key under which that content is added."""
    return require_image_key(f"{name}.{fingerprint_of(content)}.{kind}")


async def content_of(
    store: ImageStore, image: Image, start: int = 0, stop: int | None = None
) -> bytes:
    """Return the picture's bytes in one piece."""
    return b"".join([piece async for piece in store.read_image(image, start, stop)])


class ImageStoreContract:
    """The promises of the port; the fixture `store` names who makes them."""

    @pytest.fixture
    def store(self) -> ImageStore:
        """The store under test."""
        raise NotImplementedError("A contract's subclass defines the fixture `store`.")

    @pytest.fixture
    def put(self) -> Put:
        """What puts bytes under a key."""
        raise NotImplementedError("A contract's subclass defines the fixture `put`.")

    async def test_a_picture_comes_back_as_it_was_added(self, store: ImageStore) -> None:
        """Every byte is there, and what is said of it is true."""
        key = require_image_key(KEY)
        assert await store.add_image(key, PICTURE)
        image = await store.find_image(key)
        assert image is not None
        assert (image.key, image.size) == (key, len(PICTURE))
        assert image.fingerprint == key.fingerprint
        assert image.modified.tzinfo is not None
        assert await content_of(store, image) == PICTURE

    async def test_what_is_not_there_is_none(self, store: ImageStore) -> None:
        """An unknown key is no error, and a key with another hash is unknown."""
        await store.add_image(added_key("companies/example"), PICTURE)
        for text in ("nothing.png", "companies/example.png", f"companies/no.{'0' * 12}.webp"):
            assert await store.find_image(require_image_key(text)) is None

    async def test_adding_twice_changes_nothing(self, store: ImageStore) -> None:
        """The second time is told, and the picture stays."""
        key = added_key("hero")
        assert await store.add_image(key, PICTURE)
        assert not await store.add_image(key, PICTURE)
        page = await store.list_images(10)
        assert [image.key for image in page.images] == [key]

    async def test_a_plain_picture_is_known_by_its_content(
        self, store: ImageStore, put: Put
    ) -> None:
        """Whoever put it there said no hash: it is found out from the content."""
        await put("hero.svg", LARGE)
        image = await store.find_image(require_image_key("hero.svg"))
        assert image is not None
        assert image.fingerprint == fingerprint_of(LARGE)
        assert image.size == len(LARGE)

    async def test_a_part_can_be_read(self, store: ImageStore) -> None:
        """Parts are those bytes and no others, at the beginning, in the middle and at the end."""
        key = added_key("large", LARGE)
        await store.add_image(key, LARGE)
        image = await store.find_image(key)
        assert image is not None
        for start, stop in ((0, 1), (70_000, 200_001), (len(LARGE) - 3, None), (5, 5)):
            assert await content_of(store, image, start, stop) == LARGE[start:stop]

    async def test_a_large_picture_comes_in_pieces(self, store: ImageStore) -> None:
        """However large a picture is, only a small piece of it is in memory at a time."""
        key = added_key("large", LARGE)
        await store.add_image(key, LARGE)
        image = await store.find_image(key)
        assert image is not None
        pieces = [len(piece) async for piece in store.read_image(image)]
        assert sum(pieces) == len(LARGE)
        assert max(pieces) <= 64 * 1024

    async def test_reading_can_be_broken_off(self, store: ImageStore) -> None:
        """Who has seen enough stops, and the store goes on working."""
        key = added_key("large", LARGE)
        await store.add_image(key, LARGE)
        image = await store.find_image(key)
        assert image is not None
        pieces = store.read_image(image)
        await anext(pieces)
        await pieces.aclose()
        assert await content_of(store, image) == LARGE

    async def test_lists_come_in_pages(self, store: ImageStore, put: Put) -> None:
        """Every picture stands on one page, in the order of the keys; what is none, on no page."""
        texts = [f"uploads/p{number}.png" for number in range(5)]
        for text in (*texts, "notes.txt", "Not A Key.png"):
            await put(text, PICTURE)
        found: list[str] = []
        after: str | None = ""
        while after is not None:
            page = await store.list_images(2, after)
            assert len(page.images) <= 2
            assert all(image.size == len(PICTURE) for image in page.images)
            found += [image.key.text for image in page.images]
            after = page.next_after
        assert found == texts

    async def test_an_empty_store_has_an_empty_list(self, store: ImageStore) -> None:
        """Nothing is no error."""
        page = await store.list_images(10)
        assert (page.images, page.next_after) == ((), None)
        assert await store.find_newest([require_image_key("hero.svg")]) is None

    async def test_the_first_plain_name_is_shown(self, store: ImageStore, put: Put) -> None:
        """Of pictures without a hash the order of the names decides; others' names do not count."""
        await put("companies/ko.png", PICTURE)
        await put("companies/ko.webp", b"webp")
        await put("companies/ko-b.svg", b"another company's")
        names = [require_image_key(f"companies/ko.{kind}") for kind in ("svg", "webp", "png")]
        newest = await store.find_newest(names)
        assert newest is not None
        assert newest.key.text == "companies/ko.webp"
        assert newest.fingerprint == fingerprint_of(b"webp")

    async def test_what_was_added_goes_before_plain_names(
        self, store: ImageStore, put: Put
    ) -> None:
        """A picture that was uploaded for a name is shown, whatever its kind."""
        await put("hero.svg", b"<svg/>")
        added = added_key("hero")
        await store.add_image(added, PICTURE)
        newest = await store.find_newest(
            [require_image_key("hero.svg"), require_image_key("hero.png")]
        )
        assert newest is not None
        assert newest.key == added
