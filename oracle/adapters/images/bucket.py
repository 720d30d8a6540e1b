"""Pictures in a bucket of S3."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import AsyncExitStack, asynccontextmanager
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import aioboto3
import aiohttp
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

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
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from types_aiobotocore_s3 import S3Client
    from types_aiobotocore_s3.type_defs import ObjectTypeDef

    from oracle.domain.images import ImageKey

PIECE: Final = 64 * 1024
DEADLINE: Final = 4.0
"""Seconds that one call, or the next piece of a picture, may take."""

CONNECTIONS: Final = 50
IMMUTABLE: Final = "public, max-age=31536000, immutable"
HASH: Final = "sha256"
"""The metadata that says what the content is, so that nobody has to read it to know."""

MOST_REMEMBERED: Final = 2000
MOST_OF_A_NAME: Final = 5
"""Pages of a thousand keys that are read to find the newest picture of one name."""

_CONNECT_SHARE: Final = 0.3


class BucketImages:
    """The objects of one bucket. The client is made at the first call and kept until the end.

    Throttling, silence and refusals are ImagesUnavailable; only what is not there is None.
    """

    def __init__(
        self,
        bucket: str,
        *,
        region: str,
        endpoint: str | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        self._bucket = bucket
        self._region = region
        self._endpoint = endpoint
        self._deadline = deadline
        self._open = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._client: S3Client | None = None
        self._fingerprints: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def find_image(self, key: ImageKey) -> Image | None:
        """Return what is known of the picture of that key, or None."""
        client = await self._connect()
        try:
            async with self._answering():
                head = await client.head_object(Bucket=self._bucket, Key=key.text)
        except _Missing:
            return None
        image = Image(
            key,
            head["ContentLength"],
            head["LastModified"],
            head["Metadata"].get(HASH, "")[:FINGERPRINT_LENGTH],
            head["ETag"],
        )
        if len(image.fingerprint) == FINGERPRINT_LENGTH:
            return image
        return Image(key, image.size, image.modified, await self._hash(image), image.version)

    async def find_newest(self, names: Sequence[ImageKey]) -> Image | None:
        """Return the picture that is shown for these names, or None."""
        found: list[ListedImage] = []
        for stem in dict.fromkeys(name.stem for name in names):
            after = ""
            for _ in range(MOST_OF_A_NAME):
                page = await self._list(1000, after, prefix=stem)
                found += page.images
                if page.next_after is None:
                    break
                after = page.next_after
        newest = choose_newest(found, [name.plain for name in names])
        return None if newest is None else await self.find_image(newest.key)

    async def read_image(
        self, image: Image, start: int = 0, stop: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield the content's bytes from `start` to `stop`."""
        end = image.size if stop is None else stop
        if start >= end:
            return
        client = await self._connect()
        try:
            async with self._answering():
                answer = await client.get_object(
                    Bucket=self._bucket,
                    Key=image.key.text,
                    Range=f"bytes={start}-{end - 1}",
                    IfMatch=image.version,
                )
        except _Missing:
            raise ImagesUnavailable("A picture vanished while it was read.") from None
        body = answer["Body"]
        try:
            while True:
                async with self._answering():
                    piece = await body.read(PIECE)
                if not piece:
                    return
                yield piece
        finally:
            # A connection that still has bytes under way is of no use to anybody else.
            body.close()

    async def add_image(self, key: ImageKey, content: bytes) -> bool:
        """Store the content; say whether it was not there before."""
        client = await self._connect()
        try:
            async with self._answering():
                await client.put_object(
                    Bucket=self._bucket,
                    Key=key.text,
                    Body=content,
                    ContentType=key.media_type,
                    CacheControl=IMMUTABLE,
                    Metadata={HASH: sha256(content).hexdigest()},
                    # Whoever comes second, of two at the same moment as well, changes nothing.
                    IfNoneMatch="*",
                )
        except _AlreadyThere:
            return False
        except _Missing:
            raise ImagesUnavailable("There is no bucket of that name.") from None
        return True

    async def list_images(self, limit: int, after: str = "") -> ImagePage:
        """Return up to so many pictures whose keys come after that text."""
        return await self._list(limit, after)

    async def aclose(self) -> None:
        """Release the client and its connections."""
        async with self._opening:
            self._client = None
            await self._open.aclose()

    async def _list(self, limit: int, after: str, *, prefix: str = "") -> ImagePage:
        client = await self._connect()
        try:
            async with self._answering():
                answer = await client.list_objects_v2(
                    Bucket=self._bucket, Prefix=prefix, StartAfter=after, MaxKeys=limit
                )
        except _Missing:
            raise ImagesUnavailable("There is no bucket of that name.") from None
        objects = answer.get("Contents", [])
        pictures = tuple(image for each in objects if (image := _listed(each)) is not None)
        more = answer["IsTruncated"] and objects
        return ImagePage(pictures, objects[-1]["Key"] if more else None)

    async def _hash(self, image: Image) -> str:
        """Return the hash of an object that somebody else put there, read once per content."""
        known = self._fingerprints.get((image.key.text, image.version))
        if known is None:
            digest = sha256()
            async for piece in self.read_image(image):
                digest.update(piece)
            known = digest.hexdigest()[:FINGERPRINT_LENGTH]
            self._fingerprints[image.key.text, image.version] = known
            if len(self._fingerprints) > MOST_REMEMBERED:
                self._fingerprints.popitem(last=False)
        return known

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        """Wait no longer than the deadline, and turn what goes wrong into the port's error."""
        try:
            async with asyncio.timeout(self._deadline):
                yield
        except ClientError as error:
            raise _from_answer(error) from None
        except TimeoutError:
            raise ImagesUnavailable("The store of pictures did not answer in time.") from None
        except (BotoCoreError, aiohttp.ClientError, OSError) as error:
            what = type(error).__name__
            raise ImagesUnavailable(f"The store of pictures is out of reach ({what}).") from None

    async def _connect(self) -> S3Client:
        async with self._opening:
            if self._client is None:
                config = AioConfig(
                    connect_timeout=self._deadline * _CONNECT_SHARE,
                    read_timeout=self._deadline,
                    max_pool_connections=CONNECTIONS,
                    retries={"total_max_attempts": 2, "mode": "standard"},
                    user_agent="oracle-images",
                )
                self._client = await self._open.enter_async_context(
                    aioboto3.Session().client(
                        "s3",
                        region_name=self._region,
                        endpoint_url=self._endpoint,
                        config=config,
                    )
                )
            return self._client


class _Missing(Exception):
    """There is no object of that key."""


class _AlreadyThere(Exception):
    """There is an object of that key already."""


def _from_answer(error: ClientError) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", "without a code"))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if status == HTTPStatus.NOT_FOUND:
        return _Missing(code)
    if status == HTTPStatus.PRECONDITION_FAILED and error.operation_name == "PutObject":
        return _AlreadyThere(code)
    return ImagesUnavailable(f"The store of pictures refuses ({status} {code}).")


def _listed(each: ObjectTypeDef) -> ListedImage | None:
    key = find_image_key(each["Key"])
    return None if key is None else ListedImage(key, each["Size"], each["LastModified"])
