"""Every fault that a digest has to survive, as a function of a deployment and a seeded chance.

Each begins a round, does its damage in the middle of it, and returns what the invariants say.
"""

from __future__ import annotations

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from oracle.adapters.sql.leader_lock_mysql import LOCK_SUFFIX
from oracle.adapters.sql.mysql import server_lock_name
from tests.integration.digest.deployment import RATE
from tests.standins.ses import TOPIC, Accepted, event_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.integration.digest.deployment import Deployment
    from tests.integration.digest.invariants import Findings
    from tests.servers.application import Answer, Application

SUBSCRIBERS = 240
"""At four fifths of 150 a second they take two seconds, in the middle of which things go wrong."""

TAKEOVER_SECONDS = 20.0
CALLS_WHILE_PAUSED = 5
GONE_SECONDS = 6.0
"""Four database deadlines: nothing that waits for the database waits longer than one of them."""

DATABASE_AWAY = "The database does not answer."
SLOWEST_PAGE = 1.5
PAGES = ("/", "/ranking", "/stocks/AAPL")
REFUSED_WITHIN = 2.0
_CLIENTS = count(2)
REFUSED = "oracle_mail_events_refused_total"


def kill_leader_before_fan_out(scene: Deployment, chance: Random) -> Findings:
    """1: SIGKILL of the leader as soon as it has planned the run, or just before."""
    leader = scene.leader()
    if chance.random() < 0.5:
        leader.kill()
        scene.begin_round_as_it_is(SUBSCRIBERS)
    else:
        scene.begin_round(SUBSCRIBERS)
        scene.wait_for(lambda: scene.run_state() != "", 10.0, "planned run")
        leader.kill()
    return _with_takeover(scene, scene.wait_for_new_leader(leader, TAKEOVER_SECONDS))


def kill_leader_mid_send(scene: Deployment, chance: Random) -> Findings:
    """2: SIGKILL of the leader at any moment of the sending."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, SUBSCRIBERS - 20))
    leader = scene.leader()
    leader.kill()
    return _with_takeover(scene, scene.wait_for_new_leader(leader, TAKEOVER_SECONDS))


def kill_two_mid_send(scene: Deployment, chance: Random) -> Findings:
    """2: SIGKILL of two of the three instances, the leader among them or not."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, SUBSCRIBERS - 20))
    for instance in chance.sample(scene.instances, 2):
        instance.kill()
        time.sleep(chance.uniform(0.0, 0.2))
    return scene.end_round()


def stop_leader(scene: Deployment, chance: Random) -> Findings:
    """3: SIGSTOP of the leader, which is let go on when another leads: it changes nothing."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, SUBSCRIBERS - 20))
    leader = scene.leader()
    leader.signal(signal.SIGSTOP)
    try:
        seconds = scene.wait_for_new_leader(leader, TAKEOVER_SECONDS)
    finally:
        leader.signal(signal.SIGCONT)
    return _with_takeover(scene, seconds)


def black_hole_leader(scene: Deployment, chance: Random) -> Findings:
    """4: the leader's link to the database swallows everything, and comes back later."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, SUBSCRIBERS - 20))
    leader = scene.leader()
    leader.proxy.swallow()
    try:
        seconds = scene.wait_for_new_leader(leader, TAKEOVER_SECONDS)
    finally:
        leader.proxy.heal()
    findings = _with_takeover(scene, seconds)
    done = leader.jobs_done("send_deliveries")
    scene.wait_for(
        lambda: leader.jobs_done("send_deliveries") > done, 20.0, "work of the one cut off"
    )
    return findings


def kill_lock_connection(scene: Deployment, chance: Random) -> Findings:
    """5: the connection that holds the lock is killed: elected anew once, and not over and over."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, SUBSCRIBERS - 20))
    before = scene.epoch()
    lock = server_lock_name(scene.name, LOCK_SUFFIX)
    with scene.engine.connect() as connection:
        holder = connection.scalar(text("SELECT IS_USED_LOCK(:lock)"), {"lock": lock})
        connection.execute(text(f"KILL CONNECTION {int(holder)}"))
    seconds = scene.wait_for(lambda: scene.epoch() > before, 10.0, "election")
    findings = _with_takeover(scene, seconds)
    elections = scene.epoch() - before
    if elections > 2:
        findings.broken.append(f"5: {elections} elections after one killed connection")
    return findings


def restart_database(scene: Deployment, chance: Random) -> Findings:
    """6: the database is killed in the middle of the sending and started again."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, SUBSCRIBERS - 20))
    scene.database.kill()
    before, killed_at = scene.accepted(), time.monotonic()
    time.sleep(chance.uniform(0.0, 1.0))
    scene.database.start()
    scene.wait_for(
        lambda: scene.accepted() > before or scene.run_state() == "finished", 10.0, "more mail"
    )
    return _with_takeover(scene, time.monotonic() - killed_at)


