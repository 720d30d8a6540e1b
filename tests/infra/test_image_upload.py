"""The function that mails the admin about each new picture, called as Lambda calls it."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import boto3
import image_upload
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from oracle.domain.images import find_image_key

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTICES = "oracle-notices"
SENDER = "pictures@oracle.example.com"
ADMIN = "admin@example.com"

# As S3 sends it, with all that is in it.
EVENT: dict[str, Any] = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "us-east-1",
            "eventTime": "2026-03-02T22:15:07.345Z",
            "eventName": "ObjectCreated:Put",
            "userIdentity": {"principalId": "AWS:AROAEXAMPLE:i-0123456789abcdef0"},
            "requestParameters": {"sourceIPAddress": "10.20.64.7"},
            "responseElements": {
                "x-amz-request-id": "C3D13FE58DE4C810",
                "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD",
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "tf-s3-lambda-20260302",
                "bucket": {
                    "name": "oracle-images",
                    "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                    "arn": "arn:aws:s3:::oracle-images",
                },
                "object": {
                    "key": "companies/aapl.webp",
                    "size": 48213,
                    "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                    "versionId": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
                    "sequencer": "0055AED6DCD90281E5",
                },
            },
        }
    ]
}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The cloud, in process, with the bucket of marks and a verified sender."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ADMIN_ADDRESS", ADMIN)
    monkeypatch.setenv("MAIL_FROM", SENDER)
    monkeypatch.setenv("SITE_URL", "https://oracle.example.com")
    monkeypatch.setenv("NOTICES_BUCKET", NOTICES)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=NOTICES)
        verify()
        yield


def verify() -> None:
    """Have SES know the sender."""
    boto3.client("ses").verify_email_identity(EmailAddress=SENDER)


def event_of(*keys: str, **about: Any) -> dict[str, Any]:
    """Return an event with a record for each key, as S3 writes keys."""
    records = []
    for number, key in enumerate(keys):
        record = copy.deepcopy(EVENT["Records"][0])
        record["s3"]["object"] |= {"key": key, "sequencer": f"0055AED6DCD9028{number:X}", **about}
        records.append(record)
    return {"Records": records}


def mails() -> list[Any]:
    """Return what SES has accepted."""
    return list(ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages)


def marks() -> list[str]:
    """Return the text of each mark."""
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket=NOTICES).get("Contents", [])
    return [
        s3.get_object(Bucket=NOTICES, Key=mark["Key"])["Body"].read().decode() for mark in found
    ]


@pytest.mark.usefixtures("cloud")
def test_the_admin_gets_a_mail_about_an_upload() -> None:
    """Name, type, size, time and link are in one mail, from the sender to the admin."""
    assert image_upload.handle(EVENT, None) == {"sent": 1}
    (mail,) = mails()
    assert mail.source == SENDER
    assert mail.destinations["ToAddresses"] == [ADMIN]
    assert mail.subject == "New picture: aapl.webp"
    assert mail.body == (
        "A picture was uploaded.\n\n"
        "Name: companies/aapl.webp\n"
        "Type: WebP picture\n"
        "Size: 48.2 kB\n"
        "Time: 2026-03-02 22:15:07 UTC\n"
        "Link: https://oracle.example.com/images/companies/aapl.webp\n"
    )


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("two+words.png", "two words.png"),
        ("one%2Bone.png", "one+one.png"),
        ("M%C3%BCnchen+%26+%C3%9Cbung.jpg", "München & Übung.jpg"),
        ("100%25.png", "100%.png"),
        ("a/b+c/%E6%A0%AA.svg", "a/b c/株.svg"),
    ],
)
def test_odd_keys_are_named_as_people_wrote_them(written: str, key: str) -> None:
    """Spaces, plus signs, per cents and other alphabets are right in the name."""
    (upload,) = image_upload.read_uploads(event_of(written))
    assert f"\nName: {key}\n" in image_upload.body(upload, "https://oracle.example.com")


@pytest.mark.parametrize(
    "key",
    [
        "aapl.webp",
        "companies/brk-b.3f2a9c1b7d4e.png",
        "a/b/c/d.svg",
        "a.avif",
        "a.jpg",
        "a/b/c/d/e.svg",
        "summer photo.png",
        "photo+1.png",
        "a.jpeg",
        "a.gif",
        "Logo.PNG",
        "a.3F2A9C1B7D4E.png",
        "a.3f2a.png",
        "a..png",
        "/a.png",
        "../a.png",
        "-a.png",
        f"{'a' * 64}.png",
        f"{'a' * 65}.png",
        "株.svg",
        "a.png\n",
    ],
)
def test_a_link_is_given_where_the_site_shows_the_picture(key: str) -> None:
    """The site's own rule for keys decides; else the mail says that there is no link, and why."""
    (upload,) = image_upload.read_uploads(event_of(quote_plus(key)))
    assert upload.key == key
    link = (
        "none, the site does not show names like this"
        if find_image_key(key) is None
        else f"https://oracle.example.com/images/{key}"
    )
    body = image_upload.body(upload, "https://oracle.example.com")
    assert body.endswith(f"\nLink: {link}\n")


