"""Mails the admin about each new picture in the bucket, once.

S3 tells of an upload at least once, so the same event may come again, even while the first is still
being dealt with. A mark in a bucket of its own remembers each upload: it is written under the
condition that it is not there, before the mail is sent, and says afterwards that it was sent.
Whatever fails is raised, so that Lambda tries again and at last keeps the event in the
dead-letter queue.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TYPES = {
    "avif": "AVIF picture",
    "gif": "GIF picture",
    "ico": "icon",
    "jpeg": "JPEG picture",
    "jpg": "JPEG picture",
    "png": "PNG picture",
    "svg": "SVG drawing",
    "webp": "WebP picture",
}
_PART = r"[a-z0-9][a-z0-9_-]{0,63}"
SHOWN = re.compile(rf"(?:{_PART}/){{0,3}}{_PART}(?:\.[0-9a-f]{{12}})?\.(?:avif|jpg|png|svg|webp)")
"""Keys that the site answers for, by its own rule; its code is not packed with this."""

TAKEN_AFTER = timedelta(minutes=2)
"""Age of a mark without a mail at which its maker is believed dead: four times its time-out."""

SUBJECT_LENGTH = 100
KILOBYTE = 1000
_ONCE = Config(connect_timeout=3, read_timeout=8, retries={"total_max_attempts": 1})
"""Lambda tries again by itself; a mail that was not answered may have been accepted."""


class UnreadableEventError(ValueError):
    """An event that is not one of S3's about a new object; the message says what is missing."""


