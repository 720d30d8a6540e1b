"""`oracle images` and `oracle admin` as a user types them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import aioboto3
import pytest

from oracle.domain.images import fingerprint_of
from tests.servers.application import COMMAND, ROOT, environment, run_oracle
from tests.servers.aws import aws, aws_server
from tests.standins.pictures import draw_picture

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["aws", "aws_server"]

PASSWORD = "correct horse battery"


@pytest.fixture
async def bucket(aws: str) -> str:
    """An empty bucket."""
    async with aioboto3.Session().client("s3", region_name="us-east-1", endpoint_url=aws) as client:
        await client.create_bucket(Bucket="oracle-images")
    return "oracle-images"


def test_the_sites_own_pictures_are_brought_to_the_bucket(tmp_path: Path, bucket: str) -> None:
    """Twice is once; what has changed stands beside what was before."""
    pictures = tmp_path / "pictures"
    (pictures / "companies").mkdir(parents=True)
    picture = draw_picture("png")
    (pictures / "hero.svg").write_text("<svg/>")
    (pictures / "companies" / "ko.png").write_bytes(picture)
    (pictures / "notes.txt").write_text("no picture")
    keys = [
        f"companies/ko.{fingerprint_of(picture)}.png",
        f"hero.{fingerprint_of(b'<svg/>')}.svg",
    ]
    settings = {"image_bucket": bucket, "image_folder": str(pictures)}
    for word in ("added", "known"):
        answer = run_oracle(tmp_path, "images", "upload", **settings)
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.splitlines() == [f"{word}  {key}" for key in keys]
    (pictures / "hero.svg").write_text("<svg><g/></svg>")
    assert "1 added, 1 known" in run_oracle(tmp_path, "images", "upload", **settings).stderr
    listed = run_oracle(tmp_path, "images", "list", "--json", **settings)
    lines = [json.loads(line) for line in listed.stdout.splitlines()]
    assert len(lines) == 3
    assert {"key": keys[0], "bytes": len(picture), "type": "image/png"}.items() <= lines[0].items()


def test_what_is_not_what_it_says_is_left_out(tmp_path: Path, bucket: str) -> None:
    """The others are brought all the same, and the exit code tells."""
    (tmp_path / "a.png").write_bytes(draw_picture("png"))
    (tmp_path / "b.webp").write_bytes(draw_picture("png"))
    answer = run_oracle(tmp_path, "images", "upload", str(tmp_path), image_bucket=bucket)
    assert answer.returncode == 2
    assert "b.webp: b.webp is in truth of the type image/png." in answer.stderr
    assert "1 added, 0 known, 1 refused." in answer.stderr


@pytest.mark.usefixtures("aws")
def test_what_cannot_be_done_is_a_sentence(tmp_path: Path) -> None:
    """Without a bucket, and with one that is not there."""
    answer = run_oracle(tmp_path, "images", "upload")
    assert answer.returncode == 2
    assert "ORACLE_IMAGE_BUCKET is not set" in answer.stderr
    answer = run_oracle(tmp_path, "images", "list", image_bucket="no-such-bucket")
    assert answer.returncode == 4
    assert "There is no bucket of that name." in answer.stderr


def test_a_password_is_hashed_from_standard_input(tmp_path: Path) -> None:
    """What is printed is the setting's value; a short password is refused in a sentence."""

    def hash_password(given: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, "admin", "hash-password", *more],
            cwd=ROOT,
            env=environment(tmp_path),
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    answer = hash_password(f"{PASSWORD}\n")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("$argon2id$")
    assert PASSWORD not in answer.stdout + answer.stderr
    taken = run_oracle(tmp_path, "images", "list", admin_password_hash=answer.stdout.strip())
    assert taken.returncode == 0, taken.stderr
    short = hash_password("short\n")
    assert short.returncode == 2
    assert "12 to 1024 characters" in short.stderr
    # Never an argument, which others could see.
    assert hash_password("", PASSWORD).returncode == 2