@pytest.mark.usefixtures("cloud")
def test_a_name_cannot_write_lines_of_its_own() -> None:
    """Line ends and marks that turn the direction are shown as replaced."""
    image_upload.handle(event_of("a%0D%0ABcc%3A+x%E2%80%AEgnp.png"), None)
    (mail,) = mails()
    assert "\nName: a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}Bcc: x" in mail.body
    assert "\n" not in mail.subject
    assert "\u202e" not in mail.body + mail.subject


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("a.PNG", "PNG picture"),
        ("a.b.jpeg", "JPEG picture"),
        ("a.avif", "AVIF picture"),
        ("a.svg", "SVG drawing"),
        ("a.exe", "unknown (.exe)"),
        ("folder.png/readme", "unknown (its name has no suffix)"),
        ("a.", "unknown (its name has no suffix)"),
    ],
)
def test_the_type_is_read_from_the_suffix(key: str, kind: str) -> None:
    """The suffix of the name decides, in any case; another one is named as unknown."""
    (upload,) = image_upload.read_uploads(event_of(key))
    assert upload.kind == kind
    assert f"\nType: {kind}\n" in image_upload.body(upload, "https://oracle.example.com")


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (2_500_000, "2.5 MB"),
    ],
)
def test_the_size_is_said_in_words(size: int, words: str) -> None:
    """Bytes, kilobytes or megabytes, never 1000.0 of them."""
    assert image_upload.readable_size(size) == words


@pytest.mark.usefixtures("cloud")
def test_the_same_event_again_sends_no_second_mail() -> None:
    """S3 delivers at least once; the mail is sent once."""
    assert image_upload.handle(EVENT, None) == {"sent": 1}
    assert image_upload.handle(copy.deepcopy(EVENT), None) == {"sent": 0}
    assert len(mails()) == 1


@pytest.mark.usefixtures("cloud")
def test_the_same_key_uploaded_again_is_news() -> None:
    """A later upload has another sequencer, even if its content is the same."""
    again = copy.deepcopy(EVENT)
    again["Records"][0]["s3"]["object"]["sequencer"] = "0055AED6DCD90281E6"
    image_upload.handle(EVENT, None)
    assert image_upload.handle(again, None) == {"sent": 1}
    assert len(mails()) == 2


@pytest.mark.usefixtures("cloud")
def test_each_record_of_an_event_has_its_mail() -> None:
    """An event with several uploads sends as many mails."""
    assert image_upload.handle(event_of("a.png", "b.png", "c.png"), None) == {"sent": 3}
    assert [mail.subject for mail in mails()] == [
        "New picture: a.png",
        "New picture: b.png",
        "New picture: c.png",
    ]


@pytest.mark.usefixtures("cloud")
def test_the_test_event_of_a_new_subscription_is_no_upload() -> None:
    """S3 sends it when the notification is set up; it is neither told of nor an error."""
    event = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2026-03-02T22:15:07.345Z",
        "Bucket": "oracle-images",
        "RequestId": "5582815E1AEA5ADF",
        "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
    }
    assert image_upload.handle(event, None) == {"sent": 0}
    assert mails() == []


@pytest.mark.usefixtures("cloud")
def test_a_removed_picture_is_no_upload() -> None:
    """Only created objects are told of."""
    event = copy.deepcopy(EVENT)
    event["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    assert image_upload.handle(event, None) == {"sent": 0}


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({}, "it has no Records, but nothing"),
        ({"detail": {}}, "it has no Records, but detail"),
        ({"Records": [{"eventSource": "aws:sqs"}]}, "not of S3 but of aws:sqs"),
        (
            {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {}}]},
            "lacks 'bucket'",
        ),
    ],
)
def test_what_is_no_event_of_s3_is_refused(event: dict[str, Any], why: str) -> None:
    """The error says what it was instead, and the event ends in the dead-letter queue."""
    with pytest.raises(image_upload.UnreadableEventError, match=why):
        list(image_upload.read_uploads(event))


