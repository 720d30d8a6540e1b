"""Use cases: add a picture to the store, and list what is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.domain.errors import ImageTooLarge, InvalidImage
from oracle.domain.images import key_of_content, name_after_file, read_picture_name
from oracle.observability.logs import get_logger
from oracle.services.find_picture import PictureNames

if TYPE_CHECKING:
    from oracle.domain.images import ImageKey, ImagePage
    from oracle.ports import ImageInspector, ImageStore
    from oracle.services.dependencies import Dependencies
    from oracle.settings import Settings

PAGE = 24
DRAWING = "image/svg+xml"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ImageDependencies:
    """What these use cases need, of the application's dependencies or for a command alone."""

    settings: Settings
    images: ImageStore
    image_inspector: ImageInspector
    pictures: PictureNames = field(default_factory=PictureNames)


@dataclass(frozen=True, slots=True)
class AddedImage:
    """Under which key the picture is, and whether it was not there before."""

    key: ImageKey
    is_new: bool


async def add_image(
    deps: Dependencies | ImageDependencies, content: bytes, *, file_name: str, name: str = ""
) -> AddedImage:
    """Store the picture under `name`, such as `companies/aapl`, or one made of its file's name.

    What it is decide its bytes. Raises ImageTooLarge, InvalidImage, ImagesUnavailable.
    """
    if not content:
        raise InvalidImage("No picture was chosen, or it is empty.")
    if len(content) > deps.settings.image_max_bytes:
        raise ImageTooLarge(describe_limit(deps.settings.image_max_bytes))
    wanted = read_picture_name(name) if name.strip() else name_after_file(file_name)
    shape = await deps.image_inspector.inspect_image(content)
    return await _store(deps, key_of_content(wanted, shape.media_type, content), content)


async def add_own_image(
    deps: Dependencies | ImageDependencies, key: ImageKey, content: bytes
) -> AddedImage:
    """Store a picture of the site's own, whose key, without a hash, says what it is.

    Its drawings are trusted, as the rest of the repository is; other kinds must be what they say.
    Raises InvalidImage, ImagesUnavailable.
    """
    if key.media_type != DRAWING:
        shape = await deps.image_inspector.inspect_image(content)
        if shape.media_type != key.media_type:
            raise InvalidImage(f"{key.text} is in truth of the type {shape.media_type}.")
    name = key.plain.rpartition(".")[0]
    return await _store(deps, key_of_content(name, key.media_type, content), content)


async def list_images(
    deps: Dependencies | ImageDependencies, after: str = "", limit: int = PAGE
) -> ImagePage:
    """Return the pictures after that key, in the order of their keys. Raises ImagesUnavailable."""
    return await deps.images.list_images(limit, after)


def describe_limit(most_bytes: int) -> str:
    """Return the sentence that says how large a picture may be."""
    return f"A picture may have at most {most_bytes / 1e6:.3g} MB."


async def _store(
    deps: Dependencies | ImageDependencies, key: ImageKey, content: bytes
) -> AddedImage:
    is_new = await deps.images.add_image(key, content)
    # Here the picture is shown at once; other instances find it when their names grow old.
    deps.pictures.forget()
    if is_new:
        _log.info("image_added", key=key.text, bytes=len(content), type=key.media_type)
    return AddedImage(key, is_new)
