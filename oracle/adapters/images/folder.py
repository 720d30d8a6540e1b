"""Pictures in a folder of this machine."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Final

from oracle.domain.errors import ImagesUnavailable
from oracle.domain.images import (
    FINGERPRINT_LENGTH,
    Image,
    ImagePage,
    ListedImage,
    choose_newest,
    find_image_key,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
    from typing import TypeVar

    from oracle.domain.images import ImageKey

    Result = TypeVar("Result")

PIECE: Final = 64 * 1024
MOST_REMEMBERED: Final = 2000
DEADLINE: Final = 5.0
"""Seconds that one operation may take: a folder may lie on another machine."""


@dataclass(frozen=True, slots=True)
class _State:
    path: str
    changed: int
    size: int


class FolderImages:
    """The files below one folder; whatever lies outside of it, links included, is not there."""

    def __init__(self, folder: str | Path, *, deadline: float = DEADLINE) -> None:
        self._folder = Path(folder)
        self._deadline = deadline
        self._fingerprints: OrderedDict[_State, str] = OrderedDict()

    async def find_image(self, key: ImageKey) -> Image | None:
        """Return what is known of the picture of that key, or None."""
        return await self._do(partial(self._find, key))

    async def find_newest(self, names: Sequence[ImageKey]) -> Image | None:
        """Return the picture that is shown for these names, or None."""
        return await self._do(partial(self._find_newest, names))

    async def read_image(
        self, image: Image, start: int = 0, stop: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield the content's bytes from `start` to `stop`."""
        end = image.size if stop is None else stop
        while start < end:
            piece = await self._do(
                partial(self._read, image.key.text, start, min(PIECE, end - start))
            )
            if not piece:
                raise ImagesUnavailable("A picture became shorter while it was read.")
            start += len(piece)
            yield piece

    async def add_image(self, key: ImageKey, content: bytes) -> bool:
        """Store the content; say whether it was not there before."""
        return await self._do(partial(self._add, key.text, content))

    async def list_images(self, limit: int, after: str = "") -> ImagePage:
        """Return up to so many pictures whose keys come after that text."""
        found = await self._do(self._list)
        rest = [image for image in found if image.key.text > after]
        page = tuple(rest[:limit])
        return ImagePage(page, page[-1].key.text if len(rest) > limit else None)

    async def aclose(self) -> None:
        """Do nothing: no file stays open."""

    async def _do(self, work: Callable[[], Result]) -> Result:
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.to_thread(work)
        except TimeoutError:
            raise ImagesUnavailable("The folder of pictures does not answer.") from None
        except OSError as error:
            what = error.strerror or type(error).__name__
            raise ImagesUnavailable(f"The folder of pictures cannot be used: {what}.") from error

    def _find(self, key: ImageKey) -> Image | None:
        path = self._path_of(key.text)
        if path is None:
            return None
        listed = _describe(key, path)
        return Image(key, listed.size, listed.modified, self._fingerprint(path))

    def _find_newest(self, names: Sequence[ImageKey]) -> Image | None:
        found = [
            image
            for stem in dict.fromkeys(name.stem for name in names)
            for image in self._list_stem(stem)
        ]
        newest = choose_newest(found, [name.plain for name in names])
        return None if newest is None else self._find(newest.key)

    def _list_stem(self, stem: str) -> Iterator[ListedImage]:
        place, _, beginning = stem.rpartition("/")
        folder = self._folder / place
        if not folder.is_dir():
            return
        for each in sorted(folder.iterdir()):
            if each.name.startswith(beginning):
                yield from self._listed(f"{place}/{each.name}" if place else each.name)

    def _list(self) -> list[ListedImage]:
        names = [
            Path(root, name).relative_to(self._folder).as_posix()
            for root, _, files in os.walk(self._folder)
            for name in files
        ]
        return [image for name in sorted(names) for image in self._listed(name)]

    def _listed(self, name: str) -> Iterator[ListedImage]:
        key = find_image_key(name)
        path = None if key is None else self._path_of(name)
        if key is not None and path is not None:
            yield _describe(key, path)

    def _path_of(self, name: str) -> Path | None:
        folder = self._folder.resolve()
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder) and path.is_file() else None

    def _read(self, name: str, start: int, length: int) -> bytes:
        path = self._path_of(name)
        if path is None:
            return b""
        with path.open("rb") as file:
            file.seek(start)
            return file.read(length)

    def _add(self, name: str, content: bytes) -> bool:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._path_of(name) is not None:
            return False
        # Whoever reads meanwhile finds the whole picture or none; a second writer brings the same.
        with _written(path.parent, content) as written:
            written.replace(path)
        return True

    def _fingerprint(self, path: Path) -> str:
        """Return the hash of the file, which is read again only when it was changed."""
        status = path.stat()
        state = _State(str(path), status.st_mtime_ns, status.st_size)
        known = self._fingerprints.get(state)
        if known is None:
            digest = sha256()
            with path.open("rb") as file:
                while piece := file.read(PIECE):
                    digest.update(piece)
            known = digest.hexdigest()[:FINGERPRINT_LENGTH]
            self._fingerprints[state] = known
            if len(self._fingerprints) > MOST_REMEMBERED:
                self._fingerprints.popitem(last=False)
        return known


@contextmanager
def _written(folder: Path, content: bytes) -> Iterator[Path]:
    with NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file:
        path = Path(file.name)
        try:
            file.write(content)
            file.close()
            path.chmod(0o644)
            yield path
        finally:
            path.unlink(missing_ok=True)


def _describe(key: ImageKey, path: Path) -> ListedImage:
    status = path.stat()
    return ListedImage(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))