@pytest.mark.usefixtures("cloud")
def test_a_mail_that_was_refused_is_an_error_and_sent_at_the_next_try() -> None:
    """Nothing is remembered of a mail that was not sent."""
    boto3.client("ses").delete_identity(Identity=SENDER)
    with pytest.raises(ExceptionGroup, match="1 uploads could not be told of") as failed:
        image_upload.handle(EVENT, None)
    assert isinstance(failed.value.exceptions[0], ClientError)
    assert marks() == []
    verify()
    assert image_upload.handle(EVENT, None) == {"sent": 1}


@pytest.mark.usefixtures("cloud")
def test_one_failure_keeps_no_other_upload_from_being_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All records are tried, then the error is raised; trying again sends only what is missing."""
    body = image_upload.body

    def fail_for_b(upload: image_upload.Upload, site: str) -> str:
        if upload.key == "b.png":
            raise RuntimeError("not this one")
        return body(upload, site)

    event = event_of("a.png", "b.png", "c.png")
    monkeypatch.setattr(image_upload, "body", fail_for_b)
    with pytest.raises(ExceptionGroup, match="1 uploads"):
        image_upload.handle(event, None)
    monkeypatch.setattr(image_upload, "body", body)
    assert image_upload.handle(event, None) == {"sent": 1}
    assert [mail.subject[-5:] for mail in mails()] == ["a.png", "c.png", "b.png"]


def begin(at: datetime) -> image_upload.Surroundings:
    """Leave the mark of an invocation that has begun, and return the surroundings of that time."""
    around = image_upload.Surroundings(
        admin=ADMIN,
        sender=SENDER,
        site="https://oracle.example.com",
        notices=NOTICES,
        s3=boto3.client("s3"),
        ses=boto3.client("sesv2"),
        now=lambda: at,
    )
    (upload,) = image_upload.read_uploads(EVENT)
    boto3.client("s3").put_object(
        Bucket=NOTICES, Key=f"uploads/{upload.identity}", Body=b"begun before"
    )
    return around


@pytest.mark.usefixtures("cloud")
def test_an_upload_that_another_is_telling_of_is_tried_later() -> None:
    """Neither a second mail, nor silence if the first invocation should die."""
    around = begin(datetime.now(UTC))
    with pytest.raises(ExceptionGroup) as failed:
        image_upload.tell_all(EVENT, around)
    assert isinstance(failed.value.exceptions[0], image_upload.BeingToldError)
    assert mails() == []
    assert marks() == ["begun before"]


@pytest.mark.usefixtures("cloud")
def test_an_upload_whose_teller_died_is_taken_over() -> None:
    """After some minutes a mark without a mail counts no more."""
    around = begin(datetime.now(UTC) + timedelta(minutes=3))
    assert image_upload.tell_all(EVENT, around) == 1
    assert marks() == ["sent"]


@pytest.mark.usefixtures("cloud")
def test_of_two_who_take_over_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark is taken over only as it was read."""
    around = begin(datetime.now(UTC) + timedelta(minutes=3))
    get_object = around.s3.get_object

    def read_then_lose(**request: Any) -> Any:
        found = get_object(**request)
        boto3.client("s3").put_object(
            Bucket=request["Bucket"], Key=request["Key"], Body=b"begun by the other"
        )
        return found

    monkeypatch.setattr(around.s3, "get_object", read_then_lose)
    with pytest.raises(ExceptionGroup) as failed:
        image_upload.tell_all(EVENT, around)
    assert isinstance(failed.value.exceptions[0], image_upload.BeingToldError)
    assert mails() == []


@pytest.mark.usefixtures("cloud")
def test_the_mark_holds_nothing_about_the_picture() -> None:
    """Its name is a hash and its text one word."""
    image_upload.handle(EVENT, None)
    (mark,) = boto3.client("s3").list_objects_v2(Bucket=NOTICES)["Contents"]
    assert "aapl" not in json.dumps(mark, default=str)
    assert marks() == ["sent"]