def lose_database(scene: Deployment, chance: Random) -> Findings:
    """7: without the database known pages are served, marked; writes ask to be tried again."""
    scene.begin_round(SUBSCRIBERS)
    site = scene.instances[0].application
    assert site.ask("/").status == 200
    scene.wait_for_accepted(chance.randrange(1, SUBSCRIBERS - 20))
    scene.database.kill()
    broken = []
    gone_until = time.monotonic() + GONE_SECONDS
    try:
        while time.monotonic() < gone_until:
            page = site.ask("/", client=_new_client())
            if page.status != 200 or DATABASE_AWAY not in page.text:
                broken.append(f"7: a known page was {page.status}, or was not marked")
            written = _sign_up(site)
            if (written.status, bool(written.retry_after)) != (503, True):
                broken.append(f"7: a write was {written.status}, again in {written.retry_after!r}")
    finally:
        scene.database.start()
    scene.wait_for(lambda: site.ask("/healthz/deep").status == 200, 10.0, "healthy instance")
    findings = scene.end_round()
    findings.broken += dict.fromkeys(broken)
    return findings


def slow_database(scene: Deployment, chance: Random) -> Findings:
    """9: a link to the database that takes half a second: pages come within 1.5 s.

    With the database's deadline of a real deployment: a scaled one leaves room for two exchanges.
    """
    for instance in scene.instances:
        instance.kill()
    scene.start_missing(database_deadline="5")
    scene.begin_round(SUBSCRIBERS)
    for instance in scene.instances:
        for path in PAGES:
            assert instance.application.ask(path, client=_new_client()).status == 200
    scene.wait_for_accepted(chance.randrange(1, 60))
    for instance in scene.instances:
        instance.proxy.delay = 0.25
    answers = [
        chance.choice(scene.instances).application.ask(chance.choice(PAGES), client=_new_client())
        for _ in range(50)
    ]
    for instance in scene.instances:
        instance.proxy.delay = 0.0
    findings = scene.end_round()
    for instance in scene.instances:
        instance.kill()
    slowest = max(answer.seconds for answer in answers)
    statuses = {answer.status for answer in answers}
    if slowest > SLOWEST_PAGE or statuses != {200}:
        findings.broken.append(f"9: {statuses} within {slowest:.2f} s")
    return findings


def exhaust_pool(scene: Deployment, chance: Random) -> Findings:
    """10: while all connections wait for locked rows, 503 in time; served when they are free."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, SUBSCRIBERS - 20))
    site = scene.instances[0].application

    with ThreadPoolExecutor(20) as threads, scene.engine.connect() as connection:
        connection.execute(text("LOCK TABLES subscribers WRITE"))
        try:
            answers = list(threads.map(lambda _: _sign_up(site), range(20)))
        finally:
            connection.execute(text("UNLOCK TABLES"))
    unlocked = time.monotonic()
    scene.wait_for(lambda: _sign_up(site).status == 202, 10.0, "sign-up")
    findings = _with_takeover(scene, time.monotonic() - unlocked)
    slowest = max(answer.seconds for answer in answers)
    statuses = {answer.status for answer in answers}
    if statuses != {503} or slowest > REFUSED_WITHIN:
        findings.broken.append(f"10: {statuses} within {slowest:.1f} s")
    if findings.seconds > REFUSED_WITHIN:
        findings.broken.append(f"10: served again after {findings.seconds:.1f} s")
    return findings


def refuse_writes(scene: Deployment, chance: Random) -> Findings:
    """8: the database is read-only for a while: nobody is elected, and then somebody is."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, SUBSCRIBERS - 20))
    leader = scene.leader()
    scene.database.execute("SET GLOBAL read_only = 1")
    try:
        leader.kill()
        epoch = scene.epoch()
        time.sleep(4.0)
        elected = scene.epoch() - epoch
    finally:
        scene.database.execute("SET GLOBAL read_only = 0")
    findings = _with_takeover(scene, scene.wait_for_new_leader(leader, TAKEOVER_SECONDS))
    if elected:
        findings.broken.append("8: a leader was elected on a database that takes no writes")
    return findings


