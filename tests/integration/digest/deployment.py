"""Several processes of the application on one database, one feed and one mail provider.

The provider is the scripted SES in a process of its own, the feed the server in Yahoo's place, and
each instance reaches the database through a proxy of its own that can turn into a black hole.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from oracle.adapters.sql.migrate import migrate
from tests.integration.digest.invariants import Findings, check, read_evidence
from tests.servers.application import ROOT, run_oracle, running_application
from tests.servers.mariadb import run_mariadb
from tests.servers.tcp_proxy import TcpProxy
from tests.standins.ses import TOPIC
from tests.standins.yahoo import YahooStandin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.servers.application import Application
    from tests.servers.mariadb import MariaDbServer

EVENING = datetime(2022, 3, 16, 22, 5, tzinfo=UTC)
"""A Wednesday in summer time, five minutes past six in New York: the digest is due."""

RATE = 150.0
SCALED = {
    "leader_heartbeat": "1",
    "leader_patience": "3",
    "leader_lease": "4",
    "delivery_lease": "4",
    "mail_deadline": "1.5",
    "mail_patience": "2",
    "database_deadline": "1.5",
}
"""Time-outs as short as the faults of a test are; `UNSCALED` are those of a real deployment."""

UNSCALED: dict[str, str] = {}


class FakeProvider:
    """The scripted SES as a process, steered over HTTP."""

    def __init__(self, stack: ExitStack) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests/standins/ses.py")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(self._stop)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    @property
    def queue_url(self) -> str:
        """The address of its queue of reports."""
        return f"{self.url}/123456789012/oracle-mail-events"

    def behave(self, **changes: Any) -> None:
        """Change what it does from now on."""
        self._ask(json.dumps(changes).encode())

    def read(self, first: int = 0) -> dict[str, Any]:
        """Return its counts, and its ledger from that place on."""
        return self._ask(None, f"?first={first}")

    def accepted(self) -> int:
        """Return how many mails it has accepted in all."""
        count: int = self._ask(None, "?first=999999999")["accepted"]
        return count

    def _ask(self, body: bytes | None, query: str = "") -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - own http address
            f"{self.url}/control{query}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            read: dict[str, Any] = json.loads(answer.read())
            return read

    def _stop(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class ProxyLoop:
    """An event loop in a thread of its own, for the proxies."""

    def __init__(self, stack: ExitStack) -> None:
        self._loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._loop.run_forever)
        thread.start()
        stack.callback(self._stop, thread)

    def open(self, stack: ExitStack, target_port: int) -> TcpProxy:
        """Return a running proxy to that port."""
        proxy = TcpProxy(target_port)
        proxy.hides_hang_ups = True
        self.run(proxy.__aenter__())
        stack.callback(lambda: self.run(proxy.__aexit__()))
        return proxy

    def run(self, work: Any) -> Any:
        """Run the coroutine there and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def _stop(self, thread: threading.Thread) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        thread.join()
        self._loop.close()


class Instance:
    """One process of the application, which can be ended and started again."""

    def __init__(self, folder: Path, proxy: TcpProxy, variables: Mapping[str, str]) -> None:
        self.proxy = proxy
        self._folder = folder
        self._variables = dict(variables)
        self._stack = ExitStack()
        self._starts = 0
        self._application: Application | None = None

    def start(self, **changed: str) -> None:
        """Start a new process."""
        folder = self._folder / str(self._starts)
        folder.mkdir(parents=True)
        self._starts += 1
        self._application = self._stack.enter_context(
            running_application(folder, **{**self._variables, **changed})
        )

    @property
    def application(self) -> Application:
        """The process that was started last."""
        assert self._application is not None
        return self._application

    @property
    def is_running(self) -> bool:
        """Whether the process is there, stopped or not."""
        return self._application is not None and self._application.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send the signal to this process."""
        self.application.process.send_signal(number)

    def jobs_done(self, job: str) -> float:
        """Return how often this process has done that job."""
        return self.counted(f'oracle_scheduler_job_runs_total{{job_name="{job}",outcome="ok"}}')

    def counted(self, metric: str) -> float:
        """Return the metric's value in this process, 0 where there is none."""
        mark = f"{metric} "
        lines = self.application.read(self.application.metrics_url).splitlines()
        return sum(float(line.removeprefix(mark)) for line in lines if line.startswith(mark))

    def kill(self) -> None:
        """End the process in the middle of whatever it does."""
        self.application.process.kill()
        self.application.process.wait()

    def stop(self) -> None:
        """End the process in order, as far as it goes."""
        if self.is_running:
            self.signal(signal.SIGCONT)
        self._stack.close()


