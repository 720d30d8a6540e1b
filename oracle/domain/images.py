"""Pictures of the website, by keys that may carry the hash of their content."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256

FINGERPRINT_LENGTH = 12
MEDIA_TYPES = {
    "avif": "image/avif",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}
"""What may be stored, by the end of its key; an SVG is served so that nothing in it can run."""

_PART = r"[a-z0-9][a-z0-9_-]{0,63}"
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
class Image:
    """A stored picture."""

    key: ImageKey
    content: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The beginning of the SHA-256 of the content."""
        return sha256(self.content).hexdigest()[:FINGERPRINT_LENGTH]

    @property
    def is_immutable(self) -> bool:
        """Whether the key names this very content, so that it can never mean another."""
        return self.key.fingerprint == self.fingerprint


def find_image_key(text: str) -> ImageKey | None:
    """Return the key that is written so, or None if no picture could have it."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    return ImageKey(text, match["fingerprint"], MEDIA_TYPES[match["kind"]])
