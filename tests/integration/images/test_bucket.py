"""Pictures in a bucket, on moto's server and on one that fails."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aioboto3
import pytest
from aiohttp import web

from oracle.adapters.images.bucket import BucketImages
from oracle.adapters.images.choice import choose_images
from oracle.adapters.images.folder import FolderImages
from oracle.domain.errors import ImagesUnavailable
from oracle.domain.images import require_image_key
from oracle.settings import load_settings
from tests.contract.image_store import (
    LARGE,
    PICTURE,
    ImageStoreContract,
    added_key,
    content_of,
)
from tests.servers.aws import aws, aws_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from types_aiobotocore_s3 import S3Client

    from tests.contract.image_store import Put

__all__ = ["aws", "aws_server"]

BUCKET = "oracle-images"


@pytest.fixture
async def s3(aws: str) -> AsyncIterator[S3Client]:
    """A client with an empty bucket."""
    async with aioboto3.Session().client("s3", region_name="us-east-1", endpoint_url=aws) as client:
        await client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
async def bucket(s3: S3Client) -> AsyncIterator[BucketImages]:
    """The store of that bucket."""
    del s3
    store = BucketImages(BUCKET, region="us-east-1", deadline=10.0)
    yield store
    await store.aclose()


class TestBucketImages(ImageStoreContract):
    """A bucket keeps what every store of pictures promises."""

    @pytest.fixture
    def store(self, bucket: BucketImages) -> BucketImages:
        """The store under test."""
        return bucket

    @pytest.fixture
    def put(self, s3: S3Client) -> Put:
        """What puts an object there without saying anything of it."""

        async def put(name: str, content: bytes) -> None:
            await s3.put_object(Bucket=BUCKET, Key=name, Body=content)

        return put


async def test_an_object_says_what_it_is(s3: S3Client, bucket: BucketImages) -> None:
    """Type, lasting caching and hash stand at the object, for whoever reads it otherwise."""
    await bucket.add_image(added_key("hero"), PICTURE)
    head = await s3.head_object(Bucket=BUCKET, Key=added_key("hero").text)
    assert head["ContentType"] == "image/png"
    assert head["CacheControl"] == "public, max-age=31536000, immutable"
    assert head["Metadata"]["sha256"].startswith(added_key("hero").fingerprint or "-")


async def test_a_picture_that_was_replaced_meanwhile_is_not_mixed(
    s3: S3Client, bucket: BucketImages
) -> None:
    """What was announced is what is sent, or nothing: never the bytes of another picture."""
    await s3.put_object(Bucket=BUCKET, Key="hero.svg", Body=PICTURE)
    image = await bucket.find_image(require_image_key("hero.svg"))
    assert image is not None
    await s3.put_object(Bucket=BUCKET, Key="hero.svg", Body=LARGE)
    with pytest.raises(ImagesUnavailable):
        await content_of(bucket, image)
    await s3.delete_object(Bucket=BUCKET, Key="hero.svg")
    with pytest.raises(ImagesUnavailable):
        await content_of(bucket, image)


async def test_one_client_serves_all_requests(
    bucket: BucketImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made once, however many ask at the same moment."""
    made: list[str] = []
    session = aioboto3.Session

    class Counted(session):  # type: ignore[misc,valid-type]
        def client(self, name: str, **options: object) -> object:
            made.append(name)
            return super().client(name, **options)

    monkeypatch.setattr(aioboto3, "Session", Counted)
    await asyncio.gather(*(bucket.list_images(1) for _ in range(8)))
    assert made == ["s3"]


async def test_the_settings_put_packaged_pictures_behind_the_bucket(
    s3: S3Client, tmp_path: Path
) -> None:
    """With a bucket the folder shows what the bucket lacks, and is never written to."""
    del s3
    (tmp_path / "hero.svg").write_bytes(PICTURE)
    store = choose_images(load_settings(image_bucket=BUCKET, image_folder=str(tmp_path)))
    image = await store.find_image(require_image_key("hero.svg"))
    assert image is not None
    assert image.is_packaged
    await store.add_image(added_key("other"), PICTURE)
    listed = (await FolderImages(tmp_path).list_images(10)).images
    assert [image.key.text for image in listed] == ["hero.svg"]
    await store.aclose()


async def test_a_missing_bucket_is_no_missing_picture(aws: str) -> None:
    """Lists and uploads say that the bucket is not there."""
    del aws
    store = BucketImages("no-such-bucket", region="us-east-1", deadline=10.0)
    with pytest.raises(ImagesUnavailable, match="no bucket"):
        await store.list_images(1)
    with pytest.raises(ImagesUnavailable, match="no bucket"):
        await store.add_image(added_key("hero"), PICTURE)
    await store.aclose()


@asynccontextmanager
async def failing_store(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]], *, deadline: float
) -> AsyncIterator[BucketImages]:
    """Yield a store whose S3 answers so."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    store = BucketImages(
        BUCKET, region="us-east-1", endpoint=f"http://127.0.0.1:{port}", deadline=deadline
    )
    try:
        yield store
    finally:
        await store.aclose()
        await runner.cleanup()


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied")]
)
async def test_refusals_are_the_ports_error(status: int, code: str) -> None:
    """Throttled, broken or forbidden: each operation says so in one error, and which it was."""

    async def answer(request: web.Request) -> web.StreamResponse:
        del request
        return web.Response(
            status=status, text=f"<Error><Code>{code}</Code></Error>", content_type="text/xml"
        )

    key = added_key("hero")
    async with failing_store(answer, deadline=10.0) as store:
        for work in (
            store.find_image(key),
            store.find_newest([key]),
            store.add_image(key, PICTURE),
            store.list_images(1),
        ):
            with pytest.raises(ImagesUnavailable, match=str(status)):
                await work


@pytest.mark.usefixtures("aws")
async def test_silence_ends_at_the_deadline() -> None:
    """A store that never answers costs the deadline and no more."""
    given_up = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        del request
        await given_up.wait()
        return web.Response()

    async with failing_store(answer, deadline=1.0) as store:
        loop = asyncio.get_running_loop()
        # The client itself is made first, which takes as long as a busy machine wants.
        await store._connect()  # noqa: SLF001
        started = loop.time()
        with pytest.raises(ImagesUnavailable):
            await store.find_image(added_key("hero"))
        assert loop.time() - started < 5.0
        given_up.set()


@pytest.mark.usefixtures("aws")
async def test_a_content_that_stops_is_given_up() -> None:
    """Between two pieces no more than the deadline passes, and a cut is no end."""
    stuck = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        headers = {
            "ETag": '"1"',
            "Last-Modified": "Mon, 05 Jan 2026 00:00:00 GMT",
            "x-amz-meta-sha256": "0" * 64,
            "Content-Length": str(len(LARGE)),
        }
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        if request.method == "GET":
            await response.write(LARGE[:1000])
            await stuck.wait()
        return response

    async with failing_store(answer, deadline=1.0) as store:
        image = await store.find_image(require_image_key("hero.svg"))
        assert image is not None
        with pytest.raises(ImagesUnavailable):
            await content_of(store, image)
        stuck.set()
        with pytest.raises(ImagesUnavailable):
            await content_of(store, image)


@pytest.mark.usefixtures("aws")
async def test_nobody_there_is_the_ports_error() -> None:
    """A connection that cannot be made is told as such."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        store = BucketImages(
            BUCKET,
            region="us-east-1",
            endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}",
            deadline=5.0,
        )
        with pytest.raises(ImagesUnavailable, match="out of reach"):
            await store.find_image(added_key("hero"))
        await store.aclose()
