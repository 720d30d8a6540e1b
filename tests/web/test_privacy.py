"""No address and no token in the log or on the metrics page, whatever subscribers do."""

from __future__ import annotations

import io
import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import structlog
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from oracle.app import create_app
from oracle.domain.errors import MailNotSent, MailOutcomeUnknown, RecipientRefused
from oracle.domain.runs import MailEventKind
from oracle.observability.logs import configure_logs
from oracle.services.erase_subscriber import erase_subscriber
from oracle.services.import_subscribers import import_subscribers
from oracle.services.keep_house import keep_house
from oracle.services.lead_digest import lead_digest
from oracle.services.read_mail_events import handle_mail_event
from oracle.services.send_deliveries import send_deliveries
from oracle.services.subscriber_links import Purpose
from oracle.services.suppress_address import suppress_address
from oracle.settings import load_settings
from tests.unit.observability.documents import LOG_EVENTS, read_events
from tests.unit.services.conftest import market
from tests.unit.services.subscriber_scene import event, mailer_of, stored, token
from tests.web.conftest import BASE_URL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.services.dependencies import Dependencies
    from tests.unit.services.scripted_market import ScriptedMarket

__all__ = ["market"]

NAMES = ("ada", "bob", "cyd", "dan", "eve", "fay", "gus")
ON_EVERY_LINE = {"timestamp", "level", "event", "logger", "request_id"}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Return what the log becomes, at its most talkative."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(pretty=False, level="debug", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def metrics_pages() -> str:
    """Return what Prometheus would read, in both forms."""
    pages = (generate_latest(), generate_openmetrics(REGISTRY))  # type: ignore[no-untyped-call]
    return b"".join(pages).decode()


async def live_through_everything(deps: Dependencies) -> set[str]:
    """Let subscribers come, be mailed to, bounce, leave and be erased; return their secrets."""
    client = create_app(deps).test_client()
    mailer = mailer_of(deps)
    names = [f"{who}.person+tag@private.example" for who in NAMES]
    ada, bob, cyd, dan, eve, fay, gus = names
    secrets = {*names, "private.example", *(f"{who}.person" for who in NAMES)}
    mailer.failures = [RecipientRefused(f"550 <{ada}> unknown"), MailNotSent(f"no route to {bob}")]
    for name in (ada, bob):
        await client.post("/subscribers", form={"email": name})
    await client.post("/api/v1/subscribers", json={"email": cyd})
    await client.post("/subscribers", form={"email": f"{dan}\r\nBcc: {eve}"})
    await client.get(f"/search?q={eve}")
    await client.get(f"/stocks/{eve}")
    await client.get(f"/nowhere/{eve}")
    await deps.confirmations.finish()
    rows = [(1, dan), (2, fay), (3, gus), (4, f"not an address: {eve}")]
    await import_subscribers(deps, rows, confirmed=True, report=_ignore, progress=_ignore)
    for name in (ada, bob):
        subscriber = await stored(deps, name)
        for purpose in Purpose:
            secret = token(deps, purpose, subscriber)
            secrets.add(secret)
            where = f"/subscribers/{secret}/{purpose.value}"
            for path in (where, f"/elsewhere/{secret}", f"/stocks/{secret}"):
                await client.get(path, headers={"X-Request-ID": secret})
                await client.post(path, form={"symbols": "KO"})
    epoch = await deps.leader_lock.acquire()
    assert epoch is not None
    mailer.failures = [RecipientRefused(f"<{dan}>"), MailOutcomeUnknown(fay), RuntimeError(gus)]
    for _ in range(2):
        await lead_digest(deps, epoch)
    await send_deliveries(deps)
    assert mailer.failures == []
    bounce = event(MailEventKind.BOUNCED, address=dan, is_permanent=True)
    await handle_mail_event(deps, replace(bounce, detail=f"550 5.1.1 <{dan}> unknown"))
    await suppress_address(deps, eve, detail=f"asked by {eve}")
    for name in (ada, bob, cyd, dan, fay, gus):
        await erase_subscriber(deps, name)
    await keep_house(deps, epoch)
    logging.getLogger("aiosmtplib").warning("server said %s", f"550 <{eve}>")
    return secrets


def _ignore(*_: object) -> None:
    """Take no note."""


async def test_neither_log_nor_metrics_tell_who_anybody_is(
    market: ScriptedMarket, lines: io.StringIO
) -> None:
    """Signing up, confirming, leaving, importing, bouncing, erasing: no address and no token."""
    deps = replace(market.deps, settings=load_settings(base_url=BASE_URL))
    secrets = await live_through_everything(deps)
    log, page = lines.getvalue(), metrics_pages()
    assert log.count("\n") > 40
    for text in (log, page):
        assert [secret for secret in secrets if secret in text] == []
        assert "@" not in text
        assert "%40" not in text
    documented = read_events(LOG_EVENTS.read_text(encoding="utf-8"))
    seen = set()
    for line in map(json.loads, log.splitlines()):
        assert line.keys() - ON_EVERY_LINE <= documented[line["event"]].fields, line
        seen.add(line["event"])
    assert seen >= {"http_request", "confirmation_sent", "confirmation_not_sent"}
    assert seen >= {"addresses_suppressed", "mail_outcome_not_understood", "library_message"}
