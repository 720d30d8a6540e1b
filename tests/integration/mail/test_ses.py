"""The mailer of SES, on the scripted stand-in and on moto's server."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING
from urllib.request import urlopen

import aioboto3
import pytest
from moto.server import ThreadedMotoServer

from oracle.domain.errors import (
    MailError,
    MailingPaused,
    MailNotSent,
    MailOutcomeUnknown,
    MailThrottled,
    RecipientRefused,
)
from tests.contract.mailer import MailerContract, mail_to
from tests.integration.mail.conftest import CONFIGURATION_SET, ses_mailer
from tests.standins.ses import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from oracle.adapters.mail.ses import SesMailer
    from tests.standins.ses import FakeSes

pytestmark = pytest.mark.usefixtures("_credentials")

READER = "reader@example.org"


@pytest.fixture
async def mailer(ses: FakeSes) -> AsyncIterator[SesMailer]:
    """A mailer that sends to the stand-in."""
    mailer = ses_mailer(ses.url)
    yield mailer
    await mailer.aclose()


class TestSesMailer(MailerContract):
    """The contract on the stand-in."""

    @pytest.fixture
    def mailer(self, mailer: SesMailer) -> SesMailer:
        """The mailer under test."""
        return mailer

    @pytest.fixture
    def inbox(self, ses: FakeSes) -> Callable[[], Sequence[bytes]]:
        """What the stand-in has accepted."""
        return lambda: ses.contents


class TestSesMailerOnMoto(MailerContract):
    """The contract on moto's server, which somebody else wrote."""

    @pytest.fixture
    def moto(self) -> Iterator[str]:
        """A server of moto's on a free port."""
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        with urlopen(f"http://{host}:{port}/moto-api/reset", data=b"", timeout=5) as answer:
            assert answer.status == 200
        yield f"http://{host}:{port}"
        server.stop()

    @pytest.fixture
    async def mailer(self, moto: str) -> AsyncIterator[SesMailer]:
        """The mailer under test, its sender verified."""
        session = aioboto3.Session()
        async with session.client("ses", region_name="us-east-1", endpoint_url=moto) as client:
            await client.verify_email_identity(EmailAddress="digest@oracle.example")
        mailer = ses_mailer(moto, configuration_set="")
        yield mailer
        await mailer.aclose()

    @pytest.fixture
    def inbox(self, moto: str) -> Callable[[], Sequence[bytes]]:
        """What moto has accepted."""

        def read() -> Sequence[bytes]:
            with urlopen(f"{moto}/moto-api/data.json", timeout=5) as answer:  # noqa: S310
                messages = json.load(answer)["ses"].get("RawMessage", [])
            return [each["raw_data"].encode() for each in messages]

        return read


async def test_one_call_is_one_request(ses: FakeSes, mailer: SesMailer) -> None:
    """Whatever goes wrong, the client asks once; and says of each fault whether it was sent."""
    expected: list[tuple[Fault, type[MailError]]] = [
        (Fault.THROTTLED, MailThrottled),
        (Fault.PAUSED, MailingPaused),
        (Fault.SUSPENDED, MailingPaused),
        (Fault.QUOTA, MailingPaused),
        (Fault.REJECTED, RecipientRefused),
        (Fault.BAD_REQUEST, RecipientRefused),
        (Fault.FAILED, MailOutcomeUnknown),
        (Fault.FAILED_AFTER_ACCEPTING, MailOutcomeUnknown),
        (Fault.RESET, MailOutcomeUnknown),
        (Fault.RESET_AFTER_ACCEPTING, MailOutcomeUnknown),
    ]
    assert {fault for fault, _ in expected} | {Fault.HANGS, Fault.HANGS_AFTER_ACCEPTING} == set(
        Fault
    )
    for number, (fault, kind) in enumerate(expected, start=1):
        ses.behave(script=[fault])
        with pytest.raises(MailError) as caught:
            await mailer.send(mail_to(READER))
        assert type(caught.value) is kind, fault
        assert READER not in str(caught.value)
        assert ses.requests == number, fault
    # Faults pass: the same client sends the next mail.
    assert await mailer.send(mail_to(READER)) == ses.ledger[-1].id


@pytest.mark.parametrize("fault", [Fault.HANGS, Fault.HANGS_AFTER_ACCEPTING])
async def test_silence_is_an_unknown_outcome(ses: FakeSes, fault: Fault) -> None:
    """No answer within the deadline says nothing of the mail, and is not asked for again."""
    mailer = ses_mailer(ses.url, deadline=2.0)
    # The client's first call takes as long as a busy machine wants.
    await mailer.get_quota()
    ses.behave(script=[fault])
    with pytest.raises(MailOutcomeUnknown):
        await mailer.send(mail_to(READER))
    await mailer.aclose()
    assert ses.requests == 1
    assert len(ses.ledger) == (fault is Fault.HANGS_AFTER_ACCEPTING)


async def test_nobody_there_is_certainly_not_sent() -> None:
    """A connection that cannot be made leaves no doubt."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        mailer = ses_mailer(f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(MailNotSent):
            await mailer.send(mail_to(READER))
        with pytest.raises(MailNotSent):
            await mailer.get_quota()
        await mailer.aclose()


async def test_tags_and_configuration_set_go_along(ses: FakeSes, mailer: SesMailer) -> None:
    """By these the reports about a mail are found again."""
    await mailer.send(mail_to(READER, number=7))
    (accepted,) = ses.ledger
    assert accepted.tags == {"run": "1", "delivery": "7", "attempt": "1"}
    assert accepted.configuration_set == CONFIGURATION_SET
    assert accepted.recipient == READER
    assert accepted.message_id == "digest.rehearsal.2026-03-02.7@oracle.example"


async def test_quota_is_the_accounts(ses: FakeSes, mailer: SesMailer) -> None:
    """The rate and the rest of the day are asked of SES; no limit a day is no number."""
    ses.behave(rate=14.0, daily=200.0)
    await mailer.send(mail_to(READER))
    quota = await mailer.get_quota()
    assert (quota.rate, quota.remaining) == (14.0, 199)
    ses.behave(daily=-1.0)
    assert (await mailer.get_quota()).remaining is None


async def test_an_account_that_may_not_be_read_is_no_fault(ses: FakeSes, mailer: SesMailer) -> None:
    """The configured rate stands in where the role may send mail and nothing else."""
    ses.behave(knows_account=False)
    quota = await mailer.get_quota()
    assert (quota.rate, quota.remaining) == (10.0, None)


async def test_a_cancelled_call_leaves_the_client_usable(ses: FakeSes, mailer: SesMailer) -> None:
    """Who is stopped while sending can be followed by others on the same client."""
    ses.behave(script=[Fault.HANGS_AFTER_ACCEPTING])
    sending = asyncio.create_task(mailer.send(mail_to(READER)))
    await ses.has_accepted(1)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await mailer.send(mail_to(READER, number=2)) == ses.ledger[-1].id


async def test_only_a_configuration_set_has_events(ses: FakeSes) -> None:
    """Without one nothing is reported, and an unknown outcome stays unknown."""
    assert ses_mailer(ses.url).reports_events
    assert not ses_mailer(ses.url, configuration_set="").reports_events