class BeingToldError(RuntimeError):
    """Another invocation is dealing with the same upload; trying again later shows how it went."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One new object, as S3 tells of it: `size` in bytes, `at` in UTC."""

    bucket: str
    key: str
    size: int
    at: datetime
    identity: str

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rsplit("/", 1)[-1]

    @property
    def kind(self) -> str:
        """What it is, by the suffix of its key."""
        _, dot, suffix = self.name.rpartition(".")
        if not dot or not suffix:
            return "unknown (its name has no suffix)"
        return TYPES.get(suffix.lower(), f"unknown (.{suffix})")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the function works with, from its environment."""

    admin: str
    sender: str
    site: str
    notices: str
    s3: Any
    ses: Any
    now: Callable[[], datetime]


def handle(event: Mapping[str, Any], _context: object) -> dict[str, int]:
    """Tell the admin of each upload in the event; return how many mails were sent."""
    around = Surroundings(
        admin=os.environ["ADMIN_ADDRESS"],
        sender=os.environ["MAIL_FROM"],
        site=os.environ["SITE_URL"],
        notices=os.environ["NOTICES_BUCKET"],
        s3=boto3.client("s3", config=_ONCE),
        ses=boto3.client("sesv2", config=_ONCE),
        now=lambda: datetime.now(UTC),
    )
    return {"sent": tell_all(event, around)}


def tell_all(event: Mapping[str, Any], around: Surroundings) -> int:
    """Tell of each upload, whatever becomes of the others; return how many mails were sent.

    Raises ExceptionGroup with everything that failed, after the last upload was tried.
    """
    sent = 0
    failures: list[Exception] = []
    for upload in read_uploads(event):
        try:
            sent += tell(upload, around)
        except Exception as failure:  # noqa: BLE001 - Raised below, with all others.
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"{len(failures)} uploads could not be told of", failures)
    return sent


def read_uploads(event: Mapping[str, Any]) -> Iterator[Upload]:
    """Yield the uploads in an event of S3; its test event, which announces nothing, has none.

    Raises UnreadableEventError if it is something else.
    """
    if event.get("Event") == "s3:TestEvent":
        return
    records = event.get("Records")
    if not isinstance(records, list):
        raise UnreadableEventError(
            "This is no event of S3: it has no Records, but " + (", ".join(event) or "nothing")
        )
    for record in records:
        if record.get("eventSource") != "aws:s3":
            raise UnreadableEventError(f"A record is not of S3 but of {record.get('eventSource')}.")
        # Other events are not subscribed to; a removed picture is no news either way.
        if record["eventName"].startswith("ObjectCreated:"):
            yield _read_record(record)


def _read_record(record: Mapping[str, Any]) -> Upload:
    try:
        bucket, about = record["s3"]["bucket"]["name"], record["s3"]["object"]
        # The sequencer is new with every upload and the same whenever that upload is told of.
        identity = [bucket, about["key"], about["sequencer"], about.get("versionId", "")]
        return Upload(
            bucket=bucket,
            key=unquote_plus(about["key"]),
            size=int(about.get("size", 0)),
            at=datetime.fromisoformat(record["eventTime"]).astimezone(UTC),
            identity=sha256(json.dumps(identity).encode()).hexdigest(),
        )
    except KeyError as missing:
        raise UnreadableEventError(f"A record of S3 lacks {missing}.") from None


def tell(upload: Upload, around: Surroundings) -> bool:
    """Send the mail unless it was sent before; return whether it was sent now.

    Raises BeingToldError while another invocation is at it, and what SES or S3 raise.
    """
    mark = f"uploads/{upload.identity}"
    if not _claim(mark, around):
        return False
    try:
        around.ses.send_email(
            FromEmailAddress=around.sender,
            Destination={"ToAddresses": [around.admin]},
            Content={
                "Simple": {
                    "Subject": {"Data": subject(upload), "Charset": "UTF-8"},
                    "Body": {"Text": {"Data": body(upload, around.site), "Charset": "UTF-8"}},
                }
            },
        )
    except Exception:
        around.s3.delete_object(Bucket=around.notices, Key=mark)
        raise
    _put(mark, "sent", around)
    return True


def _claim(mark: str, around: Surroundings) -> bool:
    """Take the upload for this invocation; return False if its mail was sent already."""
    try:
        _put(mark, "begun", around, IfNoneMatch="*")
    except ClientError as refused:
        if not _lost(refused):
            raise
    else:
        return True
    found = around.s3.get_object(Bucket=around.notices, Key=mark)
    if found["Body"].read() == b"sent":
        return False
    if around.now() - found["LastModified"] < TAKEN_AFTER:
        raise BeingToldError("Another invocation is telling of this upload.")
    # Whoever began has not lived to send: of all who notice, one takes over.
    try:
        _put(mark, "begun", around, IfMatch=found["ETag"])
    except ClientError as refused:
        if _lost(refused):
            raise BeingToldError("Another invocation has taken this upload over.") from None
        raise
    return True


def _put(mark: str, state: str, around: Surroundings, **condition: str) -> None:
    # The same text would have the same tag, and two could take the same mark over.
    text = state if state == "sent" else f"{state} {around.now().isoformat()} {os.urandom(8).hex()}"
    around.s3.put_object(Bucket=around.notices, Key=mark, Body=text.encode(), **condition)


def _lost(refused: ClientError) -> bool:
    """Whether S3 refused because somebody else wrote first, or is writing."""
    return refused.response["Error"]["Code"] in {
        "PreconditionFailed",
        "ConditionalRequestConflict",
    }


def printable(text: str) -> str:
    """Return the text without characters that break a line or turn its direction."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def subject(upload: Upload) -> str:
    """Return the mail's subject, which names the picture on one line."""
    return f"New picture: {printable(upload.name)}"[:SUBJECT_LENGTH]


def body(upload: Upload, site: str) -> str:
    """Return the mail's text: name, type, size, time and a link if the site shows such a name."""
    link = (
        f"{site}/images/{upload.key}"
        if SHOWN.fullmatch(upload.key)
        else "none, the site does not show names like this"
    )
    return (
        "A picture was uploaded.\n\n"
        f"Name: {printable(upload.key)}\n"
        f"Type: {printable(upload.kind)}\n"
        f"Size: {readable_size(upload.size)}\n"
        f"Time: {upload.at:%Y-%m-%d %H:%M:%S} UTC\n"
        f"Link: {link}\n"
    )


def readable_size(size: int) -> str:
    """Return a number of bytes as people say it: 999 bytes, 1.5 kB, 2.0 MB."""
    if size < KILOBYTE:
        return "1 byte" if size == 1 else f"{size} bytes"
    # What would be rounded to 1000.0 kB is a megabyte.
    if round(size / KILOBYTE, 1) < KILOBYTE:
        return f"{size / KILOBYTE:.1f} kB"
    return f"{size / KILOBYTE**2:.1f} MB"
