"""What must hold after every fault, read from the tables and from what the provider accepted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

RATE_WINDOW = 1.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """The rows of one round, and the provider's ledger in the order of acceptance."""

    runs: Sequence[Mapping[str, Any]]
    deliveries: Sequence[Mapping[str, Any]]
    subscribers: Sequence[Mapping[str, Any]]
    suppressed: frozenset[str]
    leadership_epoch: int
    ledger: Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Findings:
    """What was broken, one sentence each, and what was counted on the way."""

    broken: list[str] = field(default_factory=list)
    accepted: int = 0
    resent: int = 0
    unknown: int = 0
    seconds: float = 0.0


def read_evidence(connection: Connection, ledger: Sequence[Mapping[str, Any]]) -> Evidence:
    """Read the rows of the round."""

    def rows(statement: str) -> list[Mapping[str, Any]]:
        return [dict(row) for row in connection.execute(text(statement)).mappings()]

    return Evidence(
        runs=rows("SELECT * FROM runs WHERE kind = 'digest'"),
        deliveries=rows("SELECT * FROM deliveries"),
        subscribers=rows(
            "SELECT id, address, fingerprint, state, paused, UNIX_TIMESTAMP(unsubscribed_at) AS "
            "unsubscribed_at FROM subscribers"
        ),
        suppressed=frozenset(row["fingerprint"] for row in rows("SELECT * FROM suppressions")),
        leadership_epoch=rows("SELECT epoch FROM leadership")[0]["epoch"],
        ledger=[mail for mail in ledger if is_digest(mail)],
    )


def is_digest(mail: Mapping[str, Any]) -> bool:
    """Return whether the mail is of the run: neither asks to confirm nor probes the provider."""
    recipient: str = mail["recipient"]
    return "run" in mail["tags"] and not recipient.endswith("@simulator.amazonses.com")


def check(evidence: Evidence, *, rate: float, recorded_unknown: int = 0) -> Findings:
    """Check all invariants.

    `rate` is what the provider allows in a second; `recorded_unknown` how many attempts the log
    says were resolved by sending again, which is how often one mail may have been accepted twice.
    """
    findings = Findings(accepted=len(evidence.ledger))
    _check_run(evidence, findings)
    _check_once(evidence, findings, recorded_unknown)
    _check_all(evidence, findings)
    _check_unsubscribed(evidence, findings)
    _check_same_figures(evidence, findings)
    _check_rate(evidence, findings, rate)
    return findings


def _check_run(evidence: Evidence, findings: Findings) -> None:
    """I4, I6: one run, in the newest epoch or before it, begun in its window."""
    keys = Counter((run["source"], run["kind"], run["session"]) for run in evidence.runs)
    findings.broken += [f"I1: {count} runs of {key}" for key, count in keys.items() if count > 1]
    for run in evidence.runs:
        if run["epoch"] > evidence.leadership_epoch:
            findings.broken.append(f"I4: a run of epoch {run['epoch']} before any such leader")
        if run["started_at"] >= run["expires_at"]:
            findings.broken.append("I6: a run begun after its window")
        if run["state"] != "finished":
            findings.broken.append(f"I2: the run is {run['state']}: {run['reason']}")


def _check_once(evidence: Evidence, findings: Findings, recorded_unknown: int) -> None:
    """I1: one accepted mail per subscriber, save attempts that were unknown and sent again."""
    accepted = Counter(mail["recipient"] for mail in evidence.ledger)
    twice = sum(count - 1 for count in accepted.values())
    findings.resent = twice
    if twice > recorded_unknown:
        findings.broken.append(f"I1: {twice} mails were accepted twice")
    pairs = Counter((row["run_id"], row["subscriber_id"]) for row in evidence.deliveries)
    findings.broken += [f"I1: {pair} has {n} deliveries" for pair, n in pairs.items() if n > 1]


def _check_all(evidence: Evidence, findings: Findings) -> None:
    """I2: accepted are the confirmed and unsuppressed, save later leavers and recorded failures."""
    accepted = {mail["recipient"] for mail in evidence.ledger}
    by_subscriber = {row["subscriber_id"]: row for row in evidence.deliveries}
    excused = {"failed", "suppressed", "expired"}
    for person in evidence.subscribers:
        row = by_subscriber.get(person["id"])
        wants = person["state"] == "confirmed" and not person["paused"]
        if row is None:
            if wants and person["fingerprint"] not in evidence.suppressed:
                findings.broken.append(f"I2: subscriber {person['id']} has no delivery")
            continue
        got = person["address"] in accepted
        if row["state"] == "unknown":
            findings.unknown += 1
        elif row["state"] == "sent" and not got:
            findings.broken.append(f"I2: delivery {row['id']} says sent, and was not accepted")
        elif row["state"] not in excused and not got:
            findings.broken.append(f"I2: delivery {row['id']} is {row['state']}, nothing accepted")
        elif row["state"] in excused and got:
            findings.broken.append(f"I2: delivery {row['id']} is {row['state']}, and was accepted")


def _check_unsubscribed(evidence: Evidence, findings: Findings) -> None:
    """I3: no mail five seconds after an acknowledged unsubscribe."""
    left = {
        person["address"]: float(person["unsubscribed_at"])
        for person in evidence.subscribers
        if person["unsubscribed_at"] is not None
    }
    for mail in evidence.ledger:
        gone_at = left.get(mail["recipient"])
        if gone_at is not None and mail["at"] > gone_at + 5.0:
            findings.broken.append("I3: a mail more than 5 s after its recipient had left")


def _check_same_figures(evidence: Evidence, findings: Findings) -> None:
    """I5: all mails of the run carry the same numbers, of which the subject has one."""
    subjects = {mail["subject"] for mail in evidence.ledger}
    if len(subjects) > 1:
        findings.broken.append(f"I5: the mails have {len(subjects)} different subjects")
    for run in evidence.runs:
        json.loads(run["content"])


def _check_rate(evidence: Evidence, findings: Findings, rate: float) -> None:
    """Never more mails in any second than the provider allows."""
    most = most_in_a_second([mail["at"] for mail in evidence.ledger])
    if most > rate:
        findings.broken.append(f"rate: {most} mails in one second, {rate:g} allowed")


def most_in_a_second(moments: Sequence[float]) -> int:
    """Return how many of the moments lie within one second at most."""
    ordered = sorted(moments)
    most = first = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= RATE_WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return most
