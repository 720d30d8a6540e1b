"""A digest sent by hand or by cron: begun in its time, without a flood of questions, or refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from oracle.domain.errors import FeedUnavailable, MailingRefused
from oracle.domain.instruments import Source
from oracle.domain.runs import RunKind, RunState
from oracle.domain.subscribers import EmailAddress, SubscriberState
from oracle.ports import SendingQuota
from oracle.services import plan_digest
from oracle.services import send_digest as sending
from oracle.services.awaited_closes import CloseWatch
from oracle.services.compose_digest import compose_digest
from oracle.services.digest_outlook import describe_outlook
from oracle.services.lead_digest import lead_digest
from oracle.services.preview_sending import preview_sending
from oracle.services.send_digest import choose_window, send_digest
from oracle.services.suppress_address import suppress_address
from oracle.settings import load_settings
from tests.unit.services.scripted_market import RememberingMailer

if TYPE_CHECKING:
    from oracle.digest.content import DigestContent
    from oracle.domain.runs import Run
    from oracle.services.dependencies import Dependencies
    from oracle.services.send_digest import DigestProgress
    from tests.unit.services.scripted_market import ScriptedMarket

SESSION = date(2023, 6, 14)
CLOSE = datetime(2023, 6, 14, 20, 0, tzinfo=UTC)
SETTLED = CLOSE + timedelta(minutes=15)
SIX = CLOSE + timedelta(hours=2)


@pytest.fixture
def mailer() -> RememberingMailer:
    """Return a mailer that remembers."""
    return RememberingMailer()


@pytest.fixture
def deps(market: ScriptedMarket, mailer: RememberingMailer) -> Dependencies:
    """Return a process that sends fast."""
    return replace(market.deps, mailer=mailer, settings=load_settings(mail_rate=10_000.0))


async def subscribe(deps: Dependencies, name: str, *, paused: bool = False) -> None:
    """Let somebody of that name be confirmed."""
    address = EmailAddress(f"{name}@example.org", f"{name}@example.org")
    async with deps.store.begin() as unit:
        person = await unit.subscribers.add_subscriber(
            address, SubscriberState.CONFIRMED, SIX, origin="import"
        )
        if paused:
            assert await unit.subscribers.update_subscriber(replace(person, is_paused=True))


async def find_run(deps: Dependencies) -> Run | None:
    """Return the session's run, or None."""
    async with deps.store.begin() as unit:
        return await unit.runs.find_run(Source.YAHOO, RunKind.DIGEST, SESSION)


def hold_back(market: ScriptedMarket, count: int) -> None:
    """Let so many stocks of the watchlist have no close yet."""
    late = market.deps.settings.watchlist[:count]
    market.feed.failures = dict.fromkeys(late, FeedUnavailable("not yet"))


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """Return the sessions whose digest was gathered so far, as often as it was."""
    sessions: list[date] = []

    async def compose(deps: Dependencies, session: date) -> DigestContent:
        sessions.append(session)
        return await compose_digest(deps, session)

    monkeypatch.setattr(plan_digest, "compose_digest", compose)
    return sessions


@pytest.mark.parametrize("early", [False, True])
async def test_before_the_close_has_settled_the_feed_is_left_alone(
    market: ScriptedMarket, deps: Dependencies, *, early: bool
) -> None:
    """Five minutes after the close it is refused with the time, and no question is asked."""
    market.clock.moment = CLOSE + timedelta(minutes=5)
    await subscribe(deps, "ada")
    with pytest.raises(MailingRefused, match=r"before 16:15 New York time \(20:15 UTC\)"):
        await send_digest(deps, early=early)
    preview = await preview_sending(deps, None, early=early)
    assert preview.describe().startswith("Nothing would be sent: the digest of Wed 14 Jun 2023")
    assert market.feed.asked == []
    assert await find_run(deps) is None


