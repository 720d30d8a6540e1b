"""Servers that take mail, on loopback."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.mail.ses import SesMailer
from tests.contract.mailer import SENDER
from tests.standins.ses import FakeSes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOW = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
CONFIGURATION_SET = "oracle"


@pytest.fixture
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the client credentials of nobody, and keep it from looking for real ones."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def ses() -> AsyncIterator[FakeSes]:
    """The scripted stand-in for SES."""
    server = FakeSes()
    server.behave(keeps_content=True)
    await server.start()
    yield server
    await server.stop()


def ses_mailer(
    endpoint: str, *, deadline: float = 5.0, configuration_set: str = CONFIGURATION_SET
) -> SesMailer:
    """Return the mailer of SES at that address."""
    return SesMailer(
        region="us-east-1",
        endpoint=endpoint,
        configuration_set=configuration_set,
        sender=SENDER,
        rate=10.0,
        deadline=deadline,
        connections=20,
        now=lambda: NOW,
    )
