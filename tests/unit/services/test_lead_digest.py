"""The leader's part of a digest: planned once, in its window, sent to the end, missed aloud."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from oracle.domain.errors import (
    FeedUnavailable,
    MailingPaused,
    MailingRefused,
    MailNotSent,
    MailOutcomeUnknown,
    MailThrottled,
    RecipientRefused,
    StaleEpoch,
)
from oracle.domain.instruments import Source
from oracle.domain.runs import DeliveryState, RunKind, RunState
from oracle.domain.subscribers import EmailAddress, SubscriberState
from oracle.ports import SendingQuota
from oracle.services import hand_over_mail
from oracle.services.digest_agenda import read_agenda
from oracle.services.lead_digest import attend_run, lead_digest
from oracle.services.observe_runs import observe_runs
from oracle.services.plan_digest import plan_digest
from oracle.services.resume_digest import resume_digest
from oracle.services.run_session_work import prepare_session
from oracle.services.send_deliveries import send_deliveries
from oracle.services.send_digest import read_progress, send_digest
from oracle.settings import load_settings
from tests.unit.services.scripted_market import MovingClock, RememberingMailer, build_market

if TYPE_CHECKING:
    from oracle.domain.mail import Mail
    from oracle.domain.runs import Run
    from oracle.services.dependencies import Dependencies
    from tests.unit.services.scripted_market import ScriptedMarket

SESSION = date(2023, 6, 14)
SIX = datetime(2023, 6, 14, 22, 0, tzinfo=UTC)


@dataclass
class Scene:
    """A process that leads, its mailer, and a market whose clock the test moves."""

    market: ScriptedMarket
    mailer: RememberingMailer
    deps: Dependencies
    epoch: int

    async def subscribe(self, count: int) -> None:
        """Let so many people be confirmed."""
        async with self.deps.store.begin() as unit:
            for number in range(count):
                name = f"person{number}@example.org"
                await unit.subscribers.add_subscriber(
                    EmailAddress(name, name), SubscriberState.CONFIRMED, SIX, origin="import"
                )

    async def tick(self) -> None:
        """Do what leader and sender do in one round."""
        await lead_digest(self.deps, self.epoch)
        await send_deliveries(self.deps)

    async def run(self, session: date = SESSION) -> Run:
        """Return the session's run."""
        async with self.deps.store.begin() as unit:
            run = await unit.runs.find_run(Source.YAHOO, RunKind.DIGEST, session)
        assert run is not None
        return run

    async def states(self) -> dict[DeliveryState, int]:
        """Return how many deliveries of the session's run stand where."""
        return (await read_progress(self.deps, SESSION)).counts.by_state


@dataclass
class PausingMailer(RememberingMailer):
    """Answers slowly, and refuses whatever comes once it has taken `pauses_after` mails."""

    pauses_after: int = 0
    accepted: int = 0
    refused: int = 0
    under_way: int = 0
    most_at_a_time: int = 0

    async def send(self, mail: Mail) -> str:
        """Decide at once, answer later: others are on their way meanwhile."""
        is_paused = self.accepted >= self.pauses_after
        self.accepted, self.refused = self.accepted + (not is_paused), self.refused + is_paused
        self.under_way += 1
        self.most_at_a_time = max(self.most_at_a_time, self.under_way)
        await asyncio.sleep(0.02)
        self.under_way -= 1
        if is_paused:
            raise MailingPaused("the account is paused")
        return mail.message_id


@pytest.fixture
async def scene(market: ScriptedMarket) -> Scene:
    """Return a process that leads, at six in the evening of a session."""
    market.clock.moment = SIX
    mailer = RememberingMailer()
    deps = replace(
        market.deps,
        mailer=mailer,
        settings=load_settings(mail_rate=10_000.0, mail_patience=0.01),
    )
    epoch = await deps.leader_lock.acquire()
    assert epoch is not None
    return Scene(market, mailer, deps, epoch)


