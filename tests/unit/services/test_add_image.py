"""Adding pictures: whose name they get, and which are not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.adapters.images.folder import FolderImages
from oracle.adapters.images.inspection import PillowInspector
from oracle.domain.errors import ImageTooLarge, InvalidImage
from oracle.domain.images import fingerprint_of, require_image_key
from oracle.services.add_image import ImageDependencies, add_image, add_own_image, list_images
from oracle.settings import load_settings
from tests.standins.pictures import draw_picture

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = draw_picture("png")
HASH = fingerprint_of(PICTURE)


@pytest.fixture
def deps(tmp_path: Path) -> ImageDependencies:
    """Return what adding needs, with an empty folder for a store."""
    settings = load_settings(image_max_bytes=1000)
    return ImageDependencies(settings, FolderImages(tmp_path), PillowInspector())


async def test_the_bytes_decide_the_kind(deps: ImageDependencies) -> None:
    """A PNG that calls itself a JPEG is kept as what it is."""
    added = await add_image(deps, PICTURE, file_name="Holiday.jpg")
    assert added.key.text == f"uploads/holiday.{HASH}.png"
    assert added.is_new
    again = await add_image(deps, PICTURE, file_name="Holiday.jpg")
    assert (again.key, again.is_new) == (added.key, False)


async def test_a_name_makes_it_a_picture_of_the_site(deps: ImageDependencies) -> None:
    """Under a company's name it is what the company's page shows, from now on."""
    await add_image(deps, PICTURE, file_name="x.png", name="companies/AAPL")
    newest = await deps.images.find_newest([require_image_key("companies/aapl.png")])
    assert newest is not None
    assert newest.key.text == f"companies/aapl.{HASH}.png"


async def test_what_pages_knew_is_forgotten(deps: ImageDependencies) -> None:
    """The instance that took the picture shows it at once."""
    deps.pictures.keep(("hero.png",), None, 300.0)
    await add_image(deps, PICTURE, file_name="x.png", name="hero")
    assert deps.pictures.find(("hero.png",)) is None


async def test_what_is_not_taken_leaves_nothing(deps: ImageDependencies) -> None:
    """Empty, too large, no picture, no name: each is refused before anything is stored."""
    for content, name, error in (
        (b"", "", InvalidImage),
        (b"x" * 1001, "", ImageTooLarge),
        (b"<svg/>", "", InvalidImage),
        (b"nothing", "", InvalidImage),
        (PICTURE, "../hero", InvalidImage),
    ):
        with pytest.raises(error):
            await add_image(deps, content, file_name="x.png", name=name)
    assert (await list_images(deps)).images == ()


async def test_the_sites_own_drawings_are_taken(deps: ImageDependencies) -> None:
    """They come with the repository; a picture must all the same be what its name says."""
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    added = await add_own_image(deps, require_image_key("hero.svg"), drawing)
    assert added.key.text == f"hero.{fingerprint_of(drawing)}.svg"
    with pytest.raises(InvalidImage, match="image/png"):
        await add_own_image(deps, require_image_key("hero.webp"), PICTURE)