def leave_in_order(scene: Deployment, chance: Random) -> Findings:
    """22: SIGTERM of the leader: another leads within five seconds, and no mail is unknown."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, SUBSCRIBERS - 20))
    leader = scene.leader()
    silent = scene.logged("senders_fell_silent")
    leader.signal(signal.SIGTERM)
    seconds = scene.wait_for_new_leader(leader, 5.0)
    findings = _with_takeover(scene, seconds)
    if scene.logged("senders_fell_silent") > silent:
        findings.broken.append("22: mails were left unknown by a process that stopped in order")
    return findings


def throttle(scene: Deployment, chance: Random) -> Findings:
    """15: the provider answers 429 for a while: slower, all sent, none twice."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, 100))
    scene.ses.behave(always="throttled")
    calls = scene.ses.read(10**9)["requests"]
    time.sleep(3.0)
    calls = scene.ses.read(10**9)["requests"] - calls
    scene.ses.behave(always=None)
    findings = scene.end_round()
    if calls > 60:
        findings.broken.append(f"15: {calls} calls in three seconds of refusals")
    return findings


def hang_after_accepting(scene: Deployment, chance: Random) -> Findings:
    """16: some answers never come: one request each, unknown, found out by the reports."""
    scene.begin_round(
        SUBSCRIBERS, shares={"hangs_after_accepting": 0.03}, seed=chance.randrange(10**6)
    )
    return scene.end_round()


def break_answers(scene: Deployment, chance: Random) -> Findings:
    """17: 5xx and resets, before and after accepting."""
    scene.begin_round(
        SUBSCRIBERS,
        shares={
            "reset_after_accepting": 0.04,
            "failed_after_accepting": 0.02,
            "reset": 0.02,
            "failed": 0.02,
        },
        seed=chance.randrange(10**6),
    )
    return scene.end_round()