async def test_everybody_gets_one_mail_however_often_the_leader_looks(scene: Scene) -> None:
    """The run is planned, fanned out, sent and finished; more rounds change nothing."""
    await scene.subscribe(30)
    for _ in range(5):
        await scene.tick()
    assert (await scene.run()).state is RunState.FINISHED
    assert sorted(mail.recipient for mail in scene.mailer.sent) == sorted(
        f"person{number}@example.org" for number in range(30)
    )
    assert await scene.states() == {DeliveryState.SENT: 30}


class SteppedClock(MovingClock):
    """The clock of one machine, which somebody has set wrongly; the database's is right."""

    def __init__(self, moment: datetime, step: timedelta) -> None:
        super().__init__(moment)
        self._step = step

    def now(self) -> datetime:
        """Return what the machine shows."""
        return self.moment + self._step


@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(days=-1)])
async def test_a_leader_whose_clock_is_a_day_off_plans_what_the_database_says_is_due(
    scene: Scene, step: timedelta
) -> None:
    """The session, its window and its mails are those of the right time, and of no other day."""
    await scene.subscribe(3)
    clock = SteppedClock(SIX, step)
    wrong = build_market(clock, scene.market.feed, scene.market.store)
    deps = replace(wrong.deps, mailer=scene.mailer, settings=scene.deps.settings)
    for _ in range(3):
        await lead_digest(deps, scene.epoch)
        await send_deliveries(deps)
        await scene.tick()
    run = await scene.run()
    assert run.state is RunState.FINISHED
    assert run.expires_at is not None
    assert timedelta(hours=3, minutes=59) < run.expires_at - run.started_at <= timedelta(hours=4)
    async with scene.deps.store.begin() as unit:
        runs = await unit.runs.list_runs(Source.YAHOO, RunKind.DIGEST, limit=9)
    assert [each.session for each in runs] == [SESSION]
    assert len(scene.mailer.sent) == 3


async def test_nothing_is_planned_before_its_time_or_after_its_window(scene: Scene) -> None:
    """One second before six nothing happens; after ten it is too late."""
    await scene.subscribe(1)
    for moment in (SIX - timedelta(seconds=1), SIX + timedelta(hours=4)):
        scene.market.clock.moment = moment
        await scene.tick()
    assert scene.mailer.sent == []
    with pytest.raises(MailingRefused, match="is over"):
        await send_digest(scene.deps, SESSION)


async def test_an_outage_inside_the_window_is_caught_up_and_a_longer_one_is_missed(
    scene: Scene,
) -> None:
    """Five minutes late it is sent; of a whole window without anybody a missed run is left."""
    await scene.subscribe(1)
    await prepare_session(scene.deps, scene.epoch)
    scene.market.clock.moment = SIX + timedelta(minutes=5)
    await scene.tick()
    assert len(scene.mailer.sent) == 1
    scene.market.clock.moment = SIX + timedelta(days=1, hours=7)
    await scene.tick()
    missed = await scene.run(date(2023, 6, 15))
    assert missed.state is RunState.MISSED
    assert "Thu 15 Jun 2023" in missed.reason
    assert len(scene.mailer.sent) == 1


async def test_too_few_closes_are_waited_for_and_then_sent_with_marks(scene: Scene) -> None:
    """With seven of ten it waits until half the window is over; with none it never begins."""
    await scene.subscribe(1)
    late = scene.deps.settings.watchlist[:3]
    scene.market.feed.failures = dict.fromkeys(late, FeedUnavailable("not yet"))
    await scene.tick()
    assert scene.mailer.sent == []
    scene.market.clock.moment = SIX + timedelta(hours=2)
    for _ in range(2):
        await scene.tick()
    assert len(scene.mailer.sent) == 1


async def test_a_leader_of_the_past_changes_nothing(scene: Scene) -> None:
    """With an epoch that is over planning and leading raise, and no row is there."""
    await scene.subscribe(3)
    agenda = await read_agenda(scene.deps)
    assert agenda.agenda.due is not None
    await scene.deps.leader_lock.release()
    newer = await scene.deps.leader_lock.acquire()
    assert newer == scene.epoch + 1
    with pytest.raises(StaleEpoch):
        await plan_digest(scene.deps, scene.epoch, agenda.agenda.due, agenda)
    await lead_digest(scene.deps, newer)
    run = await scene.run()
    with pytest.raises(StaleEpoch):
        await attend_run(scene.deps, scene.epoch, run, agenda)
    assert (await scene.run()).epoch == newer


