"""Bodies that are larger than a form's, on the few addresses that take them.

What arrives is counted as it arrives. A file somewhat too large is read to its end, without being
kept, so that its sender gets an answer and no broken connection; a far larger one is broken off.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from quart.formparser import FormDataParser
from quart.wrappers.request import Body
from werkzeug.exceptions import RequestEntityTooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quart.datastructures import FileStorage

FORM_BYTES = 64 * 1024
"""Room for what a form has besides its file."""

READ_ANYWAY = 4
UPLOAD_SECONDS = 60


class CountedBody(Body):
    """A body whose limit holds for all of it, whoever reads it meanwhile."""

    def __init__(self, expected_content_length: int | None, max_content_length: int | None) -> None:
        super().__init__(expected_content_length, max_content_length)
        self._arrived = 0

    def append(self, data: bytes) -> None:
        """Take what has arrived, until it is too much."""
        self._arrived += len(data)
        limit = self._max_content_length
        if limit is not None and self._arrived > limit and self._must_raise is None:
            self._must_raise = RequestEntityTooLarge()
            self.set_complete()
        super().append(data)


class UploadedFile(BytesIO):
    """A file of a form, kept up to a limit; `is_cut` says that there was more."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._room = limit
        self.is_cut = False

    def write(self, content: Any, /) -> int:
        """Keep what there is room for."""
        kept = bytes(content)[: self._room]
        self.is_cut = self.is_cut or len(kept) < len(content)
        self._room -= len(kept)
        super().write(kept)
        return len(content)


class UploadParser(FormDataParser):
    """The framework's parser of forms, with files of a limited size."""

    def __init__(self, *, max_content_length: int | None = None, **options: Any) -> None:
        limit = largest_file(max_content_length or 0)
        super().__init__(
            max_content_length=max_content_length,
            stream_factory=lambda *_: UploadedFile(limit),
            **options,
        )


def largest_body(file_bytes: int) -> int:
    """Return how much is read of an upload whose file may have so many bytes."""
    return READ_ANYWAY * file_bytes + FORM_BYTES


def largest_file(body_bytes: int) -> int:
    """Return how many bytes a file may have where so much is read: the reverse of the above."""
    return max(0, body_bytes - FORM_BYTES) // READ_ANYWAY


def is_too_large(file: FileStorage) -> bool:
    """Return whether the file had more bytes than were kept."""
    stream = file.stream
    return isinstance(stream, UploadedFile) and stream.is_cut


def find_limit(limits: Mapping[str, int], method: str, path: str) -> int | None:
    """Return how much is read of such a request, if it is an upload."""
    return limits.get(path) if method == "POST" else None