def pause_account(scene: Deployment, chance: Random) -> Findings:
    """18: the account is paused: a few calls, then none; it goes on by itself afterwards."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, 100))
    before = scene.ses.read(10**9)["answers"].get("paused", 0)
    scene.ses.behave(always="paused")
    scene.wait_for(lambda: scene.run_state() == "stopped", 5.0, "stopped run")
    scene.ses.behave(always=None)
    findings = scene.end_round()
    calls = scene.ses.read(10**9)["answers"].get("paused", 0) - before
    if calls > CALLS_WHILE_PAUSED:
        findings.broken.append(f"18: {calls} calls to a paused account")
    return findings


def reject_some(scene: Deployment, chance: Random) -> Findings:
    """19: one in a hundred recipients is refused: only those fail."""
    people = chance.sample(range(SUBSCRIBERS), SUBSCRIBERS // 100)
    scene.begin_round(SUBSCRIBERS, rejected=[f"person{number}@example.org" for number in people])
    findings = scene.end_round()
    if (failed := _count(scene, "failed")) != len(people):
        findings.broken.append(f"19: {failed} failed, {len(people)} were refused")
    return findings


def reject_many(scene: Deployment, chance: Random) -> Findings:
    """19: one in twenty is refused: the run stops with an alert, and goes on when a person says."""
    many = 3 * SUBSCRIBERS
    people = chance.sample(range(many), many // 20)
    scene.begin_round(many, rejected=[f"person{number}@example.org" for number in people])
    stops = scene.logged("digest_stopped")
    scene.wait_for(lambda: scene.run_state() == "stopped", 40.0, "stopped run")
    scene.wait_for(lambda: scene.logged("digest_stopped") > stops, 5.0, "alert")
    scene.wait_for(lambda: not _count(scene, "sending"), 10.0, "end of what was under way")
    accepted = scene.accepted()
    time.sleep(1.5)
    more = scene.accepted() - accepted
    scene.oracle("digest", "resume")
    findings = scene.end_round()
    if more:
        findings.broken.append(f"19: {more} mails while the run was stopped")
    if (failed := _count(scene, "failed")) != len(people):
        findings.broken.append(f"19: {failed} failed, {len(people)} were refused")
    return findings


def forge_events(scene: Deployment, chance: Random) -> Findings:
    """20: what only looks like a report is refused and counted, and suppresses nobody."""
    scene.begin_round(SUBSCRIBERS)
    scene.wait_for_accepted(chance.randrange(1, 100))
    before = sum(each.counted(REFUSED) for each in scene.instances)
    forged = [_report(f"person{number}@example.org", delivery="1") for number in range(200, 240)]
    other_account = TOPIC.replace("123456789012", "210987654321")
    messages = [
        *(_envelope(each, topic=f"{TOPIC}-of-another") for each in forged[:10]),
        *(_envelope(each, topic=other_account) for each in forged[10:20]),
        *(json.dumps(each) for each in forged[20:30]),
        *(_envelope({**each, "mail": chance.choice(["", [], 7])}) for each in forged[30:]),
        "no JSON at all",
        "[" * 5000,
    ]
    chance.shuffle(messages)
    # Of a delivery that nobody knows, to somebody who is no subscriber: believed, of no effect.
    strange = _report("stranger@example.org", delivery="999999999")
    scene.ses.behave(put_raw=[*messages, _envelope(strange)])

    def refused() -> float:
        return sum(each.counted(REFUSED) for each in scene.instances) - before

    scene.wait_for(lambda: refused() >= len(messages), 20.0, f"{len(messages)} refused messages")
    findings = scene.end_round()
    suppressed = {row["fingerprint"] for row in scene.rows("SELECT fingerprint FROM suppressions")}
    if suppressed - {sha256(b"stranger@example.org").hexdigest()}:
        findings.broken.append(f"20: forged reports suppressed {len(suppressed)} addresses")
    if refused() != len(messages) or findings.accepted != SUBSCRIBERS:
        findings.broken.append(f"20: {refused():g} refused, {findings.accepted} accepted")
    return findings


def repeat_events(scene: Deployment, chance: Random) -> Findings:
    """20: every report comes five times, and late."""
    scene.begin_round(
        SUBSCRIBERS,
        copies=5,
        event_delay=chance.uniform(0.0, 1.5),
        shares={"hangs_after_accepting": 0.02},
        seed=chance.randrange(10**6),
    )
    return scene.end_round()


def unsubscribe_meanwhile(scene: Deployment, chance: Random) -> Findings:
    """People leave while the digest is being sent: whoever has left gets nothing 5 s later."""
    scene.begin_round(SUBSCRIBERS, latency=0.1)
    scene.wait_for_accepted(chance.randrange(1, 60))
    with scene.engine.connect() as connection:
        connection.execute(
            text(
                "UPDATE subscribers SET state = 'unsubscribed',"
                " unsubscribed_at = UTC_TIMESTAMP(6) WHERE id % 3 = :rest"
            ),
            {"rest": chance.randrange(3)},
        )
    return scene.end_round()


FAULTS: tuple[Callable[[Deployment, Random], Findings], ...] = (
    kill_leader_mid_send,
    stop_leader,
    black_hole_leader,
    restart_database,
    kill_lock_connection,
    kill_leader_before_fan_out,
    kill_two_mid_send,
    leave_in_order,
    lose_database,
    slow_database,
    exhaust_pool,
    refuse_writes,
    throttle,
    hang_after_accepting,
    break_answers,
    pause_account,
    reject_some,
    reject_many,
    repeat_events,
    forge_events,
    unsubscribe_meanwhile,
)


def _new_client() -> int:
    return next(_CLIENTS)


def _sign_up(site: Application) -> Answer:
    """Write something, as a client who has not asked before."""
    number = _new_client()
    newcomer = {"email": f"newcomer{number}@example.org"}
    return site.ask("/api/v1/subscribers", newcomer, client=number)


def _count(scene: Deployment, state: str) -> int:
    count: int = scene.rows(f"SELECT count(*) AS n FROM deliveries WHERE state = '{state}'")[0]["n"]  # noqa: S608 - our own word
    return count


def _report(recipient: str, *, delivery: str) -> dict[str, Any]:
    """Return a report of a bounce for good, as the provider writes it."""
    accepted = Accepted(
        recipient=recipient,
        id="0100-forged",
        message_id="forged",
        subject="",
        tags={"run": "1", "delivery": delivery, "attempt": "1"},
        configuration_set="oracle",
        at=time.time(),
        fault="",
    )
    return event_of(accepted, "Bounce")


def _envelope(report: dict[str, Any], *, topic: str = TOPIC) -> str:
    return json.dumps({"Type": "Notification", "TopicArn": topic, "Message": json.dumps(report)})


def _with_takeover(scene: Deployment, seconds: float) -> Findings:
    findings = scene.end_round(rate=RATE)
    findings.seconds = seconds
    return findings