async def test_a_fan_out_that_was_interrupted_is_gone_through_again_to_the_same_rows(
    scene: Scene,
) -> None:
    """The next leader begins at the first subscriber; nobody has two deliveries or none."""
    await scene.subscribe(7)
    agenda = await read_agenda(scene.deps)
    assert agenda.agenda.due is not None
    run = await plan_digest(scene.deps, scene.epoch, agenda.agenda.due, agenda)
    assert run is not None
    async with scene.deps.store.begin() as unit:
        await unit.deliveries.add_page(run.id, epoch=scene.epoch, after=0, limit=4)
    assert await plan_digest(scene.deps, scene.epoch, agenda.agenda.due, agenda) == run
    for _ in range(3):
        await scene.tick()
    assert await scene.states() == {DeliveryState.SENT: 7}
    assert len(scene.mailer.sent) == 7


async def test_the_metrics_tell_how_long_the_digest_still_takes(scene: Scene) -> None:
    """What is left at the rate that is allowed while it is sent, nothing once it is."""
    slow = replace(scene.deps, settings=load_settings(mail_rate=10.0))
    await scene.subscribe(4)
    for expected in (0.5, 0.0):
        await lead_digest(scene.deps, scene.epoch)
        await lead_digest(scene.deps, scene.epoch)
        await observe_runs(slow, scene.epoch)
        assert REGISTRY.get_sample_value("oracle_digest_seconds_left") == expected
        await send_deliveries(scene.deps)


async def test_sample_data_is_never_mailed_to_people(scene: Scene) -> None:
    """By hand it is refused in a sentence; the scheduler plans nothing."""
    await scene.subscribe(1)
    scene.market.feed.source = Source.SAMPLE
    await scene.tick()
    with pytest.raises(MailingRefused, match="sample data"):
        await send_digest(scene.deps)
    assert scene.mailer.sent == []


async def test_sample_data_that_was_planned_for_files_is_not_mailed_to_people_either(
    scene: Scene,
) -> None:
    """A run begun with the folder mailer stays unsent by a process whose mailer reaches people."""
    await scene.subscribe(2)
    scene.market.feed.source = Source.SAMPLE
    scene.mailer.reaches_people = False
    await lead_digest(scene.deps, scene.epoch)
    await lead_digest(scene.deps, scene.epoch)
    assert await scene.states() == {DeliveryState.PENDING: 2}
    scene.mailer.reaches_people = True
    assert await send_deliveries(scene.deps) == 0
    assert scene.mailer.sent == []
    scene.mailer.reaches_people = False
    assert await send_deliveries(scene.deps) == 2


async def test_a_run_larger_than_the_days_quota_is_refused_until_a_person_decides(
    scene: Scene,
) -> None:
    """It stops before its first mail, says why, and goes on by hand."""
    await scene.subscribe(6)
    scene.mailer.quota = SendingQuota(rate=14.0, remaining=5)
    for _ in range(3):
        await scene.tick()
    run = await scene.run()
    assert (run.state, run.needs_hand) == (RunState.STOPPED, True)
    assert run.reason == "6 mails are more than the 5 that the provider takes today."
    assert scene.mailer.sent == []
    await resume_digest(scene.deps)
    for _ in range(2):
        await scene.tick()
    assert len(scene.mailer.sent) == 6


async def test_refused_recipients_fail_alone(scene: Scene) -> None:
    """One refused address fails for good; the others get their mail and the run is finished."""
    await scene.subscribe(5)
    scene.mailer.failures = [RecipientRefused("no such mailbox")]
    for _ in range(3):
        await scene.tick()
    assert await scene.states() == {DeliveryState.SENT: 4, DeliveryState.FAILED: 1}
    assert (await scene.run()).state is RunState.FINISHED


