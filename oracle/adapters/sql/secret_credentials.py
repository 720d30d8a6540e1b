"""The database's user and password in AWS Secrets Manager, which changes them from time to time."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

from oracle.domain.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from types_aiobotocore_secretsmanager import SecretsManagerClient

_ARN = re.compile(r"arn:[a-z-]+:secretsmanager:(?P<region>[a-z0-9-]+):")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who connects."""

    user: str
    password: str = field(repr=False)


class SecretCredentials:
    """Reads the secret when it is first needed, and again when what it said was refused.

    `region` counts for a secret that is named without its ARN; `deadline` is in seconds.
    """

    def __init__(self, secret: str, *, region: str, deadline: float) -> None:
        match = _ARN.match(secret)
        self._secret = secret
        self._region = region if match is None else match["region"]
        self._deadline = deadline
        self._reading = asyncio.Lock()
        self._known: Credentials | None = None

    async def get(self) -> Credentials:
        """Return user and password as they were last read. Raises DatabaseUnavailable."""
        if self._known is not None:
            return self._known
        return await self.renew(None)

    async def renew(self, refused: Credentials | None) -> Credentials:
        """Return what takes the place of refused credentials; whoever comes at once asks once."""
        async with self._reading:
            if self._known is None or self._known == refused:
                self._known = await self._read()
            return self._known

    async def _read(self) -> Credentials:
        config = AioConfig(
            connect_timeout=self._deadline,
            read_timeout=self._deadline,
            retries={"total_max_attempts": 2, "mode": "standard"},
        )
        client: SecretsManagerClient
        try:
            async with (
                asyncio.timeout(self._deadline),
                aioboto3.Session().client(
                    "secretsmanager", region_name=self._region, config=config
                ) as client,
            ):
                answer = await client.get_secret_value(SecretId=self._secret)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "without a code")
            raise DatabaseUnavailable(
                f"The database's password cannot be read from its secret ({code})."
            ) from None
        except (BotoCoreError, OSError) as error:
            # Timeouts are among the OSErrors.
            raise DatabaseUnavailable(
                "The database's password cannot be read: Secrets Manager is out of reach "
                f"({type(error).__name__})."
            ) from None
        return _parse(answer.get("SecretString", ""))


def _parse(text: str) -> Credentials:
    # Whatever is wrong with it, what stands there is never repeated.
    try:
        match json.loads(text):
            case {"username": str(user), "password": str(password)}:
                return Credentials(user, password)
    except ValueError:
        pass
    raise DatabaseUnavailable(
        "The database's secret is no JSON with the texts `username` and `password`."
    )
