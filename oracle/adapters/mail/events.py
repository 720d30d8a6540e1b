"""What SES reports of mail it had accepted: its events, through SNS, from an SQS queue.

The queue is the one way in, and whoever can write to it could suppress an address. What does not
look like a report, or comes from another topic than the configured one, is dropped with a line in
the log, which holds no address.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import datetime
from email.utils import parseaddr
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

from oracle.domain.errors import MailNotSent
from oracle.domain.runs import MailEvent, MailEventKind
from oracle.domain.subscribers import EmailAddress
from oracle.observability.logs import get_logger
from oracle.ports import ReceivedEvents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_aiobotocore_sqs import SQSClient

_KINDS: Final = {
    "Send": MailEventKind.SENT,
    "Delivery": MailEventKind.DELIVERED,
    "Bounce": MailEventKind.BOUNCED,
    "DeliveryDelay": MailEventKind.DELAYED,
    "Complaint": MailEventKind.COMPLAINED,
    "Reject": MailEventKind.REJECTED,
}
_IGNORED: Final = frozenset({"Open", "Click", "Subscription", "Rendering Failure"})
_CONCERNED: Final = {
    "Bounce": ("bounce", "bouncedRecipients"),
    "Complaint": ("complaint", "complainedRecipients"),
    "DeliveryDelay": ("deliveryDelay", "delayedRecipients"),
}
_MOST: Final = 10
"""What one call to SQS may return."""

_DETAIL: Final = 200
_IDENTIFIER: Final = 255
_DIGITS: Final = 18
"""Of the numbers that the database holds; a longer one is nobody's delivery."""

_log = get_logger(__name__)


class ForgedEvent(ValueError):
    """A message that is no report of SES, or not from where reports come."""


class SesEventQueue:
    """Reads reports by long polling; each comes at least once, in any order."""

    def __init__(
        self,
        queue_url: str,
        *,
        region: str,
        endpoint: str | None,
        topic: str = "",
        wait: int = 5,
        deadline: float = 10.0,
    ) -> None:
        self._queue_url = queue_url
        self._region = region
        self._endpoint = endpoint
        self._topic = topic
        self._wait = wait
        self._deadline = deadline
        self._open = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._client: SQSClient | None = None

    async def receive(self) -> ReceivedEvents:
        """Return the next reports, none after a short wait. Raises MailNotSent if out of reach."""
        client = await self._connect()
        try:
            async with asyncio.timeout(self._wait + self._deadline):
                answer = await client.receive_message(
                    QueueUrl=self._queue_url,
                    MaxNumberOfMessages=_MOST,
                    WaitTimeSeconds=self._wait,
                )
        except (ClientError, BotoCoreError, TimeoutError) as error:
            raise _out_of_reach(error) from None
        events: list[MailEvent] = []
        receipts: list[str] = []
        refused = 0
        for message in answer.get("Messages", []):
            receipts.append(message["ReceiptHandle"])
            try:
                event = read_event(message.get("Body", ""), topic=self._topic)
            except ForgedEvent as error:
                _log.warning("mail_event_refused", why=str(error), id=message.get("MessageId"))
                refused += 1
                continue
            if event is not None:
                events.append(event)
        return ReceivedEvents(events, receipts, refused)

    async def acknowledge(self, receipts: Sequence[str]) -> None:
        """Say that these are dealt with. Raises MailNotSent: what was not said comes again."""
        client = await self._connect()
        try:
            for first in range(0, len(receipts), _MOST):
                batch = receipts[first : first + _MOST]
                async with asyncio.timeout(self._deadline):
                    await client.delete_message_batch(
                        QueueUrl=self._queue_url,
                        Entries=[
                            {"Id": str(place), "ReceiptHandle": receipt}
                            for place, receipt in enumerate(batch)
                        ],
                    )
        except (ClientError, BotoCoreError, TimeoutError) as error:
            raise _out_of_reach(error) from None

    async def aclose(self) -> None:
        """Release the client and its connections."""
        async with self._opening:
            self._client = None
            await self._open.aclose()

    async def _connect(self) -> SQSClient:
        async with self._opening:
            if self._client is None:
                config = AioConfig(
                    connect_timeout=self._deadline,
                    read_timeout=self._wait + self._deadline,
                    # A lost call is made again by the next round; a lost message comes again.
                    retries={"total_max_attempts": 1, "mode": "standard"},
                )
                self._client = await self._open.enter_async_context(
                    aioboto3.Session().client(
                        "sqs",
                        region_name=self._region,
                        endpoint_url=self._endpoint,
                        config=config,
                    )
                )
            return self._client


def read_event(body: str, *, topic: str = "") -> MailEvent | None:
    """Return the report in a queue's message, or None for a kind that nobody asked for.

    With `topic`, only the envelope of SNS from that topic is believed; without, a bare report is
    as well. The same report has the same `id`, however often and in whatever envelope it comes.
    Raises ForgedEvent, whose text repeats nothing of the message.
    """
    try:
        return _read_report(_unwrap(_object(json.loads(body)), topic))
    except ForgedEvent:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ForgedEvent(f"it cannot be read ({type(error).__name__})") from None


def _unwrap(outer: dict[str, Any], topic: str) -> dict[str, Any]:
    if topic and outer.get("TopicArn") != topic:
        raise ForgedEvent("it is not of the topic that is expected")
    return _object(json.loads(outer["Message"])) if "TopicArn" in outer else outer


def _read_report(report: dict[str, Any]) -> MailEvent | None:
    name = str(report.get("eventType") or report["notificationType"])
    if name in _IGNORED:
        return None
    if name not in _KINDS:
        raise ForgedEvent("its kind is not known")
    mail = _object(report["mail"])
    part, listed = _CONCERNED.get(name, (name[0].lower() + name[1:], ""))
    details = _object(report.get(part) or {})
    recipients = [_object(each)["emailAddress"] for each in details.get(listed, [])]
    tags = _object(mail.get("tags") or {})
    return MailEvent(
        id=sha256(json.dumps(report, sort_keys=True).encode()).hexdigest(),
        kind=_KINDS[name],
        message_id=str(mail["messageId"])[:_IDENTIFIER],
        delivery_id=_number(tags.get("delivery")),
        attempt=_number(tags.get("attempt")),
        fingerprints=tuple(_fingerprint(each) for each in recipients),
        is_permanent=name in {"Complaint", "Reject"} or details.get("bounceType") == "Permanent",
        detail=_detail(details),
        happened_at=_moment(str(details.get("timestamp") or mail["timestamp"])),
    )


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _number(tag: Any) -> int | None:
    if tag is None:
        return None
    (value,) = tag
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= _DIGITS else None


def _fingerprint(recipient: str) -> str:
    # A recipient may come with a name; what is left is spelt as the subscribers' keys are.
    address = parseaddr(recipient)[1].strip()
    if "@" not in address:
        raise ForgedEvent("one of its recipients is no address")
    return EmailAddress(address, address.casefold()).fingerprint


def _detail(details: dict[str, Any]) -> str:
    """Return the kind of trouble in SES's own closed set of words; free text may hold addresses."""
    words = (
        details.get(name)
        for name in ("bounceType", "bounceSubType", "complaintFeedbackType", "delayType")
    )
    text = " ".join(word for word in words if isinstance(word, str))
    return "".join(letter for letter in text if letter.isalnum() or letter in " -_")[:_DETAIL]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment


def _out_of_reach(error: Exception) -> MailNotSent:
    return MailNotSent(f"The queue of mail events is out of reach ({type(error).__name__}).")