async def test_before_its_window_it_is_begun_only_when_that_is_asked_for(
    market: ScriptedMarket, deps: Dependencies, mailer: RememberingMailer
) -> None:
    """At half past four it is refused with the time at which it opens; early it goes out."""
    market.clock.moment = SETTLED + timedelta(minutes=15)
    await subscribe(deps, "ada")
    with pytest.raises(MailingRefused, match=r"from 18:00 New York time \(22:00 UTC\)") as refused:
        await send_digest(deps)
    assert "The market's clock shows 16:30 New York time" in refused.value.hint
    assert "`--now`" in refused.value.hint
    assert await find_run(deps) is None
    progress = await send_digest(deps, early=True)
    assert progress.run is not None
    assert progress.run.state is RunState.FINISHED
    assert len(mailer.sent) == 1
    # What has been begun is told of at any time, whoever asks.
    assert await send_digest(deps) == progress


async def test_nothing_is_frozen_early_for_nobody(
    market: ScriptedMarket, deps: Dependencies, mailer: RememberingMailer
) -> None:
    """Without a recipient it is not begun early, so that who confirms by six still gets it."""
    market.clock.moment = SETTLED
    await subscribe(deps, "paused", paused=True)
    await subscribe(deps, "suppressed")
    await suppress_address(deps, "suppressed@example.org")
    with pytest.raises(MailingRefused, match="Nobody would receive"):
        await send_digest(deps, early=True)
    assert await find_run(deps) is None
    market.clock.moment = SIX
    await subscribe(deps, "ada")
    await send_digest(deps)
    assert [mail.recipient for mail in mailer.sent] == ["ada@example.org"]


