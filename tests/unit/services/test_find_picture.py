"""Pictures of pages: their lasting names, and pages without any."""

from __future__ import annotations

from hashlib import sha256
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from oracle.adapters.images.folder import FolderImages
from oracle.domain.errors import ImagesUnavailable
from oracle.domain.images import FINGERPRINT_LENGTH, find_image_key
from oracle.services.find_picture import PictureNames, find_picture, read_content, read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from oracle.domain.images import Image, ImageKey
    from oracle.services.dependencies import Dependencies

CONTENT = b"<svg/>"
HASH = sha256(CONTENT).hexdigest()[:FINGERPRINT_LENGTH]


class BrokenImages:
    """A store that fails."""

    def __init__(self) -> None:
        self.asked = 0

    async def find_newest(self, names: Sequence[ImageKey]) -> Image | None:
        """Fail."""
        self.asked += 1
        raise ImagesUnavailable(f"Not now: {names}")


def with_store(store: object) -> Dependencies:
    """Return dependencies with that store of pictures."""
    return cast("Dependencies", SimpleNamespace(images=store, pictures=PictureNames()))


@pytest.fixture
def deps(tmp_path: Path) -> Dependencies:
    """Return dependencies whose store holds one company's picture."""
    (tmp_path / "companies").mkdir()
    (tmp_path / "companies" / "aapl.svg").write_bytes(CONTENT)
    return with_store(FolderImages(tmp_path))


async def test_a_page_names_a_picture_by_its_content(deps: Dependencies) -> None:
    """The first name that has a picture gets its hash, and that key gives the picture for good."""
    key = await find_picture(deps, ["companies/no.svg", "companies/aapl.svg"])
    assert key == f"companies/aapl.{HASH}.svg"
    parsed = find_image_key(key)
    assert parsed is not None
    image = await read_picture(deps, parsed)
    assert image is not None
    assert image.fingerprint == parsed.fingerprint
    pieces = [piece async for piece in read_content(deps, image, 1, image.size)]
    assert b"".join(pieces) == CONTENT[1:]


@pytest.mark.parametrize("name", ["companies/no.svg", "no picture", "../secret.svg"])
async def test_no_picture_is_no_error(deps: Dependencies, name: str) -> None:
    """What is not there, or could never be, is None."""
    assert await find_picture(deps, [name]) is None


async def test_another_content_is_not_given_for_it(deps: Dependencies) -> None:
    """A key with the hash of an older picture gives nothing rather than the wrong picture."""
    key = find_image_key(f"companies/aapl.{'0' * FINGERPRINT_LENGTH}.svg")
    assert key is not None
    assert await read_picture(deps, key) is None


async def test_a_failing_store_is_asked_once_and_has_no_pictures() -> None:
    """A page is built without its picture, and the next ones do not wait for the store again."""
    store = BrokenImages()
    deps = with_store(store)
    assert await find_picture(deps, ["hero.svg"]) is None
    assert await find_picture(deps, ["hero.svg"]) is None
    assert store.asked == 1
