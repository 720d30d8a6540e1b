"""The outbox and the lease under every interleaving that a machine can think of.

Three processes, a database whose clock the machine moves, and a provider whose reports come in the
order of acceptance but as late as they like. Processes crash, believe that they lead when they do
not, are stopped between claim and hand-over, and hear nothing of what was accepted.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import delete, event, select

from oracle.adapters.sql.digest_tables import deliveries, metadata, runs
from oracle.adapters.sql.leader_lock_sqlite import SqliteLeaderLock
from oracle.adapters.sql.sqlite import create_memory_engine
from oracle.adapters.sql.store import SqlStore
from oracle.domain.errors import StaleEpoch
from oracle.domain.instruments import Source
from oracle.domain.runs import MailEvent, MailEventKind, RunKind, RunState
from oracle.domain.subscribers import EmailAddress, SubscriberState
from oracle.ports import ReceivedEvents, SendingQuota
from oracle.services.lead_digest import attend_run
from oracle.services.lifecycle import Lifecycle
from oracle.services.read_mail_events import read_mail_events
from oracle.services.record_outcomes import DeliveryOutcome, OutcomeRecorder
from oracle.settings import load_settings

if TYPE_CHECKING:
    from oracle.domain.mail import Mail
    from oracle.domain.runs import Claim, Run
    from oracle.services.dependencies import Dependencies
    from oracle.services.digest_agenda import CurrentAgenda
    from oracle.services.record_outcomes import OutcomeKind

INTERLEAVINGS = int(os.environ.get("OUTBOX_INTERLEAVINGS", "500"))
STEPS = 20
START = datetime(2023, 6, 14, 22, 0, tzinfo=UTC)
SESSION = date(2023, 6, 14)
PROCESSES, SUBSCRIBERS = 3, 4
LEADER_LEASE, DELIVERY_LEASE, USABLE, PATIENCE = 15.0, 8.0, 3.0, 10.0

process_numbers = st.integers(0, PROCESSES - 1)


class World:
    """One database for all examples, whose clock stands where it was put, and one event loop."""

    def __init__(self) -> None:
        self.now = START
        self.settings = load_settings(
            mail_patience=PATIENCE,
            delivery_lease=DELIVERY_LEASE,
            mail_deadline=2.0,
            mail_rate=10_000.0,
        )
        self._runner = asyncio.Runner()
        engine, keeper = create_memory_engine()

        def take_over_the_clock(connection: Any, _: object) -> None:
            connection.create_function("strftime", 2, self._tell_time)

        event.listen(engine.sync_engine, "connect", take_over_the_clock)
        self._engine = engine
        self.store = SqlStore(engine, deadline=60.0, keeper=keeper)
        self.run(self.store.create_tables())

    def _tell_time(self, form: str, moment: str) -> str:
        assert (form, moment) == ("%Y-%m-%d %H:%M:%f000", "now")
        return self.now.strftime("%Y-%m-%d %H:%M:%S.%f")

    def run(self, work: Any) -> Any:
        """Run the coroutine to its end."""
        return self._runner.run(work)

    async def empty(self) -> None:
        """Forget every row and put the clock back."""
        self.now = START
        async with self._engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(delete(table))

    async def dump(self) -> list[Any]:
        """Return everything that a leader may change."""
        async with self._engine.connect() as connection:
            return [(await connection.execute(select(table))).all() for table in (runs, deliveries)]


_WORLD: list[World] = []


def the_world() -> World:
    """Return the world, which is made when it is first needed."""
    if not _WORLD:
        _WORLD.append(World())
    return _WORLD[0]


@dataclass
class Provider:
    """Accepts mail, notes it, and reports of it in the order of acceptance, when it is let."""

    world: World
    accepted: list[tuple[int, datetime]] = field(default_factory=list)
    reports: list[MailEvent] = field(default_factory=list)
    name: str = "model"
    reaches_people: bool = True
    reports_events: bool = True
    probe_recipient: str | None = "probe@provider.example"

    def accept(self, claim: Claim) -> None:
        """Accept the claim's mail."""
        self.accepted.append((claim.subscriber_id, self.world.now))
        self._report(f"{claim.delivery_id}:{claim.attempt}", claim.delivery_id, claim.attempt)

    async def send(self, mail: Mail) -> str:
        """Accept a probe."""
        self._report(mail.message_id, None, None)
        return mail.message_id

    async def get_quota(self) -> SendingQuota:
        """Limit nothing."""
        return SendingQuota(rate=None, remaining=None)

    async def receive(self) -> ReceivedEvents:
        """Return the oldest report, if there is one."""
        events = self.reports[:1]
        return ReceivedEvents(events, [each.id for each in events])

    async def acknowledge(self, receipts: list[str]) -> None:
        """Forget these reports."""
        self.reports = [each for each in self.reports if each.id not in receipts]

    def _report(self, name: str, delivery: int | None, attempt: int | None) -> None:
        self.reports.append(
            MailEvent(
                id=name,
                kind=MailEventKind.SENT,
                message_id=name,
                delivery_id=delivery,
                attempt=attempt,
                fingerprints=(),
                is_permanent=False,
                detail="",
                happened_at=self.world.now,
            )
        )


