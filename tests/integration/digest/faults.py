"""Every fault that a digest has to survive, as a function of a deployment and a seeded chance.

Each begins a round, does its damage in the middle of it, and returns what the invariants say.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from sqlalchemy import text

from oracle.adapters.sql.leader_lock_mysql import LOCK_SUFFIX
from oracle.adapters.sql.mysql import server_lock_name
from tests.integration.digest.deployment import RATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.integration.digest.deployment import Deployment
    from tests.integration.digest.invariants import Findings

SUBSCRIBERS = 240
"""At four fifths of 150 a second they take two seconds, in the middle of which things go wrong."""

TAKEOVER_SECONDS = 20.0
CALLS_WHILE_PAUSED = 5


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
    failed = scene.rows("SELECT count(*) AS n FROM deliveries WHERE state = 'failed'")[0]["n"]
    if failed != len(people):
        findings.broken.append(f"19: {failed} failed, {len(people)} were refused")
    return findings


def repeat_events(scene: Deployment, chance: Random) -> Findings:
    """20: every report comes five times, late, beside forged and unreadable ones."""
    scene.begin_round(
        SUBSCRIBERS,
        copies=5,
        event_delay=chance.uniform(0.0, 1.5),
        shares={"hangs_after_accepting": 0.02},
        seed=chance.randrange(10**6),
    )
    scene.ses.behave(put_raw=["no JSON at all", '{"Type": "Notification", "Message": "{}"}'])
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
    refuse_writes,
    throttle,
    hang_after_accepting,
    break_answers,
    pause_account,
    reject_some,
    repeat_events,
    unsubscribe_meanwhile,
)


def _with_takeover(scene: Deployment, seconds: float) -> Findings:
    findings = scene.end_round(rate=RATE)
    findings.seconds = seconds
    return findings
