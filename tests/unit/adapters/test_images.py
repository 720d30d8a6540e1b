"""Pictures in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.adapters.images import FolderImages
from tests.contract.image_store import KEY, PICTURE, ImageStoreContract, key_of

if TYPE_CHECKING:
    from pathlib import Path


class TestFolderImages(ImageStoreContract):
    """A folder keeps what every store of pictures promises."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> FolderImages:
        """A folder with one picture."""
        path = tmp_path / "pictures" / KEY
        path.parent.mkdir(parents=True)
        path.write_bytes(PICTURE)
        return FolderImages(tmp_path / "pictures")


async def test_links_out_of_the_folder_lead_nowhere(tmp_path: Path) -> None:
    """A file elsewhere is not served, even if a link in the folder points to it."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(PICTURE)
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "link.png").symlink_to(secret)
    assert await FolderImages(folder).find_image(key_of("link.png")) is None


async def test_a_folder_that_is_missing_is_empty(tmp_path: Path) -> None:
    """Nobody has to make the folder before there is a picture."""
    assert await FolderImages(tmp_path / "none").find_image(key_of("hero.webp")) is None
