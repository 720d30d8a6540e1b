"""What the website asks of the services in the admin's name, bound to their dependencies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from oracle.services.add_image import add_image, list_images
from oracle.services.admin_access import is_admin, sign_in_admin

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from oracle.domain.images import ImagePage
    from oracle.services.add_image import AddedImage
    from oracle.services.dependencies import Dependencies


class AddImage(Protocol):
    """`add_image` without its dependencies."""

    def __call__(
        self, content: bytes, *, file_name: str, name: str
    ) -> Coroutine[None, None, AddedImage]:
        """Store the picture; raises ImageTooLarge, InvalidImage, ImagesUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class AdminCases:
    """The services for the admin as the routes call them."""

    sign_in: Callable[[str], Coroutine[None, None, str | None]]
    is_admin: Callable[[str], bool]
    add_image: AddImage
    list_images: Callable[[str], Coroutine[None, None, ImagePage]]


def bind_admin_cases(dependencies: Dependencies) -> AdminCases:
    """Return the real services with their dependencies filled in."""
    return AdminCases(
        sign_in=partial(sign_in_admin, dependencies),
        is_admin=partial(is_admin, dependencies),
        add_image=partial(add_image, dependencies),
        list_images=partial(list_images, dependencies),
    )
