"""The mailer of Amazon SES: API v2, the whole message, one request per call.

SES knows no idempotency token. The client's own retries would turn one mail into five, so there
are none: what may be tried again is decided by the outbox, from the error that is raised here.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from email.utils import parseaddr
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import aioboto3
import aiohttp
from aiobotocore.config import AioConfig
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)

from oracle.adapters.mail.mime import write_message
from oracle.domain.errors import (
    MailingPaused,
    MailNotSent,
    MailOutcomeUnknown,
    MailThrottled,
    RecipientRefused,
)
from oracle.ports import SendingQuota

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from types_aiobotocore_sesv2 import SESV2Client
    from types_aiobotocore_sesv2.type_defs import SendEmailRequestTypeDef

    from oracle.domain.errors import MailError
    from oracle.domain.mail import Mail

_THROTTLED: Final = frozenset(
    {"TooManyRequestsException", "Throttling", "ThrottlingException", "RequestThrottled"}
)
_REFUSED: Final = frozenset({"MessageRejected", "BadRequestException"})
_NO_CREDENTIALS: Final = (NoCredentialsError, PartialCredentialsError)
_CONNECT_SHARE: Final = 0.3
"""Of the deadline: how long connecting may take, so that reading keeps most of it."""


class SesMailer:
    """Hands mail to SES; what becomes of it comes back as events, by the mail's tags."""

    name = "ses"
    reaches_people = True
    probe_recipient = "success@simulator.amazonses.com"

    def __init__(  # noqa: PLR0913 - one argument per setting
        self,
        *,
        region: str,
        endpoint: str | None,
        configuration_set: str,
        sender: str,
        rate: float,
        deadline: float,
        connections: int,
        now: Callable[[], datetime],
    ) -> None:
        self._region = region
        self._endpoint = endpoint
        self._configuration_set = configuration_set
        self._sender = sender
        self._address = parseaddr(sender)[1]
        self._rate = rate
        self._deadline = deadline
        self._connections = connections
        self._now = now
        self._open = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._client: SESV2Client | None = None

    @property
    def reports_events(self) -> bool:
        """Whether a configuration set is named, whose events say what became of a mail."""
        return bool(self._configuration_set)

    async def send(self, mail: Mail) -> str:
        """Hand the mail over and return the identifier that SES gave it."""
        try:
            content = write_message(mail, sender=self._sender, now=self._now())
        except ValueError as error:
            raise RecipientRefused(str(error)) from error
        client = await self._connect()
        request: SendEmailRequestTypeDef = {
            "FromEmailAddress": self._address,
            "Destination": {"ToAddresses": [mail.recipient]},
            "Content": {"Raw": {"Data": content}},
            "EmailTags": [{"Name": name, "Value": value} for name, value in mail.tags.items()],
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        try:
            async with asyncio.timeout(self._deadline):
                answer = await client.send_email(**request)
        except ClientError as error:
            raise _from_answer(error) from None
        except _NO_CREDENTIALS as error:
            raise MailingPaused(f"SES cannot be asked: {type(error).__name__}.") from None
        except ParamValidationError:
            # Its text repeats the values. No request was made.
            raise RecipientRefused("SES cannot be asked to send this mail.") from None
        except TimeoutError:
            raise MailOutcomeUnknown("SES did not answer in time.") from None
        except BotoCoreError as error:
            raise _from_silence(error) from None
        return answer["MessageId"]

    async def find_accepted(self, mail: Mail) -> str | None:
        """Return None: SES is not asked for what it has accepted, it reports it."""
        del mail
        return None

    async def get_quota(self) -> SendingQuota:
        """Return the account's rate and what is left of its day.

        Where the account may not be read, which a sender's role need not allow, the configured
        rate is returned and no quota.
        """
        client = await self._connect()
        try:
            async with asyncio.timeout(self._deadline):
                quota = (await client.get_account()).get("SendQuota", {})
        except ClientError as error:
            if _status(error) >= HTTPStatus.INTERNAL_SERVER_ERROR and not _is_unknown_call(error):
                raise MailNotSent(f"SES did not tell its quota ({_code(error)}).") from None
            return SendingQuota(rate=self._rate, remaining=None)
        except (BotoCoreError, TimeoutError) as error:
            raise MailNotSent(f"SES is out of reach ({type(error).__name__}).") from None
        most = quota.get("Max24HourSend", -1.0)
        # SES says -1 where the day has no limit.
        remaining = None if most < 0.0 else max(0, int(most - quota.get("SentLast24Hours", 0.0)))
        return SendingQuota(rate=quota.get("MaxSendRate", self._rate), remaining=remaining)

    async def aclose(self) -> None:
        """Release the client and its connections."""
        async with self._opening:
            self._client = None
            await self._open.aclose()

    async def _connect(self) -> SESV2Client:
        async with self._opening:
            if self._client is None:
                config = AioConfig(
                    connect_timeout=self._deadline * _CONNECT_SHARE,
                    read_timeout=self._deadline,
                    max_pool_connections=self._connections,
                    retries={"total_max_attempts": 1, "mode": "standard"},
                    # The client's own takes a tenth of the work of each mail to put together.
                    user_agent="oracle-digest",
                )
                self._client = await self._open.enter_async_context(
                    aioboto3.Session().client(
                        "sesv2",
                        region_name=self._region,
                        endpoint_url=self._endpoint,
                        config=config,
                    )
                )
            return self._client


def _from_answer(error: ClientError) -> MailError:
    """Return what SES's own answer means; its message may name an address, so only its code."""
    code, status = _code(error), _status(error)
    if code in _THROTTLED or status == HTTPStatus.TOO_MANY_REQUESTS:
        return MailThrottled(f"SES asks to send more slowly ({code}).")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return MailOutcomeUnknown(f"SES failed while it had the mail ({status} {code}).")
    if code in _REFUSED:
        return RecipientRefused(f"SES refused the mail ({code}).")
    # Paused, over its limit, not verified, not allowed: none of it depends on the recipient.
    return MailingPaused(f"SES sends nobody's mail ({status} {code}).")


def _from_silence(error: BotoCoreError) -> MailError:
    what = type(error).__name__
    if isinstance(error, ConnectTimeoutError | SSLError | ProxyConnectionError):
        return MailNotSent(f"SES is out of reach ({what}).")
    # The client gives this name to a connection that was never made, and also to one that broke
    # after the message was written: only what lies beneath tells them apart.
    if isinstance(error, EndpointConnectionError) and isinstance(
        error.__context__, aiohttp.ClientConnectorError
    ):
        return MailNotSent(f"SES is out of reach ({what}).")
    return MailOutcomeUnknown(f"SES did not answer ({what}).")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "without a code"))


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _is_unknown_call(error: ClientError) -> bool:
    return _status(error) == HTTPStatus.NOT_IMPLEMENTED