async def test_while_closes_are_awaited_little_is_asked_and_nobody_is_kept_from_leading(
    market: ScriptedMarket,
    deps: Dependencies,
    gathered: list[date],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of twenty looks one gathers; it is told what is awaited; another may lead meanwhile."""
    monkeypatch.setattr(sending, "WAIT_SECONDS", 0.001)
    market.clock.moment = SIX
    await subscribe(deps, "ada")
    hold_back(market, 3)
    shown: asyncio.Queue[DigestProgress] = asyncio.Queue()
    command = asyncio.create_task(send_digest(deps, show=shown.put_nowait))
    awaited = (await shown.get()).awaited
    for _ in range(20):
        assert (await shown.get()).awaited == awaited
    assert gathered == [SESSION]
    assert awaited is not None
    assert (awaited.available, awaited.wanted) == (7, 10)
    assert await market.restart().deps.leader_lock.acquire() is not None
    market.clock.moment = SIX + timedelta(hours=2)
    progress = await command
    assert progress.run is not None
    assert progress.run.state is not RunState.PLANNED
    assert progress.awaited is None


async def test_a_leader_looks_for_closes_now_and_then_and_logs_their_number_once(
    market: ScriptedMarket, deps: Dependencies, gathered: list[date]
) -> None:
    """Twenty ticks gather once; of looks that find the same, the first alone is logged."""
    market.clock.moment = SIX
    hold_back(market, 5)
    epoch = await deps.leader_lock.acquire()
    assert epoch is not None
    with capture_logs() as logs:
        for _ in range(20):
            await lead_digest(deps, epoch)
        assert gathered == [SESSION]
        impatient = replace(deps, close_watch=CloseWatch(seconds=0.0))
        for _ in range(3):
            await lead_digest(impatient, epoch)
        hold_back(market, 4)
        later = replace(market.restart().deps, close_watch=impatient.close_watch)
        await lead_digest(later, epoch)
    assert gathered == [SESSION] * 5
    waits = [entry["closes"] for entry in logs if entry["event"] == "digest_waits"]
    assert waits == [5, 5, 6]


@pytest.mark.parametrize(
    ("moment", "late", "said"),
    [
        (SETTLED, 0, "It is sent from 18:00 New York time (22:00 UTC) on."),
        (SIX, 4, "It waits for closes: 6 of 10 are in."),
        (SIX, 0, "It is due since 18:00 New York time (22:00 UTC)."),
        (SIX + timedelta(hours=2), 4, "It is due since 18:00 New York time (22:00 UTC)."),
        (SIX + timedelta(hours=4), 0, "Its time was over at 2023-06-15 02:00 UTC."),
    ],
    ids=["before", "waits", "due", "late", "over"],
)
async def test_the_outlook_of_a_digest_that_has_not_been_begun(
    market: ScriptedMarket, deps: Dependencies, moment: datetime, late: int, said: str
) -> None:
    """It says when it is sent or what it waits for, and asks the feed for nothing."""
    market.clock.moment = moment
    hold_back(market, late)
    await deps.market.list_histories(deps.settings.watchlist, through=SESSION)
    market.feed.asked.clear()
    window, agenda = await choose_window(market.restart().deps, SESSION)
    assert (await describe_outlook(market.restart().deps, window, agenda.now)).startswith(said)
    assert market.feed.asked == []


async def test_a_preview_counts_those_alone_who_would_get_it(
    market: ScriptedMarket, deps: Dependencies, mailer: RememberingMailer
) -> None:
    """Paused and suppressed ones are left out; what stands against it comes first."""
    market.clock.moment = SIX
    for name in ("ada", "suppressed"):
        await subscribe(deps, name)
    await subscribe(deps, "paused", paused=True)
    await suppress_address(deps, "suppressed@example.org")
    words = (await preview_sending(deps, None)).describe()
    assert words.startswith("The digest of Wed 14 Jun 2023, with 10 of 10 closes, would go to 1 ")
    mailer.quota = SendingQuota(rate=14.0, remaining=0)
    words = (await preview_sending(deps, None)).describe()
    assert words.startswith("Nothing would be sent: the provider takes only 0 more mails today.")
    mailer.quota = SendingQuota(rate=14.0, remaining=5)
    await send_digest(deps)
    words = (await preview_sending(deps, None)).describe()
    assert words == "Nothing would be sent: the run is finished already."


@pytest.mark.parametrize(
    ("moment", "late", "obstacle", "otherwise"),
    [
        (SETTLED, 0, "the digest of Wed 14 Jun 2023 is sent from 18:00", "with 10 of 10 closes"),
        (SIX, 3, "it waits for closes: 7 of 10 are in.", "with 7 of 10 closes"),
    ],
    ids=["early", "waits"],
)
async def test_a_preview_begins_with_what_stands_against_it(
    market: ScriptedMarket,
    deps: Dependencies,
    moment: datetime,
    late: int,
    obstacle: str,
    otherwise: str,
) -> None:
    """First that nothing would be sent, and why; then what it would be otherwise."""
    market.clock.moment = moment
    await subscribe(deps, "ada")
    hold_back(market, late)
    first, second = (await preview_sending(deps, None)).describe().splitlines()
    assert first.startswith(f"Nothing would be sent: {obstacle}")
    assert second.startswith("Else the digest of Wed 14 Jun 2023, ")
    assert f"{otherwise}, would go to 1 subscriber " in second


async def test_a_preview_after_the_window_composes_nothing(
    market: ScriptedMarket, deps: Dependencies
) -> None:
    """That its time is over is all there is to say, and the feed is asked for nothing."""
    market.clock.moment = SIX + timedelta(hours=4)
    await subscribe(deps, "ada")
    words = (await preview_sending(deps, None)).describe()
    assert words == (
        "Nothing would be sent: the time for the digest of Wed 14 Jun 2023 is over. "
        "It could be sent until 2023-06-15 02:00 UTC."
    )
    assert market.feed.asked == []


async def test_a_preview_of_a_stopped_run_says_how_it_goes_on(
    market: ScriptedMarket, deps: Dependencies, mailer: RememberingMailer
) -> None:
    """The reason and the command that lets it go on."""
    market.clock.moment = SIX
    await subscribe(deps, "ada")
    await subscribe(deps, "bob")
    mailer.quota = SendingQuota(rate=14.0, remaining=1)
    progress = await send_digest(deps)
    assert progress.run is not None
    words = (await preview_sending(deps, None)).describe()
    assert words.startswith(
        "Nothing would be sent: the run is stopped: 2 mails are more than the 1"
    )
    assert words.endswith("`oracle digest resume` lets it go on.")
