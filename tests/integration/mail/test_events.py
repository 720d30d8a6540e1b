"""The queue of the provider's reports, on the stand-in and through moto's SNS and SQS."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import aioboto3
import pytest
from moto.server import ThreadedMotoServer
from structlog.testing import capture_logs

from oracle.adapters.mail.events import ForgedEvent, SesEventQueue, read_event
from oracle.domain.errors import MailNotSent
from oracle.domain.runs import MailEventKind
from oracle.domain.subscribers import EmailAddress
from tests.contract.mailer import mail_to
from tests.integration.mail.conftest import ses_mailer
from tests.standins.ses import TOPIC, Accepted, event_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.standins.ses import FakeSes

pytestmark = pytest.mark.usefixtures("_credentials")

READER = "Reader@Example.org"
FINGERPRINT = EmailAddress(READER, READER.casefold()).fingerprint
ACCEPTED = Accepted(
    recipient=READER,
    id="0100-1",
    message_id="digest.rehearsal.2026-03-02.1@oracle.example",
    subject="Tonight's pick",
    tags={"run": "3", "delivery": "17", "attempt": "2"},
    configuration_set="oracle",
    at=1_772_000_000.0,
    fault="",
)


def queue_at(url: str, queue_url: str, *, topic: str = TOPIC) -> SesEventQueue:
    """Return the queue at that server, patient for a second."""
    return SesEventQueue(
        queue_url, region="us-east-1", endpoint=url, topic=topic, wait=1, deadline=5.0
    )


@pytest.fixture
async def queue(ses: FakeSes) -> AsyncIterator[SesEventQueue]:
    """The stand-in's queue."""
    queue = queue_at(ses.url, ses.queue_url)
    yield queue
    await queue.aclose()


async def test_what_became_of_a_mail_comes_back_by_its_tags(
    ses: FakeSes, queue: SesEventQueue
) -> None:
    """A mail that was sent is reported with its delivery and attempt, and then no more."""
    ses.behave(events=["Send", "Delivery"])
    mailer = ses_mailer(ses.url)
    identifier = await mailer.send(mail_to(READER, number=7))
    await mailer.aclose()
    received = await queue.receive()
    assert [each.kind for each in received.events] == [MailEventKind.SENT, MailEventKind.DELIVERED]
    for event in received.events:
        assert (event.delivery_id, event.attempt) == (7, 1)
        assert event.message_id == identifier
        assert event.happened_at.tzinfo is not None
    await queue.acknowledge(received.receipts)
    assert len(ses.acknowledged) == 2
    assert (await queue.receive()).receipts == []


async def test_nothing_to_report_is_an_empty_answer(queue: SesEventQueue) -> None:
    """An empty queue is no error, and saying that nothing was dealt with is none either."""
    received = await queue.receive()
    assert (list(received.events), list(received.receipts)) == ([], [])
    await queue.acknowledge([])


async def test_one_report_has_one_name_however_it_comes(ses: FakeSes, queue: SesEventQueue) -> None:
    """Five copies in envelopes of their own, in any order, are the same event."""
    report = event_of(ACCEPTED, "Bounce")
    for _ in range(5):
        ses.put_event(report)
    ses.put_event(event_of(ACCEPTED, "Send"))
    events = (await queue.receive()).events
    assert len({each.id for each in events if each.kind is MailEventKind.BOUNCED}) == 1
    assert len({each.id for each in events}) == 2
    assert all(0 < len(each.id) <= 255 for each in events)


async def test_forged_and_broken_messages_are_dropped_with_a_line(
    ses: FakeSes, queue: SesEventQueue
) -> None:
    """Each is acknowledged, so that it does not come again; the log names no address."""
    ses.put_event(event_of(ACCEPTED, "Complaint"), topic="arn:aws:sns:us-east-1:1:somebody-else")
    ses.put_raw(json.dumps(event_of(ACCEPTED, "Complaint")))
    ses.put_raw(f"not json {READER}")
    ses.put_event({"eventType": "Complaint", "mail": {"destination": [READER]}})
    ses.put_event(event_of(ACCEPTED, "Bounce"))
    with capture_logs() as logs:
        received = await queue.receive()
    assert [each.kind for each in received.events] == [MailEventKind.BOUNCED]
    assert len(received.receipts) == 5
    refused = [line for line in logs if line["event"] == "mail_event_refused"]
    assert len(refused) == 4
    assert "example.org" not in str(logs).lower()
    await queue.acknowledge(received.receipts)
    assert len(ses.acknowledged) == 5