async def test_too_many_refusals_stop_the_run_until_a_person_lets_it_go_on(scene: Scene) -> None:
    """Of 560 recipients 20 are refused: it stops, says why, and by hand goes on to its end."""
    await scene.subscribe(560)
    scene.mailer.failures = [RecipientRefused("no such mailbox") for _ in range(20)]
    for _ in range(3):
        await scene.tick()
    run = await scene.run()
    assert (run.state, run.needs_hand) == (RunState.STOPPED, True)
    assert run.reason == "20 of 560 recipients were refused, more than 2.00%."
    await resume_digest(scene.deps)
    for _ in range(2):
        await scene.tick()
    assert (await scene.run()).state is RunState.FINISHED


async def test_what_was_certainly_not_sent_is_tried_again_later(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No connection and a request to slow down cost an attempt each, and no mail."""
    monkeypatch.setattr(hand_over_mail, "THROTTLE_SECONDS", 0.01)
    monkeypatch.setattr(hand_over_mail, "retry_after", lambda _: 0.01)
    await scene.subscribe(4)
    scene.mailer.failures = [MailNotSent("no connection"), MailThrottled("slower")]
    while (await scene.states()).get(DeliveryState.SENT) != 4:
        await scene.tick()
    assert len(scene.mailer.sent) == 4


async def test_an_unanswered_mail_stays_unknown_where_nothing_is_reported(scene: Scene) -> None:
    """It is neither sent again nor counted as sent, and the run ends with saying so."""
    await scene.subscribe(3)
    scene.mailer.failures = [MailOutcomeUnknown("no answer")]
    for _ in range(4):
        await scene.tick()
    assert await scene.states() == {DeliveryState.SENT: 2, DeliveryState.UNKNOWN: 1}
    run = await scene.run()
    assert (run.state, run.reason) == (RunState.FINISHED, "1 of unknown outcome")


async def test_a_paused_account_stops_the_run_which_goes_on_by_itself(scene: Scene) -> None:
    """After the first refusal of all mail nothing is tried; after a while it goes on."""
    await scene.subscribe(10)
    scene.mailer.failures = [MailingPaused("the account is paused")]
    await scene.tick()
    run = await scene.run()
    assert (run.state, run.needs_hand) == (RunState.STOPPED, False)
    assert scene.mailer.failures == []
    assert scene.mailer.sent == []
    while (await scene.run()).state is not RunState.FINISHED:
        await scene.tick()
    assert len(scene.mailer.sent) == 10


async def test_a_paused_account_gets_few_calls_however_many_instances_send(scene: Scene) -> None:
    """Two instances with answers that take long: refused are at most the five under way."""
    mailer = PausingMailer(pauses_after=40)
    two = [replace(scene.deps, mailer=mailer, instance=name) for name in ("one", "two")]
    await scene.subscribe(200)
    await lead_digest(scene.deps, scene.epoch)
    await asyncio.gather(*(send_deliveries(each) for each in two))
    assert (await scene.run()).state is RunState.STOPPED
    assert mailer.accepted == 40
    assert 1 <= mailer.refused <= 5
    assert mailer.most_at_a_time > 1


async def test_by_hand_beside_a_leader_the_run_is_planned_in_its_name(scene: Scene) -> None:
    """Before six, while another leads, the command plans, and helps; nobody gets two mails."""
    scene.market.clock.moment = SIX - timedelta(hours=1)
    await scene.subscribe(12)
    other = scene.market.restart()
    helper = replace(other.deps, mailer=scene.mailer, settings=scene.deps.settings, instance="two")
    sending = asyncio.create_task(send_digest(helper, early=True))
    while not sending.done():
        await lead_digest(scene.deps, scene.epoch)
        await asyncio.sleep(0.01)
    assert (await sending).run is not None
    assert len(scene.mailer.sent) == 12
    assert (await scene.run()).epoch == scene.epoch


async def test_by_hand_without_a_leader_the_command_leads_itself_and_repeats_safely(
    scene: Scene,
) -> None:
    """It does everything, gives the lead up, and given again says the same."""
    await scene.deps.leader_lock.release()
    await scene.subscribe(5)
    for _ in range(2):
        progress = await send_digest(scene.deps)
        assert progress.run is not None
        assert progress.run.state is RunState.FINISHED
    assert len(scene.mailer.sent) == 5
    assert await scene.deps.leader_lock.acquire() is not None
