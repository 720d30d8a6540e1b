"""The running site with a bucket: its own pictures before and after they were brought there."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import aioboto3
import pytest

from oracle.domain.images import fingerprint_of
from tests.servers.application import ROOT, run_oracle, running_application
from tests.servers.aws import aws, aws_server
from tests.standins.pictures import draw_picture

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

    from tests.servers.application import Application

__all__ = ["aws", "aws_server"]

BUCKET = "oracle-images"
PICTURE = draw_picture("png", (64, 64))
ADDED = f"uploads/blue.{fingerprint_of(PICTURE)}.png"
HERO = fingerprint_of((ROOT / "static" / "images" / "hero.svg").read_bytes())


@pytest.fixture
async def bucket(aws: str) -> str:
    """A bucket with one picture, and without the site's own."""
    async with aioboto3.Session().client("s3", region_name="us-east-1", endpoint_url=aws) as client:
        await client.create_bucket(Bucket=BUCKET)
        await client.put_object(Bucket=BUCKET, Key=ADDED, Body=PICTURE)
    return BUCKET


def fetch(site: Application, path: str, **headers: str) -> tuple[int, Message, bytes]:
    """Return status, headers and content of an answer."""
    request = urllib.request.Request(site.url + path, headers=headers)  # noqa: S310 - own address
    try:
        answer = urllib.request.urlopen(request, timeout=20)  # noqa: S310 - own address
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read()


def test_the_bucket_is_what_the_site_shows(tmp_path: Path, bucket: str) -> None:
    """Whole, in part, not at all; and the hero is there before anybody has brought it."""
    with running_application(tmp_path, image_bucket=bucket) as site:
        status, headers, content = fetch(site, f"/images/{ADDED}")
        assert (status, content) == (200, PICTURE)
        assert headers["Content-Type"] == "image/png"
        assert headers["Content-Length"] == str(len(PICTURE))
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        status, headers, content = fetch(site, f"/images/{ADDED}", Range="bytes=4-9")
        assert (status, content) == (206, PICTURE[4:10])
        assert headers["Content-Range"] == f"bytes 4-9/{len(PICTURE)}"
        tag = headers["ETag"]
        assert fetch(site, f"/images/{ADDED}", **{"If-None-Match": tag})[0] == 304
        assert fetch(site, f"/images/{ADDED.replace('blue', 'red')}")[0] == 404
        _, _, page = fetch(site, "/")
        assert re.findall(r'src="/images/([^"]+)"', page.decode()) == [f"hero.{HERO}.svg"]
        assert fetch(site, f"/images/hero.{HERO}.svg")[0] == 200
    brought = run_oracle(tmp_path, "images", "upload", image_bucket=bucket)
    assert brought.stdout == f"added  hero.{HERO}.svg\n"


def test_a_bucket_out_of_reach_takes_pages_nothing(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages come with the site's own pictures; of another it is said when to ask again."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with running_application(tmp_path, image_bucket=bucket) as site:
        status, _, page = fetch(site, "/")
        assert status == 200
        assert f"/images/hero.{HERO}.svg" in page.decode()
        assert fetch(site, f"/images/hero.{HERO}.svg")[0] == 200
        status, headers, _ = fetch(site, f"/images/{ADDED}")
        assert status == 503
        assert headers["Retry-After"] == "5"
        assert headers["Cache-Control"] == "no-store"
