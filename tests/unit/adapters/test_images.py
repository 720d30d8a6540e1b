"""Pictures in a folder, and what is behind a store that has none."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.images.folder import FolderImages
from oracle.adapters.images.packaged import PATIENCE, PackagedImages
from oracle.domain.errors import ImagesUnavailable
from oracle.domain.images import choose_newest, require_image_key
from tests.contract.image_store import (
    LARGE,
    PICTURE,
    ImageStoreContract,
    added_key,
    content_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from oracle.domain.images import Image, ImageKey
    from tests.contract.image_store import Put

HERO = require_image_key("hero.svg")


class TestFolderImages(ImageStoreContract):
    """A folder keeps what every store of pictures promises."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> FolderImages:
        """A folder that nobody has made yet."""
        return FolderImages(tmp_path / "pictures")

    @pytest.fixture
    def put(self, tmp_path: Path) -> Put:
        """What writes a file."""

        async def write(name: str, content: bytes) -> None:
            path = tmp_path / "pictures" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

        return write


async def test_links_out_of_the_folder_lead_nowhere(tmp_path: Path) -> None:
    """A file elsewhere is not served, even if a link in the folder points to it."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(PICTURE)
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "link.png").symlink_to(secret)
    store = FolderImages(folder)
    assert await store.find_image(require_image_key("link.png")) is None
    assert (await store.list_images(10)).images == ()


async def test_a_changed_file_has_another_hash(tmp_path: Path) -> None:
    """The hash of a plain name is that of what is there now."""
    store = FolderImages(tmp_path)
    (tmp_path / "hero.svg").write_bytes(PICTURE)
    before = await store.find_image(HERO)
    (tmp_path / "hero.svg").write_bytes(LARGE)
    after = await store.find_image(HERO)
    assert before is not None
    assert after is not None
    assert before.fingerprint != after.fingerprint


async def test_a_folder_that_cannot_be_written_to_says_so(tmp_path: Path) -> None:
    """Nothing is half written, and the sentence tells what the machine said."""
    (tmp_path / "taken").write_bytes(b"a file where the folder should be")
    store = FolderImages(tmp_path / "taken")
    with pytest.raises(ImagesUnavailable, match="The folder of pictures cannot be used: "):
        await store.add_image(added_key("hero"), PICTURE)


def test_no_half_written_file_is_left_or_listed(tmp_path: Path) -> None:
    """A picture appears whole under its name, with nothing beside it."""
    asyncio.run(FolderImages(tmp_path).add_image(added_key("hero"), PICTURE))
    assert [path.name for path in tmp_path.iterdir()] == [added_key("hero").text]


async def test_a_picture_that_was_cut_off_meanwhile_is_no_shorter_one(tmp_path: Path) -> None:
    """What was announced and is not there any more is an error and no end."""
    store = FolderImages(tmp_path)
    (tmp_path / "hero.svg").write_bytes(LARGE)
    image = await store.find_image(HERO)
    assert image is not None
    (tmp_path / "hero.svg").write_bytes(PICTURE)
    with pytest.raises(ImagesUnavailable, match="shorter"):
        await content_of(store, image)


async def test_the_newest_that_was_added_is_shown(tmp_path: Path) -> None:
    """Of two uploads for one name the later counts, of whatever kind they are."""
    store = FolderImages(tmp_path)
    old, new = added_key("hero", PICTURE), added_key("hero", LARGE, "webp")
    for key, content, seconds in ((new, LARGE, 2000), (old, PICTURE, 1000)):
        await store.add_image(key, content)
        os.utime(tmp_path / key.text, (seconds, seconds))
    names = [require_image_key("hero.png"), require_image_key("hero.webp")]
    newest = await store.find_newest(names)
    assert newest is not None
    assert newest.key == new
    listed = (await store.list_images(10)).images
    assert choose_newest(listed, ["hero.png"]) == choose_newest(reversed(listed), ["hero.png"])


class Failing:
    """A store that does not answer in time, or says that it cannot."""

    def __init__(self, *, hangs: bool) -> None:
        self._hangs = hangs

    async def find_image(self, key: ImageKey) -> Image | None:
        """Fail."""
        return await self._fail(key)

    async def find_newest(self, names: Sequence[ImageKey]) -> Image | None:
        """Fail."""
        return await self._fail(names)

    async def _fail(self, what: object) -> Image | None:
        if self._hangs:
            await asyncio.sleep(PATIENCE * 100)
        raise ImagesUnavailable(f"Not now: {what}")


@pytest.fixture
async def packaged(tmp_path: Path) -> FolderImages:
    """The pictures that come with the application."""
    (tmp_path / "packaged").mkdir()
    (tmp_path / "packaged" / "hero.svg").write_bytes(PICTURE)
    return FolderImages(tmp_path / "packaged")


async def test_a_new_deployment_has_its_own_pictures(
    tmp_path: Path, packaged: FolderImages
) -> None:
    """What the store does not have is shown from what came along; what it has, from there."""
    bucket = FolderImages(tmp_path / "bucket")
    store = PackagedImages(bucket, packaged)
    found = await store.find_newest([HERO])
    assert found is not None
    assert found.is_packaged
    assert await content_of(store, found) == PICTURE
    await store.add_image(added_key("hero", LARGE, "svg"), LARGE)
    found = await store.find_newest([HERO])
    assert found is not None
    assert not found.is_packaged
    assert await content_of(store, found) == LARGE
    listed = (await store.list_images(10)).images
    assert [image.key.text for image in listed] == [added_key("hero", LARGE, "svg").text]


async def test_a_store_that_fails_takes_no_own_picture_away(
    monkeypatch: pytest.MonkeyPatch, packaged: FolderImages
) -> None:
    """The site's own are shown; of others it cannot be said that they are not there."""
    monkeypatch.setattr("oracle.adapters.images.packaged.PATIENCE", 0.01)
    for hangs in (False, True):
        store = PackagedImages(Failing(hangs=hangs), packaged)  # type: ignore[arg-type]
        found = await store.find_newest([HERO])
        assert found is not None
        assert found.is_packaged
        with pytest.raises(ImagesUnavailable):
            await store.find_newest([require_image_key("companies/ko.svg")])
    store = PackagedImages(Failing(hangs=False), packaged)  # type: ignore[arg-type]
    for key in (HERO, added_key("hero", PICTURE, "svg")):
        found = await store.find_image(key)
        assert found is not None
        assert await content_of(store, found) == PICTURE
    with pytest.raises(ImagesUnavailable):
        await store.find_image(added_key("hero", LARGE, "svg"))
    with pytest.raises(ImagesUnavailable):
        await store.find_image(require_image_key("companies/ko.svg"))