async def test_a_queue_out_of_reach_is_told_as_such() -> None:
    """The scheduler logs it and asks again; nothing else depends on it."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        queue = queue_at(url, f"{url}/1/queue")
        with pytest.raises(MailNotSent):
            await queue.receive()
        with pytest.raises(MailNotSent):
            await queue.acknowledge(["receipt"])
        await queue.aclose()
        await queue.aclose()


@pytest.mark.parametrize(
    ("kind", "details", "expected", "permanent"),
    [
        ("Send", {}, MailEventKind.SENT, False),
        ("Delivery", {}, MailEventKind.DELIVERED, False),
        ("Bounce", {}, MailEventKind.BOUNCED, True),
        ("Bounce", {"bounceType": "Transient"}, MailEventKind.BOUNCED, False),
        ("Bounce", {"bounceType": "Undetermined"}, MailEventKind.BOUNCED, False),
        ("DeliveryDelay", {}, MailEventKind.DELAYED, False),
        ("Complaint", {}, MailEventKind.COMPLAINED, True),
        ("Reject", {}, MailEventKind.REJECTED, True),
    ],
)
def test_every_kind_is_understood(
    kind: str, details: dict[str, Any], expected: MailEventKind, *, permanent: bool
) -> None:
    """Kind, permanence, tags and whom it concerns are read; the address itself is not kept."""
    event = read_event(json.dumps(event_of(ACCEPTED, kind, **details)))
    assert event is not None
    assert (event.kind, event.is_permanent) == (expected, permanent)
    assert (event.delivery_id, event.attempt, event.message_id) == (17, 2, "0100-1")
    concerned = kind in {"Bounce", "Complaint", "DeliveryDelay"}
    assert event.fingerprints == ((FINGERPRINT,) if concerned else ())
    assert "example" not in repr(event).lower()


def test_a_recipient_with_a_name_is_the_same_address() -> None:
    """SES may write a recipient as it stood on the mail."""
    recipients = [{"emailAddress": f'"A Reader" <{READER}>', "diagnosticCode": "550 no"}]
    event = read_event(json.dumps(event_of(ACCEPTED, "Bounce", bouncedRecipients=recipients)))
    assert event is not None
    assert event.fingerprints == (FINGERPRINT,)


@pytest.mark.parametrize("kind", ["Open", "Click", "Subscription", "Rendering Failure"])
def test_kinds_that_nobody_asked_for_are_passed_over(kind: str) -> None:
    """A configuration set that reports more than is needed does no harm."""
    assert read_event(json.dumps({"eventType": kind, "mail": {}})) is None


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"delivery": ["-1"], "attempt": ["x"]},
        {"delivery": ["9" * 40], "attempt": ["1" * 40]},
        {"delivery": ["\N{ARABIC-INDIC DIGIT ONE}"], "attempt": [""]},
    ],
)
def test_tags_that_are_no_numbers_are_nobodys(tags: dict[str, list[str]]) -> None:
    """A report without usable tags still counts for its address."""
    report = event_of(ACCEPTED, "Bounce")
    report["mail"]["tags"] = tags
    event = read_event(json.dumps(report))
    assert event is not None
    assert (event.delivery_id, event.attempt) == (None, None)
    assert event.fingerprints == (FINGERPRINT,)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '"text"',
        "[" * 10_000,
        '{"eventType":"Bounce"}',
        '{"eventType":"Bounce","mail":[]}',
        '{"eventType":"Strange","mail":{"messageId":"1","timestamp":"2026-03-02T00:00:00Z"}}',
        '{"eventType":"Send","mail":{"messageId":"1","timestamp":"yesterday"}}',
        '{"eventType":"Send","mail":{"messageId":"1","timestamp":"2026-03-02T00:00:00"}}',
        '{"TopicArn":"a","Message":"no json"}',
        '{"TopicArn":"a","Message":7}',
        (
            '{"eventType":"Bounce","mail":{"messageId":"1","timestamp":"2026-03-02T00:00:00Z"},'
            '"bounce":{"bouncedRecipients":[{"emailAddress":"nobody"}]}}'
        ),
        (
            '{"eventType":"Send","mail":{"messageId":"1","timestamp":"2026-03-02T00:00:00Z",'
            '"tags":{"delivery":["1","2"]}}}'
        ),
    ],
)
def test_what_cannot_be_a_report_is_refused(body: str) -> None:
    """Any other text is ForgedEvent, and never another error that would stop the queue."""
    with pytest.raises(ForgedEvent):
        read_event(body)


class TestThroughMoto:
    """The way of production: SNS publishes, SQS holds, in a server somebody else wrote."""

    @pytest.fixture
    def moto(self) -> Iterator[str]:
        """A server of moto's on a free port."""
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()

    async def test_a_report_arrives_once_acknowledged(self, moto: str) -> None:
        """Published to the topic it is received with its envelope, and gone once dealt with."""
        session = aioboto3.Session()
        place: dict[str, Any] = {"region_name": "us-east-1", "endpoint_url": moto}
        async with session.client("sns", **place) as sns, session.client("sqs", **place) as sqs:
            topic = (await sns.create_topic(Name="oracle-mail-events"))["TopicArn"]
            address = (await sqs.create_queue(QueueName="oracle-mail-events"))["QueueUrl"]
            attributes = await sqs.get_queue_attributes(
                QueueUrl=address, AttributeNames=["QueueArn"]
            )
            await sns.subscribe(
                TopicArn=topic, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"]
            )
            await sns.publish(TopicArn=topic, Message=json.dumps(event_of(ACCEPTED, "Complaint")))
        queue = queue_at(moto, address, topic=topic)
        received = await queue.receive()
        assert [each.kind for each in received.events] == [MailEventKind.COMPLAINED]
        await queue.acknowledge(received.receipts)
        assert (await queue.receive()).receipts == []
        await queue.aclose()