@dataclass
class Held:
    """A claim in a process's hands, and what it has to record of it, once it knows."""

    claim: Claim
    claimed_at: datetime
    outcome: OutcomeKind | None = None


@dataclass
class Process:
    """One process: its lock, the epoch it believes to lead in, and the claims that it holds."""

    lock: SqliteLeaderLock
    epoch: int | None = None
    held: list[Held] = field(default_factory=list)


class OutboxMachine(RuleBasedStateMachine):
    """What processes, provider, subscribers and time may do, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = the_world()
        self.provider = Provider(self.world)
        self.starts = 0
        self.processes = [self._process() for _ in range(PROCESSES)]
        self.left: dict[int, datetime] = {}
        self.refused: set[int] = set()
        self.highest_epoch = 0
        self.deps = cast(
            "Dependencies",
            SimpleNamespace(
                store=self.world.store,
                mailer=self.provider,
                mail_events=self.provider,
                settings=self.world.settings,
                lifecycle=Lifecycle(),
                feed=SimpleNamespace(source=Source.YAHOO),
            ),
        )

    def _process(self) -> Process:
        self.starts += 1
        lease = timedelta(seconds=LEADER_LEASE)
        return Process(
            SqliteLeaderLock(self.world.store, holder=f"process {self.starts}", lease=lease)
        )

    @initialize()
    def begin(self) -> None:
        """Empty the database, let people subscribe, and let the first process plan the run."""

        async def prepare() -> None:
            await self.world.empty()
            self.processes[0].epoch = await self.processes[0].lock.acquire()
            async with self.world.store.begin() as unit:
                for number in range(SUBSCRIBERS):
                    name = f"person{number}@example.org"
                    await unit.subscribers.add_subscriber(
                        EmailAddress(name, name), SubscriberState.CONFIRMED, START, origin="import"
                    )
                run = await unit.runs.add_run(
                    Source.YAHOO,
                    RunKind.DIGEST,
                    SESSION,
                    state=RunState.PLANNED,
                    epoch=self.processes[0].epoch or 0,
                    expires_at=START + timedelta(hours=4),
                )
                assert run is not None

        self.world.run(prepare())

    @rule(seconds=st.sampled_from([0.5, 2.0, 4.0, 9.0, 16.0]))
    def pass_time(self, seconds: float) -> None:
        """Time passes for everybody."""
        self.world.now += timedelta(seconds=seconds)

    @rule(number=process_numbers)
    def stand_or_show_life(self, number: int) -> None:
        """A process stands for election or, if it believes to lead, shows life."""
        process = self.processes[number]

        async def take_part() -> None:
            if process.epoch is None:
                process.epoch = await process.lock.acquire()
            elif not await process.lock.heartbeat():
                process.epoch = None

        self.world.run(take_part())

    @rule(number=process_numbers)
    def lead(self, number: int) -> None:
        """Whoever believes to lead does the next thing; a stale epoch changes not one row."""
        process = self.processes[number]
        if process.epoch is not None:
            self.world.run(self._lead(process))

    async def _lead(self, process: Process) -> None:
        assert process.epoch is not None
        is_stale = process.epoch != await self._current_epoch()
        before = await self.world.dump() if is_stale else []
        agenda = cast("CurrentAgenda", SimpleNamespace(database_now=self.world.now))
        try:
            await attend_run(self.deps, process.epoch, await self._run(), agenda)
        except StaleEpoch:
            assert is_stale
            process.epoch = None
        if is_stale:
            assert await self.world.dump() == before

    @rule(number=process_numbers, count=st.integers(1, 3), behind=st.booleans())
    def claim(self, number: int, count: int, behind: bool) -> None:  # noqa: FBT001 - drawn
        """Any process claims; one that knows only an older epoch of the run gets nothing."""
        process = self.processes[number]

        async def work() -> None:
            run = await self._run()
            claims = await self._claim(process, run.id, run.epoch - behind, count)
            assert not (behind and claims)

        self.world.run(work())

    async def _claim(self, process: Process, run_id: int, epoch: int, count: int) -> list[Held]:
        async with self.world.store.begin() as unit:
            claims = await unit.deliveries.claim(
                run_id,
                epoch=epoch,
                owner=str(id(process)),
                limit=count,
                lease=timedelta(seconds=DELIVERY_LEASE),
            )
        new = [Held(claim, self.world.now) for claim in claims]
        process.held += new
        return new

    @rule(
        number=process_numbers,
        answer=st.sampled_from(["accepted", "accepted, unanswered", "lost", "not sent", "refused"]),
    )
    def hand_over(self, number: int, answer: str) -> None:
        """A process hands its oldest claim over, unless it has grown stale in its hands."""
        held = next((each for each in self.processes[number].held if each.outcome is None), None)
        if held is not None:
            self._hand_over(held, answer)

    def _hand_over(self, held: Held, answer: str) -> None:
        if self.world.now >= held.claimed_at + timedelta(seconds=USABLE):
            held.outcome = "released"
        elif answer == "refused":
            self.refused.add(held.claim.subscriber_id)
            held.outcome = "failed"
        elif answer == "not sent":
            held.outcome = "released"
        else:
            if answer.startswith("accepted"):
                self.provider.accept(held.claim)
            held.outcome = "sent" if answer == "accepted" else "unknown"

    @rule(number=process_numbers)
    def record(self, number: int) -> None:
        """A process records what it knows."""
        self.world.run(self._record(self.processes[number]))

    async def _record(self, process: Process) -> None:
        known = [each for each in process.held if each.outcome is not None]
        process.held = [each for each in process.held if each.outcome is None]
        async with OutcomeRecorder(self.world.store) as recorder:
            for each in known:
                if each.outcome is not None:
                    recorder.note(DeliveryOutcome(each.claim, each.outcome, "as it was answered"))

    @rule(number=process_numbers)
    def crash(self, number: int) -> None:
        """A process is gone with all it knew, and a new one stands in its place."""
        self.processes[number] = self._process()

    @rule(number=process_numbers, most=st.integers(1, 3))
    def hear(self, number: int, most: int) -> None:
        """Whoever believes to lead reads some of the reports."""
        process = self.processes[number]
        if process.epoch is not None:
            self.world.run(self._hear(process, most))

    async def _hear(self, process: Process, most: int) -> None:
        try:
            await read_mail_events(self.deps, epoch=process.epoch, most=most)
        except StaleEpoch:
            process.epoch = None

    @rule(number=st.integers(1, SUBSCRIBERS))
    def leave(self, number: int) -> None:
        """A subscriber unsubscribes."""

        async def work() -> None:
            async with self.world.store.begin() as unit:
                rows = await unit.subscribers.list_subscribers(after=0, limit=SUBSCRIBERS)
                person = rows[number - 1]
                if person.id not in self.left:
                    gone = replace(
                        person, state=SubscriberState.UNSUBSCRIBED, unsubscribed_at=self.world.now
                    )
                    assert await unit.subscribers.update_subscriber(gone)
                    self.left[person.id] = self.world.now

        self.world.run(work())

    @invariant()
    def nobody_gets_two_mails_or_one_after_leaving(self) -> None:
        """I1 and I3: at most one accepted mail each, none long after its reader has left."""
        people = [person for person, _ in self.provider.accepted]
        assert len(people) == len(set(people))
        for person, moment in self.provider.accepted:
            if person in self.left:
                assert moment <= self.left[person] + timedelta(seconds=USABLE)

    def teardown(self) -> None:
        """However it went, in calm weather the run ends: everybody has one mail, or had left."""
        self.world.run(self._calm_down())

    async def _calm_down(self) -> None:
        if not await self._is_begun():
            return
        for process in self.processes:
            await self._record(process)
        leader = self._process()
        for _ in range(60):
            self.world.now += timedelta(seconds=PATIENCE + 1.0)
            if leader.epoch is None:
                leader.epoch = await leader.lock.acquire()
                continue
            await leader.lock.heartbeat()
            await self._lead(leader)
            await self._hear(leader, 100)
            run = await self._run()
            if run.state is RunState.FINISHED:
                break
            for held in await self._claim(leader, run.id, run.epoch, 10):
                self._hand_over(held, "accepted")
            await self._record(leader)
        assert (await self._run()).state is RunState.FINISHED
        got = {person for person, _ in self.provider.accepted}
        async with self.world.store.begin() as unit:
            people = await unit.subscribers.list_subscribers(after=0, limit=SUBSCRIBERS)
        wanting = {person.id for person in people} - set(self.left) - self.refused
        assert wanting <= got
        self.nobody_gets_two_mails_or_one_after_leaving()

    async def _is_begun(self) -> bool:
        async with self.world.store.begin() as unit:
            run = await unit.runs.find_run(Source.YAHOO, RunKind.DIGEST, SESSION)
        return run is not None

    async def _run(self) -> Run:
        async with self.world.store.begin() as unit:
            run = await unit.runs.find_run(Source.YAHOO, RunKind.DIGEST, SESSION)
        assert run is not None
        return run

    async def _current_epoch(self) -> int:
        async with self.world.store.begin() as unit:
            leadership = await unit.epochs.find_leadership()
        assert leadership is not None
        return leadership.epoch


# As many interleavings take longer than a unit test usually may.
TestOutbox = pytest.mark.timeout(7200 if INTERLEAVINGS > 500 else 300)(OutboxMachine.TestCase)
TestOutbox.settings = settings(
    max_examples=INTERLEAVINGS,
    stateful_step_count=STEPS,
    suppress_health_check=[HealthCheck.too_slow],
)
