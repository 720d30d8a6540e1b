"""How fast a digest is sent, by two processes to the scripted SES: mails, seconds, rate, memory.

    python -m benchmarks.digest [--subscribers 10000] [--rate 400] [--seconds 600]

The provider takes 20 ms for each mail and reports on each twice. Printed are the time from the
first claim to the run's end, the most mails in any second, what was lost or came twice, and the
largest resident memory of each process.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.integration.digest.deployment import UNSCALED, deployed
from tests.integration.digest.invariants import is_digest, most_in_a_second

if TYPE_CHECKING:
    from tests.integration.digest.deployment import Deployment

INSTANCES = 2
LATENCY = 0.02


def memory_of(scene: Deployment) -> str:
    """Return each process's largest resident memory so far."""
    sizes = []
    for instance in scene.instances:
        status = Path(f"/proc/{instance.application.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        sizes.append(f"{int(line.split()[1]) / 1024:.0f} MB")
    return ", ".join(sizes)


def work_of(scene: Deployment) -> float:
    """Return the seconds of processor time that the processes have used."""
    ticks = 0
    for instance in scene.instances:
        stat = Path(f"/proc/{instance.application.process.pid}/stat").read_text()
        ticks += sum(int(part) for part in stat.rpartition(")")[2].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(scene: Deployment, subscribers: int, rate: float, seconds: float) -> None:
    """Send one digest and print the figures."""
    print(f"memory before: {memory_of(scene)}", flush=True)
    scene.begin_round(subscribers, latency=LATENCY, rate=rate, daily=1e7)
    scene.wait_for(lambda: scene.run_state() == "sending", 120.0, "run that sends")
    started, work = time.monotonic(), work_of(scene)
    print(f"memory after the fan-out: {memory_of(scene)}", flush=True)
    deadline = started + seconds
    while scene.run_state() != "finished" and time.monotonic() < deadline:
        time.sleep(1.0)
    took = time.monotonic() - started
    work = work_of(scene) - work
    print(f"memory at the end: {memory_of(scene)}")
    ledger = scene.ses.read(scene.ledger_start)["ledger"]
    mails = [mail["recipient"] for mail in ledger if is_digest(mail)]
    moments = [mail["at"] for mail in ledger]
    print(f"state: {scene.run_state()}, {len(mails)} accepted in {took:.1f} s")
    print(f"from the first to the last: {max(moments) - min(moments):.1f} s")
    print(
        f"processor time of both processes: {work:.1f} s, {1e3 * work / len(mails):.1f} ms a mail"
    )
    print(f"most in any second: {most_in_a_second(moments)} of {rate:g} allowed")
    print(f"lost: {subscribers - len(set(mails))}, twice: {len(mails) - len(set(mails))}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--subscribers", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=400.0)
    parser.add_argument("--seconds", type=float, default=600.0)
    options = parser.parse_args()
    changed = {"mail_rate": f"{options.rate:g}", "mail_concurrency": "40"}
    with (
        tempfile.TemporaryDirectory(prefix="oracle-digest-") as folder,
        deployed(Path(folder), instances=INSTANCES, timing={**UNSCALED, **changed}) as scene,
    ):
        measure(scene, options.subscribers, options.rate, options.seconds)


if __name__ == "__main__":
    main()