class Deployment:
    """The database, the feed, the provider and the instances."""

    def __init__(
        self,
        folder: Path,
        stack: ExitStack,
        *,
        instances: int = 3,
        timing: Mapping[str, str] = SCALED,
    ) -> None:
        self._folder = folder
        self._stack = stack
        self.database: MariaDbServer = stack.enter_context(contextmanager(run_mariadb)())
        self.name = self.database.create_database()
        self.yahoo = stack.enter_context(YahooStandin(EVENING))
        self.ses = FakeProvider(stack)
        self.ledger_start = 0
        # What was claimed by a process that is gone is resolved after two time-outs.
        self._longest = 90.0 if timing else 400.0
        _lend_credentials(stack)
        self.engine = create_engine(
            f"mysql+pymysql://root@127.0.0.1:{self.database.port}/{self.name}",
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
        )
        self._proxies = ProxyLoop(stack)
        self.variables = {
            "market": "yahoo",
            "yahoo_url": self.yahoo.url,
            "now": EVENING.isoformat(),
            "secret_key": "a secret that all instances of the tests share",
            "mailer": "ses",
            "mail_from": "Oracle <digest@oracle.example>",
            "mail_rate": f"{RATE:g}",
            "ses_endpoint": self.ses.url,
            "ses_configuration_set": "oracle",
            "mail_events_queue": self.ses.queue_url,
            "mail_events_topic": TOPIC,
            **timing,
        }
        asyncio.run(migrate(self.database.url(self.name)))
        self._note_finished_run()
        self.instances = [self._add_instance(number) for number in range(instances)]
        self.start_missing()

    def _add_instance(self, number: int) -> Instance:
        proxy = self._proxies.open(self._stack, self.database.port)
        url = self.database.url(self.name, port=proxy.port)
        instance = Instance(
            self._folder / f"instance{number}", proxy, {**self.variables, "database_url": url}
        )
        self._stack.callback(instance.stop)
        return instance

    def _note_finished_run(self) -> None:
        """Let the evening be over, so that no run begins before a round does."""
        with self.engine.connect() as connection:
            connection.execute(
                text(
                    "INSERT INTO runs (source, kind, session, state, epoch, content, reason,"
                    " needs_hand, started_at, finished_at) VALUES ('rehearsal', 'digest', :session,"
                    " 'finished', 0, '{}', '', 0, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))"
                ),
                {"session": EVENING.date()},
            )

    def start_missing(self, **changed: str) -> None:
        """Start those instances that do not run, all at once, and return when they are ready."""
        missing = [each for each in self.instances if not each.is_running]
        with ThreadPoolExecutor(max(len(missing), 1)) as threads:
            for started in [threads.submit(each.start, **changed) for each in missing]:
                started.result()

    def subscribe(self, count: int) -> None:
        """Let there be exactly so many confirmed subscribers."""
        rows = [
            {
                "address": f"person{number}@example.org",
                "fingerprint": sha256(f"person{number}@example.org".encode()).hexdigest(),
            }
            for number in range(count)
        ]
        with self.engine.connect() as connection:
            connection.execute(
                text(
                    "INSERT INTO subscribers (address, address_key, fingerprint, state, paused,"
                    " symbols, origin, generation, created_at, confirmed_at, confirmations_sent,"
                    " version) VALUES (:address, :address, :fingerprint, 'confirmed', 0, '[]',"
                    " 'import', 0, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), 0, 1)"
                ),
                rows,
            )

    def begin_round(self, subscribers: int, **behaviour: Any) -> None:
        """Forget the last round, and let the digest be due again."""
        self.start_missing()
        self.begin_round_as_it_is(subscribers, **behaviour)

    def begin_round_as_it_is(self, subscribers: int, **behaviour: Any) -> None:
        """As `begin_round`, with those instances that are running."""
        for instance in self.instances:
            instance.proxy.delay = 0.0
        self.ses.behave(
            **{
                "script": [],
                "always": None,
                "shares": {},
                "rejected": [],
                "latency": 0.02,
                "events": ["Send", "Delivery"],
                "event_delay": 0.3,
                "copies": 1,
                "rate": RATE,
                **behaviour,
            }
        )
        with self.engine.connect() as connection:
            connection.execute(text("DELETE FROM subscribers"))
            connection.execute(text("DELETE FROM suppressions"))
        self.subscribe(subscribers)
        self.ledger_start = self.ses.accepted()
        with self.engine.begin() as connection:
            connection.execute(text("DELETE FROM mail_events"))
            connection.execute(text("DELETE FROM deliveries"))
            connection.execute(text("DELETE FROM runs WHERE kind = 'digest'"))

    def accepted(self) -> int:
        """Return how many mails of this round were accepted."""
        return self.ses.accepted() - self.ledger_start

    def leader(self) -> Instance:
        """Return the instance that leads, once one of those that run does."""
        found: list[Instance] = []

        def look() -> bool:
            found[:] = [each for each in self.instances if self._leads(each)]
            return bool(found)

        self.wait_for(look, 30.0, "a leader")
        return found[0]

    def wait_for_new_leader(self, old: Instance, seconds: float) -> float:
        """Wait until another than this one leads, and return how long that took."""
        others = [each for each in self.instances if each is not old]
        return self.wait_for(
            lambda: any(self._leads(each) for each in others), seconds, "another leader"
        )

    def logged(self, event: str) -> int:
        """Return how often the instances' present processes have logged that."""
        mark = f'"event": "{event}"'
        return sum(each.application.log.read_text().count(mark) for each in self.instances)

    def _leads(self, instance: Instance) -> bool:
        row = self.rows(
            "SELECT holder, seen_at > UTC_TIMESTAMP(6) - INTERVAL 4 SECOND AS alive FROM leadership"
        )
        if not row or not row[0]["alive"] or not instance.is_running:
            return False
        pid: str = row[0]["holder"].split(":")[1]
        return pid == str(instance.application.process.pid)

    def epoch(self) -> int:
        """Return the newest epoch."""
        epoch: int = self.rows("SELECT epoch FROM leadership")[0]["epoch"]
        return epoch

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Return what the database answers."""
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement)).mappings()]

    def run_state(self) -> str:
        """Return the state of the round's run, empty while there is none."""
        rows = self.rows("SELECT state FROM runs WHERE kind = 'digest'")
        return str(rows[0]["state"]) if rows else ""

    def wait_for(self, condition: Callable[[], bool], seconds: float, what: str) -> float:
        """Wait until the condition holds and return how long that took."""
        started = time.monotonic()
        while True:
            # While the database is away nothing is known, which is no answer.
            with suppress(DBAPIError):
                if condition():
                    return time.monotonic() - started
            if time.monotonic() - started > seconds:
                raise AssertionError(f"no {what} within {seconds:g} s\n{self.describe()}")
            time.sleep(0.02)

    def wait_for_accepted(self, count: int, seconds: float = 40.0) -> None:
        """Wait until so many mails of this round were accepted."""
        self.wait_for(lambda: self.accepted() >= count, seconds, f"{count} accepted mails")

    def oracle(self, *arguments: str) -> None:
        """Run the `oracle` command beside the instances, as a person would."""
        url = self.database.url(self.name)
        done = run_oracle(self._folder, *arguments, **{**self.variables, "database_url": url})
        assert done.returncode == 0, done.stderr

    def end_round(self, *, rate: float = RATE) -> Findings:
        """Wait until the run is finished and return what the invariants say."""
        self.wait_for(lambda: self.run_state() == "finished", self._longest, "finished run")
        with self.engine.connect() as connection:
            ledger = self.ses.read(self.ledger_start)["ledger"]
            return check(read_evidence(connection, ledger), rate=rate)

    def describe(self) -> str:
        """Return how things stand, for a failing test."""
        states = self.rows("SELECT state, count(*) AS n FROM deliveries GROUP BY state")
        runs = self.rows("SELECT state, epoch, reason FROM runs WHERE kind = 'digest'")
        logs = [
            "\n".join(each.application.log.read_text().splitlines()[-12:])
            for each in self.instances
        ]
        return "\n\n".join([str(states), str(runs), str(self.accepted()), *logs])


def _lend_credentials(stack: ExitStack) -> None:
    """Let the processes sign their requests with a made-up key, as the machine's owner would."""
    made_up = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "made-up")
    before = {name: os.environ.get(name) for name in made_up}
    os.environ.update(made_up)

    def restore() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    stack.callback(restore)


@contextmanager
def deployed(folder: Path, **options: Any) -> Iterator[Deployment]:
    """Yield a running deployment, and end all of it."""
    with ExitStack() as stack:
        yield Deployment(folder, stack, **options)
