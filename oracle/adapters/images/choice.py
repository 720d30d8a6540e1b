"""Which store of pictures the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.adapters.images.folder import FolderImages
from oracle.adapters.images.packaged import PackagedImages

if TYPE_CHECKING:
    from oracle.ports import ImageStore
    from oracle.settings import Settings


def choose_images(settings: Settings) -> ImageStore:
    """Return the bucket that is set, with the packaged pictures behind it, or the folder."""
    folder = FolderImages(settings.image_folder)
    if not settings.image_bucket:
        return folder
    # The client brings half a second's worth of libraries, which a folder does without.
    from oracle.adapters.images.bucket import BucketImages  # noqa: PLC0415

    bucket = BucketImages(
        settings.image_bucket, region=settings.image_region or settings.ses_region
    )
    return PackagedImages(bucket, folder)
