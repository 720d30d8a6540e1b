"""A stand-in for Amazon SES and its event queue: it speaks both, and fails as a test decides.

It keeps a ledger of every mail it accepted, which is what tests compare with what the application
believes. In a test's own process it is `FakeSes`; as a process of its own it is run as
`python tests/standins/ses.py`, prints its address, and is steered over `/control`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from base64 import b64decode
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from email import message_from_bytes
from email.policy import SMTP
from enum import StrEnum
from random import Random
from typing import Any
from uuid import uuid4

from aiohttp import web

SEND = "/v2/email/outbound-emails"
ACCOUNT = "/v2/email/account"
QUEUE_PATH = "/123456789012/oracle-mail-events"
TOPIC = "arn:aws:sns:us-east-1:123456789012:oracle-mail-events"
LONG = 3600.0


class Fault(StrEnum):
    """What happens to one request; the names say whether the mail was accepted."""

    THROTTLED = "throttled"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    QUOTA = "quota"
    REJECTED = "rejected"
    BAD_REQUEST = "bad_request"
    FAILED = "failed"
    FAILED_AFTER_ACCEPTING = "failed_after_accepting"
    HANGS = "hangs"
    HANGS_AFTER_ACCEPTING = "hangs_after_accepting"
    RESET = "reset"
    RESET_AFTER_ACCEPTING = "reset_after_accepting"


_ANSWERS = {
    Fault.THROTTLED: (429, "TooManyRequestsException"),
    Fault.PAUSED: (400, "SendingPausedException"),
    Fault.SUSPENDED: (400, "AccountSuspendedException"),
    Fault.QUOTA: (400, "LimitExceededException"),
    Fault.REJECTED: (400, "MessageRejected"),
    Fault.BAD_REQUEST: (400, "BadRequestException"),
    Fault.FAILED: (500, "InternalFailure"),
    Fault.FAILED_AFTER_ACCEPTING: (500, "InternalFailure"),
}
_ACCEPTING = {
    None,
    Fault.FAILED_AFTER_ACCEPTING,
    Fault.HANGS_AFTER_ACCEPTING,
    Fault.RESET_AFTER_ACCEPTING,
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A mail that was accepted, at `at` (seconds since 1970), whatever was answered."""

    recipient: str
    id: str
    message_id: str
    subject: str
    tags: dict[str, str]
    configuration_set: str
    at: float
    fault: str


@dataclass
class Behaviour:
    """How requests are answered: `script` first, one fault or None each; then by chance.

    `shares` gives the share of requests with each fault, drawn with `seed`. `events` names the
    event types that follow each accepted mail, each `copies` times, after `event_delay` seconds.
    """

    latency: float = 0.0
    script: list[str | None] = field(default_factory=list)
    always: str | None = None
    shares: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    rejected: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    copies: int = 1
    event_delay: float = 0.0
    keeps_content: bool = False
    rate: float = 14.0
    daily: float = 50_000.0
    knows_account: bool = True


