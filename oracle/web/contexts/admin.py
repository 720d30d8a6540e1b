"""The admin's pages: signing in, and the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from oracle.web import formatting

if TYPE_CHECKING:
    from oracle.domain.images import ImagePage

IMAGES = "/admin/images"


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The form for the password; `error` says why it is shown again."""

    error: str = ""


@dataclass(frozen=True, slots=True)
class ShownImage:
    """One picture of the list, in words."""

    key: str
    size: str
    added: str


@dataclass(frozen=True, slots=True)
class UploadForm:
    """The form, what was typed into it, and what became of it."""

    limit: str
    name: str = ""
    error: str = ""
    added: str = ""
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class ImagesPage:
    """The form and one page of the list; `failure` says why there is no list."""

    form: UploadForm
    images: tuple[ShownImage, ...] = ()
    is_first: bool = True
    next_address: str | None = None
    failure: str = ""


def build_images_page(form: UploadForm, listed: ImagePage, *, after: str) -> ImagesPage:
    """Return the page of the pictures that follow that key."""
    following = listed.next_after
    return ImagesPage(
        form=form,
        images=tuple(
            ShownImage(
                key=image.key.text,
                size=formatting.byte_count(image.size),
                added=formatting.utc_time(image.modified),
            )
            for image in listed.images
        ),
        is_first=not after,
        next_address=None if following is None else f"{IMAGES}?{urlencode({'after': following})}",
    )
