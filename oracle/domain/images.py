"""Pictures of the website, by keys that may carry the hash of their content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from unicodedata import normalize

from oracle.domain.errors import InvalidImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

FINGERPRINT_LENGTH = 12
LONGEST_SLUG = 48
MEDIA_TYPES = {
    "avif": "image/avif",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}
"""What may be stored, by the end of its key; an SVG is served so that nothing in it can run."""

_PART = r"[a-z0-9][a-z0-9_-]{0,63}"
_NAME = re.compile(rf"(?:{_PART}/){{0,3}}{_PART}")
_KEY = re.compile(
    rf"(?:{_PART}/){{0,3}}{_PART}"
    rf"(?:\.(?P<fingerprint>[0-9a-f]{{{FINGERPRINT_LENGTH}}}))?"
    rf"\.(?P<kind>{'|'.join(MEDIA_TYPES)})"
)


@dataclass(frozen=True, slots=True)
class ImageKey:
    """A picture's name, such as `hero.3f2a9c1b7d4e.webp`: the hash in it may be missing."""

    text: str
    fingerprint: str | None
    media_type: str

    @property
    def stem(self) -> str:
        """What the keys of all kinds and contents of the same picture begin with, dot included."""
        return f"{self.plain.rpartition('.')[0]}."

    @property
    def plain(self) -> str:
        """The key without the hash."""
        if self.fingerprint is None:
            return self.text
        return self.text.replace(f".{self.fingerprint}.", ".")

    def with_fingerprint(self, fingerprint: str) -> str:
        """Return the key's text with that hash in it."""
        stem, _, kind = self.plain.rpartition(".")
        return f"{stem}.{fingerprint}.{kind}"


@dataclass(frozen=True, slots=True)
class ListedImage:
    """What a store's list says of a picture; `size` in bytes, `modified` aware and in UTC."""

    key: ImageKey
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Image:
    """A stored picture without its content, which is read from the store piece by piece.

    `fingerprint` is the beginning of the SHA-256 of the content; `version` is the store's own name
    of this very content. `is_packaged` tells the pictures that came with the application.
    """

    key: ImageKey
    size: int
    modified: datetime
    fingerprint: str
    version: str = ""
    is_packaged: bool = False


@dataclass(frozen=True, slots=True)
class ImagePage:
    """Some pictures in the order of their keys, and after which key the next ones follow."""

    images: tuple[ListedImage, ...]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class ImageShape:
    """What a picture's own bytes say it is; sides in pixels."""

    media_type: str
    width: int
    height: int


def find_image_key(text: str) -> ImageKey | None:
    """Return the key that is written so, or None if no picture could have it."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    return ImageKey(text, match["fingerprint"], MEDIA_TYPES[match["kind"]])


def require_image_key(text: str) -> ImageKey:
    """Return the key that is written so. Raises InvalidImage if no picture could have it."""
    key = find_image_key(text)
    if key is None:
        raise InvalidImage(f"{text!r} cannot be the name of a picture.")
    return key


def fingerprint_of(content: bytes) -> str:
    """Return the fingerprint that stands in the key of that content."""
    return sha256(content).hexdigest()[:FINGERPRINT_LENGTH]


def read_picture_name(text: str) -> str:
    """Return the name of a picture without its ending, such as `companies/aapl`.

    Raises InvalidImage when it has other characters than keys have.
    """
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise InvalidImage(
            "That cannot be a picture's name.",
            hint="Use letters, digits, dashes and underscores, with up to three slashes, such as "
            "companies/aapl.",
        )
    return name


def name_after_file(file_name: str) -> str:
    """Return the name of an uploaded picture that got none but its file's."""
    stem = re.split(r"[/\\]", file_name)[-1].rpartition(".")[0] or file_name
    plain = normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-")
    return f"uploads/{slug or 'picture'}"


def key_of_content(name: str, media_type: str, content: bytes) -> ImageKey:
    """Return the key under which that content is kept: name, hash, kind."""
    kind = next(kind for kind, known in MEDIA_TYPES.items() if known == media_type)
    return require_image_key(f"{name}.{fingerprint_of(content)}.{kind}")


def choose_newest(images: Iterable[ListedImage], names: Sequence[str]) -> ListedImage | None:
    """Return which of the pictures is shown for those names, given without a hash.

    One whose key has a hash was added on purpose: the newest of these is shown, whatever its kind.
    Else it is the first name that a picture has exactly.
    """
    wanted = [image for image in images if image.key.plain in names]
    added = [image for image in wanted if image.key.fingerprint is not None]
    if added:
        return max(added, key=lambda image: (image.modified, image.key.text))
    return min(wanted, key=lambda image: names.index(image.key.text), default=None)