class FakeSes:
    """The server. `url` is the endpoint for SES and SQS alike, `queue_url` the queue's address."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.ledger: list[Accepted] = []
        self.contents: list[bytes] = []
        self.requests = 0
        self.answers: Counter[str] = Counter()
        self.in_flight = self.most_in_flight = 0
        self.queue: deque[dict[str, str]] = deque()
        self.taken: dict[str, dict[str, str]] = {}
        self.acknowledged: list[str] = []
        self.url = ""
        self._script: deque[str | None] = deque(self.behaviour.script)
        self._random = Random(self.behaviour.seed)
        self._runner: web.AppRunner | None = None
        self._arrived = asyncio.Event()
        self._accepted = asyncio.Condition()

    @property
    def queue_url(self) -> str:
        """The address of the event queue."""
        return f"{self.url}{QUEUE_PATH}"

    def behave(self, **changes: Any) -> None:
        """Change the behaviour from now on; a new script or seed begins afresh."""
        for name, value in changes.items():
            if name not in Behaviour.__dataclass_fields__:
                raise ValueError(f"there is no behaviour {name}")
            setattr(self.behaviour, name, value)
        if "script" in changes:
            self._script = deque(self.behaviour.script)
        if "seed" in changes:
            self._random = Random(self.behaviour.seed)

    async def start(self, port: int = 0) -> None:
        """Listen on loopback."""
        app = web.Application(client_max_size=2**22)
        app.router.add_post(SEND, self._send)
        app.router.add_get(ACCOUNT, self._account)
        app.router.add_post("/", self._sqs)
        app.router.add_post(QUEUE_PATH, self._sqs)
        app.router.add_get("/control", self._read_control)
        app.router.add_post("/control", self._change_control)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening and cut what is still open."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def has_accepted(self, count: int) -> None:
        """Return once that many mails were accepted in all."""
        async with self._accepted:
            await self._accepted.wait_for(lambda: len(self.ledger) >= count)

    def put_event(self, message: dict[str, Any] | str, *, topic: str = TOPIC) -> None:
        """Put a report of SES into the queue, in the envelope of SNS."""
        text = message if isinstance(message, str) else json.dumps(message)
        envelope = {
            "Type": "Notification",
            "MessageId": str(uuid4()),
            "TopicArn": topic,
            "Message": text,
        }
        self.put_raw(json.dumps(envelope))

    def put_raw(self, body: str) -> None:
        """Put any text into the queue."""
        self.queue.append({"MessageId": str(uuid4()), "Body": body})
        self._arrived.set()

    async def _send(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._answer(request, await request.json())
        finally:
            self.in_flight -= 1

    async def _answer(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        recipient = body["Destination"]["ToAddresses"][0]
        fault = self._choose_fault(recipient)
        self.answers[fault or "accepted"] += 1
        # Latency lies before accepting: what a client hears of at once, it was accepted at once.
        if self.behaviour.latency:
            await asyncio.sleep(self.behaviour.latency)
        identifier = ""
        if fault in _ACCEPTING:
            identifier = self._accept(recipient, body, fault)
            async with self._accepted:
                self._accepted.notify_all()
        if fault in {Fault.HANGS, Fault.HANGS_AFTER_ACCEPTING}:
            await asyncio.sleep(LONG)
        if fault in {Fault.RESET, Fault.RESET_AFTER_ACCEPTING}:
            if request.transport is not None:
                request.transport.abort()
            await asyncio.sleep(0)
        if fault is not None and fault in _ANSWERS:
            status, code = _ANSWERS[fault]
            return web.json_response(
                {"message": f"{code} for {recipient}"},
                status=status,
                headers={"x-amzn-ErrorType": code},
            )
        return web.json_response({"MessageId": identifier})

    def _choose_fault(self, recipient: str) -> Fault | None:
        if self._script:
            planned = self._script.popleft()
            return None if planned is None else Fault(planned)
        if self.behaviour.always is not None:
            return Fault(self.behaviour.always)
        if recipient in self.behaviour.rejected:
            return Fault.REJECTED
        drawn = self._random.random()
        for name, share in self.behaviour.shares.items():
            if drawn < share:
                return Fault(name)
            drawn -= share
        return None

    def _accept(self, recipient: str, body: dict[str, Any], fault: Fault | None) -> str:
        content = b64decode(body["Content"]["Raw"]["Data"])
        head = message_from_bytes(content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", policy=SMTP)
        accepted = Accepted(
            recipient=recipient,
            id=f"0100{uuid4().hex}-000000",
            message_id=str(head["Message-ID"]).strip("<> "),
            subject=str(head["Subject"]),
            tags={tag["Name"]: tag["Value"] for tag in body.get("EmailTags", [])},
            configuration_set=body.get("ConfigurationSetName", ""),
            at=time.time(),
            fault=fault or "",
        )
        self.ledger.append(accepted)
        if self.behaviour.keeps_content:
            self.contents.append(content)
        loop = asyncio.get_running_loop()
        for kind in self.behaviour.events:
            for _ in range(self.behaviour.copies):
                event = event_of(accepted, kind)
                loop.call_later(self.behaviour.event_delay, self.put_event, event)
        return accepted.id

    async def _account(self, request: web.Request) -> web.Response:
        del request
        if not self.behaviour.knows_account:
            return web.json_response(
                {"message": "no"}, status=403, headers={"x-amzn-ErrorType": "AccessDeniedException"}
            )
        quota = {
            "Max24HourSend": self.behaviour.daily,
            "MaxSendRate": self.behaviour.rate,
            "SentLast24Hours": float(len(self.ledger)),
        }
        return web.json_response({"SendQuota": quota, "SendingEnabled": True})

    async def _sqs(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.text())
        match request.headers.get("X-Amz-Target", "").partition(".")[2]:
            case "ReceiveMessage":
                answer = await self._receive(asked)
            case "DeleteMessageBatch":
                answer = {"Successful": [self._delete(each) for each in asked["Entries"]]}
            case "DeleteMessage":
                self._delete({"Id": "1", **asked})
                answer = {}
            case other:
                return web.json_response({"message": f"unknown call {other}"}, status=400)
        return web.json_response(answer, content_type="application/x-amz-json-1.0")

    async def _receive(self, asked: dict[str, Any]) -> dict[str, Any]:
        if not self.queue:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), asked.get("WaitTimeSeconds", 0))
            except TimeoutError:
                return {}
        messages: list[dict[str, str]] = []
        while self.queue and len(messages) < asked.get("MaxNumberOfMessages", 1):
            message = self.queue.popleft()
            receipt = uuid4().hex
            self.taken[receipt] = message
            messages.append({**message, "ReceiptHandle": receipt})
        return {"Messages": messages}

    def _delete(self, entry: dict[str, Any]) -> dict[str, Any]:
        message = self.taken.pop(entry["ReceiptHandle"], None)
        if message is not None:
            self.acknowledged.append(message["MessageId"])
        return {"Id": entry["Id"]}

    async def _read_control(self, request: web.Request) -> web.Response:
        first = int(request.query.get("first", "0"))
        return web.json_response(
            {
                "requests": self.requests,
                "accepted": len(self.ledger),
                "answers": dict(self.answers),
                "most_in_flight": self.most_in_flight,
                "queued": len(self.queue),
                "acknowledged": len(self.acknowledged),
                "behaviour": asdict(self.behaviour),
                "ledger": [asdict(each) for each in self.ledger[first:]],
            }
        )

    async def _change_control(self, request: web.Request) -> web.Response:
        changes = await request.json()
        for event in changes.pop("put_events", []):
            self.put_event(event)
        for body in changes.pop("put_raw", []):
            self.put_raw(body)
        self.behave(**changes)
        return web.json_response(asdict(self.behaviour))


def event_of(accepted: Accepted, kind: str, **details: Any) -> dict[str, Any]:
    """Return what SES would report of that mail: `Send`, `Delivery`, `Bounce`, `Complaint` ...

    `details` go into the part that is named after the kind.
    """
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(accepted.at))
    recipients = [{"emailAddress": accepted.recipient}]
    parts: dict[str, dict[str, Any]] = {
        "Send": {},
        "Delivery": {"timestamp": moment, "recipients": [accepted.recipient]},
        "Bounce": {
            "timestamp": moment,
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": recipients,
            "feedbackId": f"feedback-{accepted.id}",
        },
        "Complaint": {
            "timestamp": moment,
            "complainedRecipients": recipients,
            "complaintFeedbackType": "abuse",
            "feedbackId": f"feedback-{accepted.id}",
        },
        "DeliveryDelay": {"timestamp": moment, "delayedRecipients": recipients},
        "Reject": {"reason": "Bad content"},
    }
    return {
        "eventType": kind,
        "mail": {
            "timestamp": moment,
            "messageId": accepted.id,
            "destination": [accepted.recipient],
            "tags": {name: [value] for name, value in accepted.tags.items()},
        },
        kind[0].lower() + kind[1:]: parts[kind] | details,
    }


async def _serve(port: int, behaviour: Behaviour) -> None:
    server = FakeSes(behaviour)
    await server.start(port)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--behaviour", type=json.loads, default={})
    options = parser.parse_args()
    asyncio.run(_serve(options.port, Behaviour(**options.behaviour)))


if __name__ == "__main__":
    main()
